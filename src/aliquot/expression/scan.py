"""Recursions over model expressions: a step that is computed once for each row, in a loop of JAX's.

The step is called once, with expressions that stand for the carry and a row. What it computes of
them is the body of the loop; what it uses besides, such as variables of the model, is computed
outside of it, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.errors import AliquotError, DTypeError, ModelError, ShapeError
from aliquot.expression.apply import apply, as_arrays
from aliquot.expression.evaluate import Evaluation, leaves, order
from aliquot.expression.node import Expression, Leaf, constant
from aliquot.expression.text import shorten
from aliquot.precision import float64

_STEP: ContextVar[str | None] = ContextVar("aliquot_step", default=None)


def refuse_in_step(name: Any) -> None:
    """Refuse a variable that is written while a step is called."""
    if (loop := _STEP.get()) is not None:
        raise ModelError(
            f"{name}: a variable cannot be written inside a step, which is computed once for each "
            "row: write it before, with an element for each step, and go through it with xs= of "
            f"aq.{loop}; record what a step computes by returning it"
        )


def refuse_step_value(name: str, leaf: Leaf) -> None:
    """Refuse what stands for the carry or a row, used outside of its step."""
    if isinstance(leaf, StepValue):
        raise ModelError(
            f"{name}: it uses {leaf.name!r} of a step of aq.scan, which has a value within that "
            "step alone: let the step return what is used outside"
        )


class StepValue(Leaf):
    """What stands for the carry, or for a row, while a step is called."""

    __slots__ = ("_known_rows",)

    def __init__(self, name: str, like: Expression, reads: _Reads, *, row: bool = False) -> None:
        shape = tuple(like.shape)[1:] if row else tuple(like.shape)
        super().__init__(name, shape, like.dtype, owner=reads)
        # The rows of an array that stays as it is lie between bounds that stay.
        self._known_rows = like.bounds if row and not leaves(like) else None

    @property
    def state_bounds(self) -> Any:
        """The smallest and the largest integer that it can be, where they are known."""
        return self._known_rows if self.dtype.kind in "iu" else None


class _Reads:
    """Which lengths a step reads: they are numbers in it from then on."""

    def __init__(self) -> None:
        self.where: str | None = None

    def note_read(self, read: Any) -> None:
        """Note that a length was read."""
        self.where = self.where or read.where


def scan(
    step: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    *,
    length: int | None = None,
    reverse: bool = False,
) -> tuple[Any, Any]:
    """Carry a value through a sequence: filters, recursions of variances, smoothed means.

    Parameters
    ----------
    step : callable
        ``step(carry, x) -> (carry, y)``. It is called once, with expressions, and is written like
        the rest of a model: with operators, NumPy's functions or `aq.math`, and any variables of
        the model. A function of `jax.numpy` goes in as ``aq.lift(step)``, with what it needs of
        the model in the carry or in `xs`.
    init : array, Expression, or a tuple, list or dict of them
        The first carry. What `step` returns has to have the same structure, shapes and dtypes.
    xs : array, Expression, or a tuple, list or dict of them, optional
        What is gone through along the first axis, whose length is the same for all. Without it
        `step` gets ``None`` for x, and `length` says how many steps there are.
    length : int, optional
        Number of steps.
    reverse : bool
        Go from the last row to the first; ``ys`` stay in the rows' order.

    Returns
    -------
    carry : like `init`
        After the last step.
    ys : like what `step` returns as its second
        With the steps as the first axis.

    Raises
    ------
    ShapeError
        For sequences of different lengths, none at all, and a carry that changes its structure or
        shape.
    DTypeError
        For a carry that changes its dtype: begin with ``0.0`` where it is a float afterwards.
    ModelError
        For a step that does not return a pair; for variables that are written inside it.

    Notes
    -----
    In the form of `jax.lax.scan`, which runs it. Whatever depends on a discrete variable through a
    loop is taken to depend on all of its elements: summing them out is exact, but limited to few
    joint states. Where a hidden state follows the one before, write `aq.MarkovChain`.

    Examples
    --------
    >>> import numpy as np
    >>> import aliquot as aq
    >>> returns = np.array([0.1, -0.3, 0.2, 0.4])
    >>> with aq.Model():
    ...     omega, alpha, beta = (aq.Beta(name, 2, 2) for name in ("omega", "alpha", "beta"))
    ...     def garch(variance, r):
    ...         return omega + alpha * r**2 + beta * variance, variance
    ...     _, variances = aq.scan(garch, 0.1, returns)
    ...     r = aq.Normal("r", 0, np.sqrt(variances), observed=returns)
    >>> variances.shape
    (4,)
    """
    if isinstance(step, Expression) or not callable(step):
        raise ModelError(f"aq.scan: step must be a function (carry, x) -> (carry, y); got {step!r}")
    name = f"scan({getattr(step, '__name__', 'step').replace('<lambda>', 'step')})"
    first, carry_tree = _flat("init", init)
    rows, row_tree = _flat("xs", xs)
    count = _length(rows, row_tree, length)
    reads = _Reads()
    carry = [StepValue(_called("carry", carry_tree, i), x, reads) for i, x in enumerate(first)]
    row = [StepValue(_called("x", row_tree, i), x, reads, row=True) for i, x in enumerate(rows)]
    pair: Any
    with _writing(name):
        pair = step(jax.tree.unflatten(carry_tree, carry), jax.tree.unflatten(row_tree, row))
    if not isinstance(pair, tuple) or len(pair) != 2:
        got = "nothing (None)" if pair is None else f"{pair!r:.60}"
        raise ModelError(
            f"aq.{name}: a step must return a pair, the next carry and what is kept of this step "
            f"(None for nothing); it returns {got}"
        )
    after = _same_carry(name, first, carry_tree, pair[0])
    kept, kept_tree = _flat(f"{name}: what the step returns", pair[1])
    body = _Body([*carry, *row], [*after, *kept])

    def run(first: Any, rows: Any, outer: Any, mark: bool = False) -> Any:
        def one(carry: Any, row: Any) -> Any:
            values = body(mark, [*carry, *row], outer)
            after = [jnp.asarray(v, c.dtype) for v, c in zip(values, carry, strict=False)]
            return after, values[len(carry) :]

        first = [jnp.asarray(value, like.dtype) for value, like in zip(first, carry, strict=True)]
        return jax.lax.scan(one, first, rows, None if rows else count, reverse)

    def check(first: Any, rows: Any, outer: Any) -> None:
        shapes = [*(tuple(x.shape) for x in first), *(tuple(x.shape)[1:] for x in rows)]
        was = [tuple(value.shape) for value in (*carry, *row)]
        if reads.where is not None and shapes != was:
            raise ShapeError(
                f"with the new data, what {name} goes through has other shapes, and lengths were "
                f"read inside its step ({reads.where}): write the model anew with these data"
            )

    marked = partial(run, mark=True) if body.may_be_nan else None
    results = apply(run, first, rows, body.outer, text=name, check=check, marked=marked)
    last, ys = results
    for at, (tree, some) in enumerate(zip((carry_tree, kept_tree), results, strict=True)):
        for i, each in enumerate(some):
            each.text = shorten(_called(f"{name}[{at}]", tree, i))
    if not leaves([*first, *rows, *body.outer]):  # all of it is known
        with float64():
            last, ys = jax.tree.map(np.asarray, Evaluation()([last, ys]))
    return jax.tree.unflatten(carry_tree, last), jax.tree.unflatten(kept_tree, ys)


class _Body:
    """What a step computes of the carry and a row, and what it takes from outside."""

    def __init__(self, given: Sequence[StepValue], outputs: Sequence[Expression]) -> None:
        within = {id(value) for value in given}
        self._given = given
        self._outputs = outputs
        self._inner: list[Expression] = []
        outer: dict[int, Expression] = {}
        for node in order(outputs, within):
            if any(id(up) in within for up in node.inputs):
                within.add(id(node))
                self._inner.append(node)
                outer |= {id(up): up for up in node.inputs if id(up) not in within}
        outer |= {id(node): node for node in outputs if id(node) not in within}
        self.outer = list(outer.values())
        self.may_be_nan = any(node.safe is not None for node in self._inner)

    def __call__(self, mark: bool, given: Sequence[Any], outer: Sequence[Any]) -> list[Any]:
        """Compute the outputs; with `mark`, NaN where an index is out of range."""
        known = {id(node): x for node, x in zip(self._given, given, strict=True)}
        known |= {id(node): x for node, x in zip(self.outer, outer, strict=True)}
        for node in self._inner:
            function: Any = node.function if mark or node.safe is None else node.safe
            known[id(node)] = function(*(known[id(up)] for up in node.inputs))
        return [jnp.asarray(known[id(node)], node.dtype) for node in self._outputs]


@contextmanager
def _writing(name: str) -> Iterator[None]:
    """Say of errors in a step which one it is."""
    token = _STEP.set(name)
    try:
        yield
    except AliquotError as error:
        raise type(error)(f"aq.{name}, in its step: {error}") from error
    finally:
        _STEP.reset(token)


def _flat(what: str, tree: Any) -> tuple[list[Expression], Any]:
    """Read a tree of arrays and expressions as expressions."""
    found, structure = jax.tree.flatten(as_arrays(tree), is_leaf=_is_node)
    read = []
    for leaf in found:
        if isinstance(leaf, str | bytes) or (callable(leaf) and not hasattr(leaf, "__array__")):
            raise DTypeError(f"aq.scan: {what} must hold numbers; got {leaf!r:.60}")
        read.append(constant(leaf))
    return read, structure


def _is_node(leaf: Any) -> bool:
    return isinstance(leaf, Expression)


def _called(name: str, tree: Any, number: int) -> str:
    """Name one of several arrays of a carry or a row, as it is written: ``carry[0]``."""
    numbered = jax.tree.unflatten(tree, range(tree.num_leaves))
    path = jax.tree_util.tree_flatten_with_path(numbered)[0][number][0]
    return name + jax.tree_util.keystr(path)


def _length(rows: Sequence[Expression], tree: Any, length: Any) -> int:
    """Give the number of steps, on which all sequences have to agree."""
    if length is not None and (
        isinstance(length, bool) or not isinstance(length, int | np.integer) or length < 1
    ):
        raise ShapeError(f"aq.scan: length must be a whole number of at least 1; got {length!r}")
    if not rows:
        if length is None:
            raise ShapeError("aq.scan: give xs=, to go through, or length=, the number of steps")
        return int(length)
    said = {_called("xs", tree, i): tuple(x.shape) for i, x in enumerate(rows)}
    for name, shape in said.items():
        if not shape:
            raise ShapeError(f"aq.scan: {name} is one number, and has no rows to go through")
    lengths = {name: shape[0] for name, shape in said.items()}
    if length is not None:
        lengths["length"] = int(length)
    if len(set(lengths.values())) > 1:
        each = ", ".join(f"{name} {number}" for name, number in lengths.items())
        raise ShapeError(f"aq.scan: the number of steps is not the same everywhere: {each}")
    return next(iter(lengths.values()))


def _same_carry(name: str, first: Sequence[Expression], tree: Any, after: Any) -> list[Expression]:
    """Read the carry that a step returns, which has to be like the one that it was given."""
    found, now = _flat(f"{name}: the carry", after)
    if now != tree:
        raise ShapeError(
            f"aq.{name}: the carry has the structure {_written(tree)} at first, and the step "
            f"returns {_written(now)}: both have to be the same"
        )
    numbers = jax.tree.leaves(as_arrays(after), is_leaf=_is_node)
    for i, (was, new) in enumerate(zip(first, found, strict=True)):
        which = _called("carry", tree, i)
        if tuple(was.shape) != tuple(new.shape):
            raise ShapeError(
                f"aq.{name}: {which} has shape {tuple(was.shape)} in init, and the step returns "
                f"{new.text} of shape {tuple(new.shape)}: both have to be the same. Begin with an "
                f"array of the shape that it has later, such as np.zeros({tuple(new.shape)})"
            )
        plain = isinstance(numbers[i], bool | int | float)
        if was.dtype == new.dtype or (plain and was.dtype.kind == "f"):
            continue
        mend = (
            "begin with a float, such as 0.0"
            if new.dtype.kind == "f"
            else f"convert it, {new.text}.astype({was.dtype})"
        )
        raise DTypeError(
            f"aq.{name}: {which} is of dtype {was.dtype} in init, and the step returns "
            f"{new.text} of dtype {new.dtype}: both have to be the same; {mend}"
        )
    return found


def _written(tree: Any) -> str:
    return str(tree).removeprefix("PyTreeDef(").removesuffix(")")
