"""Models whose posteriors are known exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import aliquot as aq

X = np.array([-1.5, -0.5, 0.2, 0.9, 1.6])
Y = np.array([-1.1, 0.3, 0.1, 1.4, 2.2])
PRIOR, NOISE = 2.0, 0.7


@dataclass(frozen=True)
class Gaussian:
    """A Gaussian posterior."""

    mean: np.ndarray
    covariance: np.ndarray

    @property
    def sd(self) -> np.ndarray:
        return np.sqrt(np.diag(self.covariance))


def regression() -> aq.Model:
    """A line through points with known noise."""
    with aq.Model(coords={"row": list("abcde"), "term": ["intercept", "slope"]}) as model:
        x = aq.Data("x", X, dims="row")
        beta = aq.Normal("beta", 0, PRIOR, dims="term")
        mu = aq.Deterministic("mu", beta[0] + beta[1] * x, dims="row")
        aq.Normal("obs", mu, NOISE, observed=Y, dims="row")
    return model


def regression_posterior() -> Gaussian:
    design = np.stack([np.ones_like(X), X], axis=1)
    covariance = np.linalg.inv(design.T @ design / NOISE**2 + np.eye(2) / PRIOR**2)
    return Gaussian(covariance @ design.T @ Y / NOISE**2, covariance)


MISSING_Y = np.array([0.4, np.nan, 1.3, np.nan])
WEIGHTS = np.array([1.0, 2.0, 1.0, -1.0])


def missing() -> aq.Model:
    """A level with two of four observations missing; the second and the fourth."""
    with aq.Model() as model:
        level = aq.Normal("level", 0, PRIOR)
        aq.Normal("obs", level * WEIGHTS, NOISE, observed=MISSING_Y)
    return model


def missing_posterior() -> Gaussian:
    """The posterior of level, then of the two missing values given it."""
    seen = ~np.isnan(MISSING_Y)
    precision = 1 / PRIOR**2 + (WEIGHTS[seen] ** 2).sum() / NOISE**2
    mean = (WEIGHTS[seen] * MISSING_Y[seen]).sum() / NOISE**2 / precision
    gains = np.array([1.0, *WEIGHTS[~seen]])
    covariance = np.outer(gains, gains) / precision + np.diag([0, NOISE**2, NOISE**2])
    return Gaussian(gains * mean, covariance)
