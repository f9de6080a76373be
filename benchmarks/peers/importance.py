"""Moments of a posterior from its log density in NumPy: a Gaussian at its mode, and importance.

What this is given shares no line with any library that is compared, and is not Aliquot's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Density(NamedTuple):
    """A posterior in NumPy, of points (n, d) without bounds."""

    log_density: Callable[[np.ndarray], np.ndarray]
    """With the Jacobian, constants aside: (n,)."""
    constrain: Callable[[np.ndarray], dict[str, np.ndarray]]
    """To quantities, (n, ...) each."""


DEGREES = 20.0
"""Of the t that points are drawn from."""
GOOD_K = 0.5
FAR = 1e-6
"""Of the mass there may be so much about other modes, by their Gaussians."""


def moments(
    density: Density,
    starts: np.ndarray,
    count: int = 100_000,
    chunk: int = 5_000,
) -> dict[str, object]:
    """Give mean, sd and error of each quantity, as ``references`` has them.

    `starts` (m, d) are climbed from; about the other ends there must be no mass to speak of.
    `count` points are weighed twice, `chunk` at a time: by those of the first time the proposal is
    put right.
    """
    log_density, constrain = density
    centre, factor, others = _modes(log_density, starts)
    rng = np.random.default_rng(2026)
    for _ in range(2):
        points, log_q = _draw(centre, factor, count, rng)
        log_ratio = np.concatenate(
            [log_density(points[i : i + chunk]) for i in range(0, count, chunk)]
        )
        weights, k = _weights(log_ratio - log_q)
        centre = weights @ points
        off = points - centre
        factor = np.linalg.cholesky((weights[:, None] * off).T @ off)
    if not k < GOOD_K:
        raise RuntimeError(f"Pareto k {k:.2f}: nothing to judge by")
    quantities = {}
    for name, values in constrain(points).items():
        flat = values.reshape(len(points), -1)
        mean = weights @ flat
        squares = (flat - mean) ** 2
        rows = {"mean": mean, "sd": np.sqrt(weights @ squares)}
        rows["mcse"] = np.sqrt(weights**2 @ squares)
        quantities[name] = {key: rounded(value) for key, value in rows.items()}
    source = (
        f"the log density in NumPy, {count:,} points of a t around its mode, weighed by "
        f"importance; {len(starts)} climbs, with at most {others:.0e} of the mass elsewhere"
    )
    return {
        "source": source,
        "pareto_k": round(k, 3),
        "worth": round(1.0 / (weights**2).sum()),
        "quantities": quantities,
    }


def rounded(values: np.ndarray) -> list[float]:
    """Leave seven digits."""
    return [float(f"{x:.7g}") for x in np.ravel(values)]


def _modes(
    log_density: Callable[[np.ndarray], np.ndarray], starts: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """Climb from all starts; give the best end, the root of its covariance, and others' mass."""
    from scipy.optimize import minimize

    size = starts.shape[1]

    def slope(x: np.ndarray) -> tuple[float, np.ndarray]:
        steps = 1e-5 * np.eye(size)
        values = log_density(np.concatenate([x[None], x + steps, x - steps]))
        values = np.nan_to_num(values, nan=-1e300, neginf=-1e300)
        return -float(values[0]), -(values[1 : size + 1] - values[size + 1 :]) / 2e-5

    found: list[tuple[float, np.ndarray, np.ndarray]] = []
    for start in starts:
        end = minimize(slope, start, jac=True, method="BFGS", options={"gtol": 1e-3})
        if any(_same(end.x, *mode) for _, *mode in found):
            continue
        covariance = np.linalg.pinv(_information(log_density, end.x))
        if np.linalg.eigvalsh(covariance)[0] > 0:
            found.append((-float(end.fun), end.x, np.linalg.cholesky(covariance)))
    mass = np.array([top + np.log(np.diag(root)).sum() for top, _, root in found])
    best = int(mass.argmax())
    share = np.exp(mass - mass[best])
    others = float(share.sum() - 1.0)
    if others > FAR:
        raise RuntimeError(f"{others:.1g} of the mass is about other modes")
    return found[best][1], found[best][2], others


def _same(x: np.ndarray, mode: np.ndarray, root: np.ndarray) -> bool:
    """Say whether a climb has ended at a mode, to a tenth of a standard deviation."""
    return bool(np.linalg.norm(np.linalg.solve(root, x - mode)) < 0.1)


def _information(log_density: Callable[[np.ndarray], np.ndarray], at: np.ndarray) -> np.ndarray:
    """Give minus the second derivatives, by differences as wide as the curvature allows."""
    size = len(at)
    wide = np.full(size, 1e-3)
    for _ in range(3):  # a step of a tenth of the standard deviation, each coordinate alone
        steps = np.diag(wide)
        top, up, down = (log_density(x) for x in (at[None], at + steps, at - steps))
        bend = np.maximum(-(up - 2.0 * top + down) / wide**2, 1e-8)
        wide = 0.1 / np.sqrt(bend)
    row, column = np.triu_indices(size)
    steps = np.diag(wide)
    a, b = steps[row], steps[column]
    values = log_density(np.concatenate([at + a + b, at + a - b, at - a + b, at - a - b]))
    pp, pm, mp, mm = np.split(values, 4)
    result = np.empty((size, size))
    result[row, column] = -(pp - pm - mp + mm) / (4.0 * wide[row] * wide[column])
    result[column, row] = result[row, column]
    return result


def _draw(
    centre: np.ndarray, factor: np.ndarray, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw from a t, and give its log density, constants aside."""
    size = len(centre)
    noise = rng.normal(size=(count, size))
    noise /= np.sqrt(rng.chisquare(DEGREES, count) / DEGREES)[:, None]
    log_q = -0.5 * (DEGREES + size) * np.log1p((noise**2).sum(1) / DEGREES)
    return centre + noise @ factor.T, log_q


def _weights(log_ratio: np.ndarray) -> tuple[np.ndarray, float]:
    """Give weights of sum 1, the largest smoothed, and Pareto k."""
    from arviz_stats.base import array_stats

    log_weights, k = array_stats.psislw(-log_ratio)  # it smooths inverse ratios
    weights = np.exp(log_weights - np.max(log_weights))
    return weights / weights.sum(), float(k)
