"""All rows of the table, from every file of cases, and what all tests compute of a row, once."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from aliquot.precision import float64
from tests.distributions.case import Case

FILES = sorted(path.stem for path in Path(__file__).parent.glob("cases*.py"))
CASES: list[Case] = [
    case for name in FILES for case in importlib.import_module(f"tests.distributions.{name}").CASES
]
every_case = pytest.mark.parametrize("case", CASES, ids=str)


def cases_with(condition: Any) -> pytest.MarkDecorator:
    """Run a test over the rows for which `condition` holds."""
    return pytest.mark.parametrize("case", [case for case in CASES if condition(case)], ids=str)


@dataclass(frozen=True)
class Evaluated:
    """Log density and its gradients at many points: leaves have a leading axis of points."""

    log_prob: np.ndarray
    in_value: np.ndarray | None
    in_parameters: Any


@jax.jit
def _in_both(distributions: Any, points: Any) -> Any:
    def total(distribution: Any, x: Any) -> Any:
        log_prob = distribution.checked_log_prob(x)
        return log_prob.sum(), log_prob

    one = jax.value_and_grad(total, argnums=(0, 1), has_aux=True, allow_int=True)
    (_, log_prob), gradients = jax.vmap(one)(distributions, points)
    return log_prob, gradients


def evaluate(distributions: Any, points: np.ndarray) -> Evaluated:
    """Compute log densities and gradients, one distribution and one point a row.

    Rows are filled up to a multiple of 64, so that families of one structure share a compilation.
    """
    rows = len(points)
    fill = -rows % 64
    pad = lambda leaf: np.concatenate([leaf, np.repeat(leaf[:1], fill, 0)])  # noqa: E731
    with float64():
        log_prob, (in_parameters, in_value) = jax.tree.map(
            lambda leaf: np.asarray(leaf)[:rows] if leaf.dtype != jax.dtypes.float0 else None,
            _in_both(jax.tree.map(pad, distributions), pad(np.asarray(points))),
        )
    return Evaluated(log_prob, in_value, in_parameters)


def repeated(distribution: Any, rows: int) -> Any:
    """Give one copy of a distribution's parameters for each row."""
    return jax.tree.map(lambda leaf: np.repeat(np.asarray(leaf)[None], rows, 0), distribution)


def inside(case: Case) -> np.ndarray:
    """Give the points and edges of a row."""
    parts = [np.asarray(part) for part in (case.points, case.edges) if len(part)]
    return np.concatenate(parts).astype(case.build().dtype)


@cache
def draws_of(identity: str) -> np.ndarray:
    """Draw once from the distribution of a row, for all tests that look at draws."""
    case = next(case for case in CASES if case.id == identity)
    return case.build().sample(random_seed=20240607, sample_shape=DRAWS)


DRAWS = 20_000
