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
from tests.programs import quick

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


# Compiling is most of what these tests cost, and level 0 compiles fastest. Every call has the same
# number of rows, so that rows of one family and structure share a program.
@quick
def _in_both(distributions: Any, points: Any) -> Any:
    def total(distribution: Any, x: Any) -> Any:
        log_prob = distribution.checked_log_prob(x)
        return log_prob.sum(), log_prob

    one = jax.value_and_grad(total, argnums=(0, 1), has_aux=True, allow_int=True)
    (_, log_prob), gradients = jax.vmap(one)(distributions, points)
    return log_prob, gradients


ROWS = 64


def evaluate(distributions: Any, points: np.ndarray) -> Evaluated:
    """Compute log densities and gradients, one distribution and one point a row."""
    points = np.asarray(points)
    parts = []
    for first in range(0, len(points), ROWS):
        index = np.minimum(np.arange(first, first + ROWS), len(points) - 1)
        with float64():
            parts.append(
                _in_both(jax.tree.map(lambda leaf: leaf[index], distributions), points[index])  # noqa: B023
            )

    def joined(*leaves: Any) -> Any:
        if leaves[0].dtype == jax.dtypes.float0:
            return None
        return np.concatenate([np.asarray(leaf) for leaf in leaves])[: len(points)]

    log_prob, (in_parameters, in_value) = jax.tree.map(joined, *parts)
    return Evaluated(log_prob, in_value, in_parameters)


def repeated(distribution: Any, rows: int) -> Any:
    """Give one copy of a distribution's parameters for each row."""
    return jax.tree.map(lambda leaf: np.repeat(np.asarray(leaf)[None], rows, 0), distribution)


def inside(case: Case) -> np.ndarray:
    """Give the points and edges of a row."""
    parts = [np.asarray(part) for part in (case.points, case.edges) if len(part)]
    return np.concatenate(parts).astype(case.build().dtype)


DRAWS = 20_000


@quick
def _draws(distribution: Any, key: Any) -> Any:
    return distribution.draw(key, (DRAWS, *distribution.shape))


@cache
def draws_of(identity: str) -> np.ndarray:
    """Draw once from the distribution of a row, for all tests that look at draws."""
    case = next(case for case in CASES if case.id == identity)
    with float64():
        return np.asarray(_draws(case.build(), jax.random.key(20240607)))
