"""Gradients in the value and in each real parameter, against finite differences."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from aliquot.distributions.kumaraswamy import Kumaraswamy
from aliquot.distributions.skewed import ExGaussian
from tests.distributions.case import Case
from tests.distributions.table import cases_with, evaluate, repeated

# Central differences of sixth order: with a step of 1e-3 of the coordinate's size s, truncation is
# about 1e-18 f'(7) s^6 and rounding about 1e-16 |f| / 1e-3 s = 1e-13 |f| / s. A gradient that is
# wrong in any one term is off by far more than a millionth.
STEP = 1e-3
OFFSETS = np.array([-3, -2, -1, 1, 2, 3])
WEIGHTS = np.array([-1, 9, -45, 45, -9, 1]) / 60
TOLERANCE = 1e-6


def _room(case: Case, x: np.ndarray) -> float:
    """Give the distance from a point to the nearest known end of a univariate support."""
    if np.ndim(x) > 0:
        return np.inf
    ends = np.array([*case.edges, *case.outside], float)
    return float(np.min(np.abs(ends[np.isfinite(ends)] - x), initial=np.inf))


def _shifted(
    x: np.ndarray, index: tuple[int, ...], room: float = np.inf
) -> tuple[np.ndarray, float]:
    """Give copies of an array with one element moved by each offset, and the step."""
    step = STEP * min(room, float(abs(x[index])) or 1.0)
    copies = np.repeat(x[None], len(OFFSETS), 0)
    copies[(slice(None), *index)] += OFFSETS * step
    return copies, step


def _disagreements(numeric: Any, exact: Any, log_prob: Any, step: Any) -> float:
    rounding = 1e-15 / TOLERANCE * (1.0 + abs(log_prob)) / step
    scale = max(1.0, abs(exact), rounding)
    return abs(numeric - exact) / scale


@pytest.mark.parametrize(
    ("distribution", "x", "slopes"),
    [
        # Where one part is as good as none: the slopes of the other, and by that part's width.
        (ExGaussian(0.5, 2.0, 1e-300), 1.5, {"mu": 0.25, "sigma": -0.375, "nu": 0.25}),
        (ExGaussian(0.5, 1e-300, 2.0), 1.5, {"mu": 0.5, "sigma": 0.0, "nu": -0.25}),
        # Next to 1 the density is a b (a (1 - x))**(b - 1).
        (Kumaraswamy(1e-3, 0.5), 1 - 2**-53, {"a": 500.0, "b": 2 + np.log(1e-3 * 2**-53)}),
    ],
    ids=repr,
)
def test_gradient_where_a_part_is_as_good_as_none(distribution, x, slopes) -> None:
    found = evaluate(repeated(distribution, 1), np.array([x])).in_parameters.parameters
    for name, slope in slopes.items():
        np.testing.assert_allclose(found[name][0], slope, rtol=1e-11, atol=1e-290)


def _real(leaf: Any) -> bool:
    return np.asarray(leaf).dtype.kind == "f"


@cases_with(lambda case: case.differentiable)
def test_gradient_in_the_value(case: Case) -> None:
    points = np.asarray(case.points, float)
    distribution = case.build()
    exact = evaluate(repeated(distribution, len(points)), points)
    moved, where = [], []
    for row, x in enumerate(points):
        for index in np.ndindex(x.shape):
            copies, step = _shifted(np.asarray(x), index, _room(case, x))
            moved.append(copies)
            where.append((row, index, step))
    rows = np.concatenate(moved)
    values = evaluate(repeated(distribution, len(rows)), rows).log_prob
    totals = values.reshape(len(where), len(OFFSETS), -1).sum(-1)
    for (row, index, step), stencil in zip(where, totals, strict=True):
        numeric = float(WEIGHTS @ stencil) / step
        found = float(exact.in_value[(row, *index)])
        size = float(np.sum(exact.log_prob[row]))
        assert _disagreements(numeric, found, size, step) < TOLERANCE, (points[row], index)


@cases_with(lambda case: any(_real(leaf) for leaf in jax.tree.leaves(case.build())))
def test_gradient_in_each_parameter(case: Case) -> None:
    distribution = case.build()
    points = np.asarray(case.points)[:4].astype(distribution.dtype)
    exact = evaluate(repeated(distribution, len(points)), points)
    leaves, structure = jax.tree.flatten(distribution)
    leaves = [np.asarray(leaf) for leaf in leaves]
    slopes = jax.tree.leaves(exact.in_parameters, is_leaf=lambda leaf: leaf is None)
    places = [
        (i, index)
        for i, leaf in enumerate(leaves)
        if _real(leaf)
        for index in list(np.ndindex(leaf.shape))[:6]
    ]
    stacks: list[list[np.ndarray]] = [[] for _ in leaves]
    rows, steps = [], []
    for i, index in places:
        copies, step = _shifted(leaves[i], index)
        steps.append(step)
        for x in points:
            rows.append(np.repeat(x[None], len(OFFSETS), 0))
            for j, leaf in enumerate(leaves):
                stacks[j].append(copies if j == i else np.repeat(leaf[None], len(OFFSETS), 0))
    moved = jax.tree.unflatten(structure, [np.concatenate(stack) for stack in stacks])
    values = evaluate(moved, np.concatenate(rows)).log_prob
    totals = values.reshape(len(places), len(points), len(OFFSETS), -1).sum(-1)
    for (i, index), step, stencils in zip(places, steps, totals, strict=True):
        for row, stencil in enumerate(stencils):
            if not np.isfinite(stencil).all():
                continue  # a parameter on the edge of its range has no two-sided difference
            numeric = float(WEIGHTS @ stencil) / step
            found = float(slopes[i][(row, *index)])
            size = float(np.sum(exact.log_prob[row]))
            assert _disagreements(numeric, found, size, step) < TOLERANCE, (i, index, points[row])
