"""What a model is but for its data, written down so that different models never read the same.

A model is gone over as it stands in memory: its variables in their order, what they are computed
from, with which functions, and what these hold. Known numbers are written by their value, data by
their shape and dtype. Functions that are made anew with each model, as a ``lambda`` is, are
written by their code and by all that it reads: defaults, what is enclosed, global names.

Whoever reads this adds to it with care. What is not known to say all about itself, as an object of
the user's own class, is not written at all, and neither is the model: it is compiled by itself.
"""

from __future__ import annotations

import dis
import enum
import hashlib
import struct
from collections.abc import Iterator
from functools import lru_cache, partial
from types import CellType, CodeType, EllipsisType, FunctionType, MethodType, ModuleType
from typing import Any

import jax
import numpy as np

from aliquot.compilation import surroundings
from aliquot.density.structure.trusted import is_of_library, stands_in_library
from aliquot.expression import Expression, expressions, order
from aliquot.model.variables import Data, FreeVariable
from aliquot.precision import float64

Key = tuple[Any, ...]

# What no density reads: how a variable is made anew; where an expression is checked again; between
# which numbers it lies, from what it was taken and how it reads, which matter where it is written.
_LEFT_OUT = frozenset(
    ("__weakref__", "__dict__", "check", "remake", "written", "rule", "taken_from", "text")
)
_VALUES = frozenset(("_value", "value"))
_TREES = type(jax.tree.structure(0))
_PLAIN = frozenset((bool, int, str, bytes, EllipsisType, CodeType))
_HELD = frozenset((dict, slice, range, np.ndarray, partial, MethodType, _TREES))
_NOTHING = object()


class NotWrittenError(Exception):
    """Something that may not say everything about itself."""


def written(model: Any) -> Key | None:
    """Give what tells a model from others, but for its data, or None where that is not known.

    Models of the same key have the same log density as a function of coordinates and data, as far
    as no value of the data decides about it. The key holds no data and no part of the model.

    >>> import aliquot as aq
    >>> def model(sd, y):
    ...     with aq.Model() as model:
    ...         x = aq.Normal("x", 0, sd)
    ...         aq.Normal("y", x, 1, observed=y)
    ...     return model
    >>> first, other_data, other_prior = model(1, [0.3]), model(1, [0.5]), model(2, [0.3])
    >>> written(first) == written(other_data), written(first) == written(other_prior)
    (True, False)
    """
    writer = KeyWriter(model)
    try:
        with float64():
            writer.model()
    except (NotWrittenError, RecursionError):
        return None
    return tuple(writer.parts)


def written_part(model: Any, *trees: Any) -> Key | None:
    """Give what tells parts of a model from others, but for data; start values are no data here.

    The parts are expressions and distributions, and what these are computed from.
    """
    writer = KeyWriter(model, starts=True)
    try:
        with float64():
            writer.parts += surroundings()
            writer.trees(*trees)
    except (NotWrittenError, RecursionError):
        return None
    return tuple(writer.parts)


