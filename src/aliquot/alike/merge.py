"""A program that computes once what is alike, in place of one that does so for each element."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from aliquot.alike.emit import Emitter
from aliquot.alike.follow import followed, of_known, whole
from aliquot.alike.nodes import (
    Elementwise,
    Joined,
    KnownNumbers,
    Node,
    NumbersAt,
    ResultOf,
    Whole,
    distinct,
)
from aliquot.alike.rules_sums import LEAST, worthwhile
from aliquot.alike.sufficient import SumOfRows, Sums
from aliquot.precision import float64
from aliquot.primitives import Walk, inline, name_of, with_derivative
from aliquot.primitives.internals import (
    ClosedJaxpr,
    bind,
    every_equation,
    is_literal,
    shape_of,
    size_of,
    struct,
    variables,
)

# Larger arrays are not gone over, nor those much larger than any that is known, such as the tables
# of a network: places of all their elements would take more memory than they do.
LARGEST = 50_000_000
LARGE = 1_000_000
TIMES_KNOWN = 64
# So many distinct rows are as good as sums of them.
FEW = 64
LOOPS = {"scan", "while"}
# What a loop reads is spread by a gather, whose derivative adds up. That pays where each number is
# read so often, or so often if a function is taken of it that takes longer than to read it.
READ = 16
READ_IF_DEAR = 4
DEAR = {"exp", "expm1", "log", "log1p", "lgamma", "digamma", "pow", "erf", "erf_inv", "logistic"}
DEAR |= {"tanh", "sin", "cos"}
# Of how much data rows are left apart.
_most_apart: ContextVar[int] = ContextVar("aliquot_most_apart", default=0)


def merged(
    program: ClosedJaxpr, known: Mapping[int, NDArray[Any]], *, everywhere: bool = False
) -> ClosedJaxpr | None:
    """Give a program that computes the same, each distinct number once; None where that is no gain.

    `known` has the values of some inputs, by position. The result takes the same inputs, and has
    what it needs of the known ones among its constants: with other values it is another program.
    With `everywhere`, alike elements are computed once even where they are spread again afterwards,
    and not summed: good where no derivative is wanted.

    >>> import jax
    >>> import jax.numpy as jnp
    >>> def total(rate, counts):
    ...     return jnp.sum(counts * jnp.log(rate) - rate)
    >>> counts = np.arange(1000) % 5
    >>> with float64():
    ...     program = jax.make_jaxpr(total)(2.0, counts)
    ...     shorter = merged(program, {1: counts})
    >>> max(np.size(constant) for constant in shorter.consts)
    5
    """
    with float64():
        return _merged(inline(program), known, everywhere)


def repeats(values: Iterable[NDArray[Any]]) -> bool:
    """Say whether any of some arrays holds few distinct numbers, for their length.

    >>> repeats([np.arange(100.0)]), repeats([np.arange(100.0) % 7])
    (False, True)
    """
    arrays = list(values)
    return not _apart(arrays) and any(map(worthwhile, map(of_known, arrays)))


@contextmanager
def rows_apart(most: int) -> Iterator[None]:
    """Compute every row by itself in the block, of data of up to so many numbers.

    For many data sets: each repeats its rows in a way of its own, and would need its own program.
    """
    token = _most_apart.set(most)
    try:
        yield
    finally:
        _most_apart.reset(token)


def _apart(arrays: Iterable[NDArray[Any]]) -> bool:
    most = _most_apart.get()
    return most > 0 and sum(array.size for array in arrays) <= most


def _merged(
    flat: ClosedJaxpr, known: Mapping[int, NDArray[Any]], everywhere: bool
) -> ClosedJaxpr | None:
    if not _is_of_a_size(flat, known) or _apart(known.values()):
        return None
    inputs = [
        of_known(known[place]) if place in known else whole(var)
        for place, var in enumerate(flat.jaxpr.invars)
    ]
    views = followed(flat, inputs)
    chosen = _chosen(flat, views, everywhere)
    needed = _needed(flat.jaxpr, chosen)
    if needed.isdisjoint(chosen):
        return None

    def compute(*values: Any) -> list[Any]:
        env = dict(zip(flat.jaxpr.constvars, flat.consts, strict=True))
        env |= dict(zip(flat.jaxpr.invars, values, strict=True))

        def read(atom: Any) -> Any:
            return np.asarray(atom.val, atom.aval.dtype) if is_literal(atom) else env[atom]

        emitter = Emitter(read)
        for equation in flat.jaxpr.eqns:
            if needed.isdisjoint(equation.outvars):
                continue
            if all(var in chosen for var in equation.outvars):
                wanted = needed.intersection(equation.outvars)
                env |= {var: chosen[var].compute(emitter) for var in wanted}
            else:
                results = bind(equation, list(map(read, equation.invars)))
                env |= dict(zip(equation.outvars, results, strict=True))
        return [read(atom) for atom in flat.jaxpr.outvars]

    return jax.make_jaxpr(compute)(*map(struct, flat.jaxpr.invars))


@dataclass(frozen=True)
class _Choice:
    """A variable that is not computed as it is written, but from nodes."""

    nodes: tuple[Node, ...]
    compute: Callable[[Emitter], Any]


def _chosen(flat: ClosedJaxpr, views: Walk, everywhere: bool) -> dict[Any, _Choice]:
    """List the sums of which a few sums of the data are enough, and what has merged elements."""
    result: dict[Any, _Choice] = {}
    for equation in flat.jaxpr.eqns:
        for var in equation.outvars:
            view = views[var]
            if view.merged or (everywhere and _is_shorter(equation, var, views)):
                result[var] = _of_view(view)
    return (
        result
        | _before_loops(flat, views)
        | {var: _Choice(total.nodes, total.compute) for var, total in _sums(flat, views).items()}
    )


def _is_of_a_size(flat: ClosedJaxpr, known: Mapping[int, NDArray[Any]]) -> bool:
    """Say whether there is anything to gain, and not too much to go over."""
    widest = max((size_of(var) for e in flat.jaxpr.eqns for var in e.outvars), default=0)
    data = max((np.size(array) for array in (*known.values(), *flat.consts)), default=0)
    return LEAST <= widest <= min(max(LARGE, TIMES_KNOWN * data), LARGEST)


def sums_over_rows(program: ClosedJaxpr, views: Walk) -> dict[Any, int]:
    """Give the sums of which a few sums of the data are enough, with the number of classes."""
    return {var: total.classes for var, total in _sums(program, views).items()}


def _sums(flat: ClosedJaxpr, views: Walk) -> dict[Any, SumOfRows]:
    """Find the sums over rows, of which many are distinct, that need a few sums of the data."""
    wanted: dict[int, list[Any]] = {}
    for equation in flat.jaxpr.eqns:
        if name_of(equation) == "reduce_sum" and distinct(views[equation.invars[0]]) > FEW:
            shape = shape_of(equation.invars[0])
            for rows in {shape[axis] for axis in equation.params["axes"]}:
                wanted.setdefault(rows, []).append(equation)
    result: dict[Any, SumOfRows] = {}
    for rows, equations in wanted.items():
        if rows < LEAST:
            continue
        sums = Sums(rows, views.__getitem__)
        needed = set(variables(equation.invars[0] for equation in equations))
        way = []
        for equation in reversed(flat.jaxpr.eqns):
            if not needed.isdisjoint(equation.outvars):
                way.append(equation)
                needed.update(variables(equation.invars))
        for equation in reversed(way):
            sums.follow(equation)
        for equation in equations:
            total = sums.of(equation)
            if total is not None:
                result[equation.outvars[0]] = total
    return result


def _is_shorter(equation: Any, var: Any, views: Walk) -> bool:
    """Say whether a value that is needed whole is read from a node that is shorter."""
    node = views[var].node
    if isinstance(node, Whole) and node.var is var:
        return False
    return worthwhile(views[var]) or any(worthwhile(views[atom]) for atom in equation.invars)


def _before_loops(flat: ClosedJaxpr, views: Walk) -> dict[Any, _Choice]:
    """List what loops read that has repeated elements, and what else its nodes give.

    A loop needs its operands whole, as arrays in memory, so that they are written there in any
    case. Operands of other operations are computed where they are used, which is faster for each
    element than to read it. But where the nodes are there, nothing is computed as it is written.
    """
    loops = [equation for equation in flat.jaxpr.eqns if _loops(equation)]
    read = [views[var] for equation in loops for var in variables(equation.invars)]
    made = _below([view.node for view in read if _is_computed(view)])
    if not made:
        return {}
    results = (var for equation in flat.jaxpr.eqns for var in equation.outvars)
    return {
        var: _of_view(views[var])
        for var in results
        if views[var].node in made and not isinstance(views[var].node, Whole | KnownNumbers)
    }


def _loops(equation: Any) -> bool:
    """Say whether an equation runs a loop, itself or in a function with its own derivative."""
    if name_of(equation) in LOOPS:
        return True
    program = with_derivative(equation)
    return program is not None and any(name_of(each) in LOOPS for each in every_equation(program))


def _is_computed(view: NumbersAt) -> bool:
    """Say whether numbers are made, and not only read, which are few for their readers."""
    made = view.node.parts if isinstance(view.node, Joined) else (view.node,)
    only_read = all(isinstance(part, Whole | KnownNumbers) for part in made)
    return not only_read and few_for_a_loop(view)


def few_for_a_loop(view: NumbersAt) -> bool:
    """Say whether it pays to compute what is distinct, and to spread it for a loop."""
    if not worthwhile(view):
        return False
    count = distinct(view)
    dear = any(_is_dear(node) for node in _below([view.node]) if READ * node.size >= count)
    return (READ_IF_DEAR if dear else READ) * count <= view.at.size


def _is_dear(node: Node) -> bool:
    """Say whether a node is a function of numbers that is more than a few sums and products."""
    return isinstance(node, ResultOf) or (
        isinstance(node, Elementwise) and name_of(node.equation) in DEAR
    )


def _of_view(view: NumbersAt) -> _Choice:
    return _Choice((view.node,), lambda emitter: emitter.spread(view.node, view.at))


def _needed(jaxpr: Any, chosen: Mapping[Any, _Choice]) -> set[Any]:
    """Collect what has to be computed at full length, and what is chosen, on the way to outputs."""
    needed = set(variables(jaxpr.outvars))
    for equation in reversed(jaxpr.eqns):
        if not needed.isdisjoint(equation.outvars) or equation.effects:
            if all(var in chosen for var in equation.outvars):
                for var in needed.intersection(equation.outvars):
                    below = _below(chosen[var].nodes)
                    needed |= {node.var for node in below if isinstance(node, Whole)}
            else:
                needed |= set(variables(equation.invars))
    return needed


def _below(nodes: Sequence[Node]) -> set[Node]:
    """Collect nodes with all that they are computed from."""
    waiting, seen = list(nodes), set(nodes)
    while waiting:
        new = set(waiting.pop().operands) - seen
        seen |= new
        waiting += new
    return seen
