"""A model as bytes, and back: to pickle it, for another process, and to copy it.

An expression holds functions that were made while it was written, which `pickle` does not take. Of
ours it is written down where their code stands in Aliquot, and what they hold; the user's own go to
whoever pickles the model, so that `cloudpickle` can do with them what it does.
"""

from __future__ import annotations

import io
import pickle
import sys
from functools import cache
from importlib import import_module
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MethodType
from typing import Any

from aliquot.errors import ModelError
from aliquot.expression import Expression
from aliquot.expression.evaluate import expressions, order

# Bytes, and the user's functions, each with the variable that it is of.
State = tuple[bytes, list[tuple[str, Any]]]
_PACKAGE = __name__.partition(".")[0]
_BY_NAME = (type, BuiltinFunctionType, MethodType)
# What takes functions that cannot be imported.
_BY_VALUE = ("cloudpickle", "dill")


def packed(model: Any) -> State:
    """Write down a model for `pickle`.

    Raises
    ------
    ModelError
        Where it holds a function that cannot be imported, unless cloudpickle is what asks.
    """
    state = _state(model)
    frame: Any = sys._getframe(1)
    while frame is not None:
        if any(name in frame.f_globals.get("__name__", "") for name in _BY_VALUE):
            return state
        frame = frame.f_back
    for variable, function in state[1]:
        if not _importable(function):
            raise ModelError(
                f"{variable}: pickle cannot write the function {function.__qualname__!r}, which is "
                "not at the top level of a module. Define it there, or use cloudpickle.dumps(...) "
                "in place of pickle.dumps(...)"
            )
    return state


def unpacked(model: Any, state: State) -> dict[str, Any]:
    """Read what was written down of a model as what another model holds."""
    content, functions = state
    reader = _ModelReader(io.BytesIO(content), model, [function for _, function in functions])
    for _ in range(reader.load()):
        reader.load()
    held: dict[str, Any] = reader.load()
    return held


def copied[M](model: M) -> M:
    """Give a model that has nothing in common with another but the user's functions."""
    new = object.__new__(type(model))
    vars(new).update(unpacked(new, _state(model)))
    return new


def _state(model: Any) -> State:
    # What is compiled is made anew.
    held = vars(model) | {"_density": None, "_symmetries": {}}
    file = io.BytesIO()
    writer = _ModelWriter(file, model)
    # Inputs first: what is deep would be beyond Python's recursion.
    parts = [(name, node) for name, v in held["variables"].items() for node in _parts(v)]
    writer.dump(len(parts))
    for name, node in parts:
        writer.variable = name
        writer.dump(node)
    writer.dump(held)
    return file.getvalue(), writer.functions


def _parts(variable: Any) -> list[Expression]:
    return order([*expressions(getattr(variable, "distribution", ())), variable])


class _ModelWriter(pickle.Pickler):
    def __init__(self, file: io.BytesIO, model: Any) -> None:
        super().__init__(file, protocol=5)
        self.model = model
        self.functions: list[tuple[str, Any]] = []
        self.variable = ""
        self._numbers: dict[int, int] = {}

    def persistent_id(self, obj: Any) -> Any:
        if obj is self.model:
            return -1
        if not isinstance(obj, FunctionType) or _is_library(obj):
            return None
        if id(obj) not in self._numbers:
            self._numbers[id(obj)] = len(self.functions)
            self.functions.append((self.variable, obj))
        return self._numbers[id(obj)]

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, Expression):  # by its slots; elsewhere it is its model's
            return object.__reduce_ex__(obj, 4)
        if isinstance(obj, _BY_NAME) or not callable(obj):
            return NotImplemented
        if _importable(obj):
            # What JAX has made of a function; of a function itself, pickle does the same.
            by_name = isinstance(obj, FunctionType)
            return NotImplemented if by_name else (_imported, (obj.__module__, obj.__qualname__))
        if not isinstance(obj, FunctionType):
            return NotImplemented
        code, module = obj.__code__, _module(obj)
        place = _codes(module).get(code.co_qualname, []).index(code)
        cells = [_content(cell) for cell in obj.__closure__ or ()]
        state = cells, obj.__defaults__, obj.__kwdefaults__, vars(obj)
        made = (module, code.co_qualname, place)
        return _function, made, state, None, None, _fill


class _ModelReader(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, model: Any, functions: list[Any]) -> None:
        super().__init__(file)
        self._model, self._functions = model, functions

    def persistent_load(self, number: Any) -> Any:
        return self._model if number < 0 else self._functions[number]


def _is_library(function: FunctionType) -> bool:
    """Say whether a function is Aliquot's own, or can be imported from JAX or NumPy."""
    root = _module(function).partition(".")[0]
    return root == _PACKAGE or (root in ("jax", "numpy") and _importable(function))


def _module(function: FunctionType) -> str:
    """Name the module that a function's code is in; it may pass itself off as another's."""
    return str(function.__globals__.get("__name__", ""))


def _importable(function: Any) -> bool:
    module, names = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(names, str):
        return False
    found: Any = sys.modules.get(module)
    for name in names.split("."):
        found = getattr(found, name, None)
    return found is function


def _imported(module: str, names: str) -> Any:
    found: Any = import_module(module)
    for name in names.split("."):
        found = getattr(found, name)
    return found


@cache
def _codes(module: str) -> dict[str, list[CodeType]]:
    """List the code of each function in a module's source, by its qualified name."""
    found: dict[str, list[CodeType]] = {}

    def look(code: CodeType) -> None:
        found.setdefault(code.co_qualname, []).append(code)
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                look(constant)

    spec: Any = sys.modules[module].__spec__
    look(spec.loader.get_code(module))
    return found


def _content(cell: CellType) -> tuple[Any, ...]:
    try:
        return (cell.cell_contents,)
    except ValueError:  # a name that was never given a value
        return ()


def _function(module: str, name: str, place: int) -> FunctionType:
    space = vars(import_module(module))
    codes = _codes(module).get(name, [])
    if place >= len(codes):
        raise ModelError(
            f"this model was pickled by another version of Aliquot, which had {module}.{name}: "
            "pickles are for one version. Write the model anew"
        )
    code = codes[place]
    cells = tuple(CellType() for _ in code.co_freevars)
    return FunctionType(code, space, code.co_name, None, cells)


def _fill(function: FunctionType, state: Any) -> None:
    cells, function.__defaults__, function.__kwdefaults__, attributes = state
    vars(function).update(attributes)
    for cell, content in zip(function.__closure__ or (), cells, strict=True):
        if content:
            (cell.cell_contents,) = content