class KeyWriter:
    """Writes the parts of a key; what was written before is named by its number."""

    def __init__(self, model: Any, *, starts: bool = False) -> None:
        self.parts: list[Any] = []
        self._model = model
        self._starts = starts
        self._numbers: dict[int, int] = {}
        self._held: list[Any] = []  # so that nothing else gets the id of what was written

    def model(self) -> None:
        """Write the whole model, and what else decides how it is traced."""
        self.parts += surroundings()
        self.parts.append(self._model.max_table)
        for name, variable in self._model.variables.items():
            self.parts.append(name)
            self.trees(
                *(getattr(variable, each, ()) for each in ("distribution", "transform")), variable
            )

    def trees(self, *trees: Any) -> None:
        """Write expressions and what holds such."""
        # Inputs first: what hangs together in a long chain is not gone down into.
        for node in order(expressions(trees)):
            self.value(node)
        for tree in trees:
            self.value(tree)

    def value(self, value: Any) -> None:
        """Write anything, or refuse."""
        kind = type(value)
        if value is None or kind in _PLAIN:
            self.parts += (kind, value)
        elif (number := self._numbers.get(id(value))) is not None:
            self.parts += ("as", number)
        elif kind in (float, complex):
            self._number(kind, value)
        elif kind in (tuple, list):
            self._note(value)
            self._items(kind, value)
        elif value is self._model:
            self.parts.append("model")
        elif isinstance(value, np.dtype):
            if value.hasobject:
                raise NotWrittenError
            self.parts += ("dtype", value.str)
        elif _may_stand_in_library(value, kind) and stands_in_library(value):
            self.parts += ("of a library", value)
        elif isinstance(value, ModuleType):
            if not is_of_library(value.__name__):
                raise NotWrittenError
            self.parts += ("module", value.__name__)
        elif isinstance(value, enum.Enum):
            self.value(kind)
            self.parts.append(value.name)
        else:
            self._note(value)
            self._compound(value, kind)

    def _note(self, value: Any) -> None:
        """Number what is written, to name it where it comes again."""
        self._numbers[id(value)] = len(self._numbers)
        self._held.append(value)

    def _number(self, kind: type, value: Any) -> None:
        numbers = (value.real, value.imag) if kind is complex else (value,)
        self.parts += (kind, *(struct.pack(">d", number) for number in numbers))

    def _compound(self, value: Any, kind: type) -> None:
        """Write what holds other things, once."""
        if isinstance(value, np.ndarray | np.generic | jax.Array):
            self._array(value)
        elif isinstance(value, Expression):
            self._expression(value)
        elif isinstance(value, tuple) and hasattr(kind, "_fields"):
            self.value(kind)
            self._items(tuple, value)
        elif kind is dict:
            self._items(kind, value.keys())
            self._items(kind, value.values())
        elif kind in (set, frozenset) and all(type(each) in (str, int) for each in value):
            self._items(kind, sorted(value, key=repr))
        elif kind in (slice, range):
            self._items(kind, (value.start, value.stop, value.step))
        elif kind is FunctionType:
            self._function(value)
        elif kind is MethodType:
            self._items(kind, (value.__func__, value.__self__))
        elif kind is partial:
            self._items(kind, (value.func, value.args, value.keywords))
        elif kind is _TREES:
            # Its own comparison may look at arrays that are not leaves.
            self._items(kind, (jax.tree.unflatten(value, range(value.num_leaves)),))
        elif _is_ours(kind):
            self._state(value, kind, _LEFT_OUT)
        else:
            raise NotWrittenError

    def _items(self, kind: type, items: Any) -> None:
        self.parts += (kind, len(items))
        for each in items:
            self.value(each)

    def _array(self, value: Any) -> None:
        array = np.asarray(value)
        if array.dtype.hasobject or (isinstance(value, jax.Array) and value.is_deleted()):
            raise NotWrittenError
        content = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        digest = hashlib.sha256(content).digest()
        weak = getattr(value, "weak_type", None)
        self.parts += (_kind_of(value), array.dtype.str, array.shape, weak, digest)

    def _expression(self, node: Expression) -> None:
        left_out = _LEFT_OUT
        if isinstance(node, Data):
            left_out = _LEFT_OUT | _VALUES
        elif isinstance(node, FreeVariable) and not (node.distribution.discrete or self._starts):
            # Where it starts is an argument.
            left_out = _LEFT_OUT | {"initval"}
            self.parts.append(node.initval is not None)
        self._state(node, type(node), left_out)

    def _state(self, value: Any, kind: type, left_out: frozenset[str]) -> None:
        """Write all attributes of an object of our own, in the order of their names."""
        state = {
            name: got
            for name in _slots(kind)
            if name not in left_out and (got := _held_in(value, name)) is not _NOTHING
        }
        own = getattr(value, "__dict__", None)
        if own:
            state |= {name: own[name] for name in sorted(own) if name not in left_out}
        self.parts += (kind, len(state))
        for name, held in state.items():
            self.parts.append(name)
            self.value(held)

    def _function(self, function: Any) -> None:
        self.parts += (FunctionType, function.__code__, len(function.__dict__))
        self.value(function.__defaults__)
        self.value(function.__kwdefaults__)
        for name, value in function.__dict__.items():
            self.parts.append(name)
            self.value(value)
        for cell in function.__closure__ or ():
            self._cell(cell)
        if is_of_library(function.__globals__.get("__name__")):
            return
        names = [n for n in _global_names(function.__code__) if n in function.__globals__]
        self.parts.append(len(names))
        for name in names:
            self.parts.append(name)
            self.value(function.__globals__[name])

    def _cell(self, cell: CellType) -> None:
        try:
            content = cell.cell_contents
        except ValueError:
            self.parts.append("empty")
            return
        self.parts.append("cell")
        self.value(content)


@lru_cache(maxsize=1024)
def _slots(kind: type) -> tuple[str, ...]:
    """List the slots of a class and of those that it inherits from."""
    names = {name for owner in kind.__mro__ for name in owner.__dict__.get("__slots__", ())}
    return tuple(sorted(names))


def _held_in(value: Any, name: str) -> Any:
    """Give what is in a slot, if it is filled."""
    try:
        return object.__getattribute__(value, name)
    except AttributeError:
        return _NOTHING


@lru_cache(maxsize=1024)
def _is_ours(kind: type) -> bool:
    return kind.__module__.partition(".")[0] == "aliquot" and stands_in_library(kind)


def _may_stand_in_library(value: Any, kind: type) -> bool:
    """Say whether something may have a place of its own: what a function has defined has none."""
    if kind is FunctionType:
        return value.__closure__ is None and "<" not in value.__qualname__
    return not (kind in _HELD or _is_ours(kind))


def _kind_of(array: Any) -> str:
    return next(
        name
        for name, kind in (("jax", jax.Array), ("scalar", np.generic), ("array", np.ndarray))
        if isinstance(array, kind)
    )


@lru_cache(maxsize=1024)
def _global_names(code: CodeType) -> tuple[str, ...]:
    """List the global names that a function's code, and what is defined within it, may read."""
    return tuple(dict.fromkeys(_names(code)))


def _names(code: CodeType) -> Iterator[str]:
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"):
            yield str(instruction.argval)
        elif instruction.opname in ("IMPORT_NAME", "STORE_GLOBAL", "DELETE_GLOBAL"):
            raise NotWrittenError
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
