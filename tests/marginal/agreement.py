"""Comparing a model's density, in which discrete variables are summed out, with the oracle."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np
from scipy import stats

import aliquot as aq
from aliquot.model.variables import MissingValues
from aliquot.precision import float64
from aliquot.results import build_tree
from tests.marginal.brute import Brute, Point
from tests.marginal.recursions import Large
from tests.programs import quick

RELATIVE = 1e-10


@contextmanager
def imputing() -> Iterator[None]:
    """Let models have missing values without a word."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", aq.ImputationWarning)
        yield


def points_of(brute: Brute, count: int = 2, seed: int = 0) -> np.ndarray:
    """Give points away from any symmetry, shape (count, size)."""
    return np.random.default_rng(seed).normal(0, 0.7, size=(count, brute.size))


def assert_close(found: Any, expected: Any, what: str = "", relative: float = RELATIVE) -> None:
    """Compare relative to the largest of the expected numbers, and to one."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape, (what, found.shape, expected.shape)
    assert not np.isnan(found).any(), f"{what}: NaN"
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(found[~finite], expected[~finite], err_msg=what)
    scale = max(1.0, float(np.abs(expected[finite]).max(initial=0.0)))
    np.testing.assert_allclose(
        found[finite], expected[finite], rtol=0, atol=relative * scale, err_msg=what
    )


def assert_value_agrees(model: aq.Model, brute: Brute, points: Sequence[Any]) -> None:
    """The log density is that of enumeration at each of the points: `assert_agrees` costs more."""
    density = model.density()
    assert density.size == brute.size
    assert np.isfinite(density.start).all()
    with float64():
        program = quick(density.log_density)
        for flat in points:
            expected = brute.at(flat, gradient=False)
            assert_close(program(flat, density.data), expected.log_density, "log density")


def assert_agrees(model: aq.Model, brute: Brute, points: Sequence[Any]) -> None:
    """Value and gradient of the density are those of enumeration, at each of the points."""
    density = model.density()
    assert density.size == brute.size
    assert np.isfinite(density.start).all()
    with float64():
        program = quick(jax.value_and_grad(density.log_density))
        for flat in points:
            expected = brute.at(flat)
            value, gradient = program(flat, density.data)
            assert_close(value, expected.log_density, "log density")
            if np.isfinite(expected.log_density):
                assert_close(gradient, expected.gradient, "gradient")
            else:  # there is none; what is given must not spoil what it is added to
                assert np.isfinite(gradient).all(), "gradient"


def assert_log_likelihood_agrees(model: aq.Model, brute: Brute, points: Sequence[Any]) -> None:
    """The pointwise log likelihood is that of one observation given all others."""
    density = model.density()
    with float64():
        program = quick(density.log_likelihood)
        for flat in points:
            point = brute.at(flat, gradient=False)
            if not np.isfinite(point.log_density):
                continue
            found = program(flat, density.data)
            for name, expected in point.log_likelihood().items():
                variable = model[name]
                if variable.missing is not None and variable.distribution.discrete:
                    continue  # labels of which some are known: no observations of their own
                assert_close(found[name], expected, name)


def fixed_trace(model: aq.Model, brute: Brute, points: Any, draws: int = 1) -> Any:
    """Make a trace that stays at each point for `draws` draws; one chain for each point."""
    values = [brute.constrained(flat) for flat in points]
    posterior = {
        name: np.stack([np.broadcast_to(v[name], (draws, *v[name].shape)) for v in values])
        for name in values[0]
    }
    dims = {name: model[name].dims for name in posterior if model[name].dims is not None}
    coords = {dim: model.coords[dim] for names in dims.values() for dim in names}
    return build_tree(posterior=posterior, dims=dims, coords=coords)


def possible(brute: Brute, points: Any) -> list[tuple[np.ndarray, Point]]:
    """Leave out the points at which every joint state is impossible."""
    found = [(flat, brute.at(flat, gradient=False)) for flat in points]
    return [(flat, point) for flat, point in found if np.isfinite(point.log_density)]


def entries(recovered: Any, model: aq.Model, leaf: Any, trailing: int = 0) -> np.ndarray:
    """Give what came back of a discrete variable, (chain, draw, *leaf.shape, ...).

    A variable of which some entries are observed comes back whole, under its own name; the leaf is
    its missing entries.

    Parameters
    ----------
    recovered : xarray.Dataset
    model : aq.Model
    leaf : FreeVariable or MissingValues
    trailing : int
        Number of axes after the variable's own.
    """
    variable = owner(model, leaf)
    array = np.asarray(recovered[variable.name])
    assert array.shape[2 : array.ndim - trailing] == variable.shape
    return array[(slice(None), slice(None), *leaf.index)] if variable is not leaf else array


def owner(model: aq.Model, leaf: Any) -> Any:
    """Give the variable that a leaf's values come back under."""
    if not isinstance(leaf, MissingValues):
        return leaf
    return next(variable for variable in model.observed if variable.latent is leaf)


def against_recursion(case: Large, count: int, seed: int) -> Iterator[tuple[str, Any, Any]]:
    """Give the log density and its gradient, by its name, ours and the recursion's, at points."""
    with imputing():
        density = case.build().density()
    assert density.size == case.size
    points = np.random.default_rng(seed).normal(0, 0.7, size=(count, case.size))
    with float64():
        found = quick(jax.value_and_grad(density.log_density))
        expected = quick(jax.value_and_grad(case.log_density))
        for flat in points:
            ours, theirs = found(flat, density.data), expected(flat)
            yield "log density", ours[0], theirs[0]
            yield "gradient", ours[1], theirs[1]


def fit_pvalue(counts: np.ndarray, law: np.ndarray, at_least: float = 10.0) -> float:
    """Pearson's test, with rare states taken together; 0 where an impossible one was drawn."""
    if counts[law == 0].sum():
        return 0.0
    expected = counts.sum() * law
    cells: list[list[float]] = [[0.0, 0.0]]
    for state in np.argsort(expected):
        if cells[-1][1] >= at_least:
            cells.append([0.0, 0.0])
        cells[-1][0] += counts[state]
        cells[-1][1] += expected[state]
    seen, wanted = np.array(cells).T
    if len(wanted) < 2:
        return 1.0
    return float(stats.chisquare(seen, wanted * seen.sum() / wanted.sum()).pvalue)
