"""The oracle: change each element of each discrete variable, and see what changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal, Var, jaxpr_as_fun

from aliquot.marginal.dependence import Dependence, Mixed, TermAnalysis, analyse
from aliquot.precision import float64
from tests.programs import quick

STATES = 3


def analysed(
    function: Callable[..., Any],
    discrete: Sequence[np.ndarray],
    data: Sequence[Any] = (),
    known: bool = True,
    whole: bool = True,
) -> TermAnalysis:
    """Analyse a function of discrete variables, followed by data."""
    with float64():
        closed = jax.make_jaxpr(function)(*discrete, *data)
    first = len(discrete)
    return analyse(
        closed,
        discrete={k: k for k in range(first)},
        known={first + k: lambda v=v: np.asarray(v) for k, v in enumerate(data)} if known else {},
        whole=range(len(closed.jaxpr.outvars)) if whole else (),
    )


def listed(dependence: Dependence, shape: tuple[int, ...], sizes: Sequence[int]) -> np.ndarray:
    """Return a table (*shape, all elements of all variables): whether each is listed."""
    table = np.zeros((*shape, sum(sizes)), bool)
    starts = np.cumsum([0, *sizes])
    if isinstance(dependence, Mixed):
        for variable in dependence.variables:
            table[..., starts[variable] : starts[variable + 1]] = True
        return table
    for variable, index in dependence:
        assert index.dtype == np.int64
        assert index.ndim == len(shape)
        assert all(n in (1, full) for n, full in zip(index.shape, shape, strict=True))
        assert index.max() < sizes[variable]
        assert index.max() >= 0, "a reference that lists nothing"
        place = np.broadcast_to(index, shape)
        flat, element = table.reshape(place.size, -1), place.reshape(-1)
        rows = np.flatnonzero(element >= 0)
        flat[rows, starts[variable] + element[rows]] = True
    return table


def influence(
    function: Callable[..., Any],
    discrete: Sequence[np.ndarray],
    data: Sequence[Any],
    bases: int = 12,
) -> list[np.ndarray]:
    """Return for each result the table of what was seen to change when an element was changed."""
    rng = np.random.default_rng(20)
    shapes = [np.shape(z) for z in discrete]
    total = sum(int(np.prod(shape)) for shape in shapes)
    runs = rng.integers(0, STATES, (bases, 1, 1, total)).repeat(total, 1).repeat(STATES, 2)
    for element in range(total):
        runs[:, element, :, element] = np.arange(STATES)

    def one(flat: Any) -> Any:
        values, start = [], 0
        for z, shape in zip(discrete, shapes, strict=True):
            stop = start + int(np.prod(shape))
            values.append(flat[start:stop].reshape(shape).astype(np.asarray(z).dtype))
            start = stop
        return jax.tree.leaves(function(*values, *data))

    with float64():
        results = quick(jax.vmap(one))(runs.reshape(-1, total))
    tables = []
    for result in results:
        array = np.asarray(result).reshape(runs.shape[:3] + result.shape[1:])
        first = array[:, :, :1]
        same = (array == first) | ((array != array) & (first != first))
        tables.append(np.moveaxis(~same.all((0, 2)), 0, -1))
    return tables


def evaluate(
    analysis: TermAnalysis, atoms: Sequence[Any], inputs: Sequence[Any]
) -> list[np.ndarray]:
    """Return the values of some atoms of an analysed program."""
    closed = analysis.program
    jaxpr = Jaxpr(
        closed.jaxpr.constvars,
        closed.jaxpr.invars,
        list(atoms),
        closed.jaxpr.eqns,
        set(),
        closed.jaxpr.debug_info,
    )
    with float64():
        return [np.asarray(v) for v in jaxpr_as_fun(ClosedJaxpr(jaxpr, closed.consts))(*inputs)]


def shape_of(atom: Any) -> tuple[int, ...]:
    """Return the shape of a variable or literal."""
    assert isinstance(atom, Var | Literal)
    return tuple(atom.aval.shape)
