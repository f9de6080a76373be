"""Two Gaussians with unit variance and equal weights; their means are what is not known.

    means[0] < means[1],  each Normal(0, 10)
    y[i] ~ 0.5 Normal(means[0], 1) + 0.5 Normal(means[1], 1)

The same model is fitted by mean-field ADVI in the coordinates (means[0], log(means[1] - means[0])):
a Gaussian with two means and two standard deviations. That is what "ordered" is in all libraries.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from benchmarks.peers.case import Case, Data
from benchmarks.peers.cases.files import generator
from benchmarks.peers.cases.rules import product_rule

SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)


def data(n: int) -> Data:
    """Draw n values; the true means are -1 and 1."""
    rng = generator(0)
    z = rng.integers(0, 2, n)
    return {"y": rng.normal(np.array([-1.0, 1.0])[z], 1.0)}


def log_density(y: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Evaluate the log density, constants aside, at means of shape (points, 2)."""
    total = []
    for some in np.array_split(means, len(means) * len(y) // 500_000 + 1):
        # log of the sum of two exponentials, by the difference of their exponents
        middle, half = 0.5 * some.sum(axis=1), 0.5 * (some[:, 1] - some[:, 0])
        shifted = y - middle[:, None]
        # log(exp(-(s + h)^2 / 2) + exp(-(s - h)^2 / 2)) = -s^2/2 - h^2/2 + log(2 cosh(s h))
        size = np.abs(shifted) * half[:, None]
        rows = size + np.log1p(np.exp(-2.0 * size)) - 0.5 * shifted**2
        total.append(rows.sum(axis=1) - 0.5 * len(y) * half**2)
    return np.concatenate(total) - (means**2).sum(axis=1) / 200.0


def reference(given: Data) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Integrate on a grid around the mode, some standard deviations each way."""
    y = given["y"]
    centre, scale = _mode(y)
    # Many rows: so near to a Gaussian that a coarse grid is exact to many digits, and less work.
    axis = np.linspace(-8.0, 8.0, 65) if len(y) < 5_000 else np.linspace(-6.0, 6.0, 25)
    points = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    means = centre + points @ scale.T
    log = log_density(y, means)
    weight = np.where(means[:, 0] < means[:, 1], np.exp(log - log.max()), 0.0)
    weight /= weight.sum()
    mean = weight @ means
    sd = np.sqrt(weight @ (means - mean) ** 2)
    return {"means": (mean, sd, np.zeros(2))}


def elbo(given: Data, mean: np.ndarray, sd: np.ndarray) -> float:
    """Compute the ELBO of independent Gaussians by Gauss and Hermite's rule."""
    y = given["y"]
    points, weights = product_rule(24 if len(y) <= 1_000 else 8, 2)
    flat = mean + sd * points
    means = np.stack([flat[:, 0], flat[:, 0] + np.exp(flat[:, 1])], axis=1)
    values = log_density(y, means) + flat[:, 1]  # the Jacobian
    return float(weights @ values + np.log(sd).sum())


def elbo_start(given: Data) -> tuple[np.ndarray, np.ndarray]:
    low, high = np.quantile(given["y"], [0.2, 0.8])
    return np.array([low, np.log(high - low)]), np.full(2, 1.0 / np.sqrt(len(given["y"])))


def _mode(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the mode by Newton steps, and the Cholesky factor of the covariance there."""
    at = np.quantile(y, [0.2, 0.8])
    for _ in range(30):
        share = 1.0 / (1.0 + np.exp((at[1] - at[0]) * (0.5 * (at[0] + at[1]) - y)))
        p = np.stack([1.0 - share, share])
        off = y - at[:, None]
        gradient = (p * off).sum(1) - at / 100.0
        cross = -(p[0] * p[1] * off[0] * off[1]).sum()
        curvature = (p * (1.0 - p) * off**2).sum(1) - p.sum(1) - 1.0 / 100.0
        information = -np.array([[curvature[0], cross], [cross, curvature[1]]])
        step = np.linalg.solve(information, gradient)
        at = at + step
        if np.abs(step).max() < 1e-12:
            break
    return at, np.linalg.cholesky(np.linalg.inv(information))


def _case(n: int, kind: str = "nuts", **settings: object) -> Case:
    prefix, title = ("", "") if kind == "nuts" else ("advi-", "ADVI, ")
    return Case(
        name=f"{prefix}classic-{n}",
        title=f"{title}two Gaussians, n = {n:,}",
        kind=kind,
        data=partial(data, n),
        quantities=("means",),
        reference=reference if kind == "nuts" else None,
        group="classic" if kind == "nuts" else "advi",
        fitted=kind == "nuts",
        elbo=elbo if kind == "advi" else None,
        elbo_start=elbo_start if kind == "advi" else None,
        **settings,  # type: ignore[arg-type]
    )


CASES: list[Case] = [
    _case(100, draws=10_000, tune=2_000, chains=2, target_accept=0.95),
    _case(1_000, draws=1_000, chains=2),
    _case(10_000, draws=1_000, chains=2),
    _case(100_000, draws=300, tune=300, chains=2, limit=420.0),
    _case(1_000_000, draws=150, tune=150, chains=2, limit=600.0),
]
ADVI: list[Case] = [
    _case(100, kind="advi", draws=1_000, chains=1),
    _case(100_000, kind="advi", draws=1_000, chains=1, limit=1_800.0),
]
