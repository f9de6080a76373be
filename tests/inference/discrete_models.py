"""Models with hidden labels, small enough for their posteriors to be added up by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

import aliquot as aq
from aliquot.results import build_tree

Y = np.array([-2.1, 0.3, 1.9, 2.6, -1.4])
WEIGHTS = np.array([0.3, 0.7])


def labelled() -> aq.Model:
    """Two normals, the label of each row written out."""
    coords = {"component": ["low", "high"], "row": list("abcde")}
    with aq.Model(coords=coords) as model:
        w = aq.Dirichlet("w", 4 * WEIGHTS, dims="component")
        means = aq.Normal("means", [-2.0, 2.0], 1, dims="component")
        z = aq.Categorical("z", p=w, dims="row")
        aq.Deterministic("level", means[z], dims="row")
        aq.Deterministic("gap", means[1] - means[0])
        aq.Normal("obs", means[z], 1, dims="row", observed=Y)
    return model


def mixture() -> aq.Model:
    """The same without labels."""
    with aq.Model() as model:
        w = aq.Dirichlet("w", 4 * WEIGHTS)
        means = aq.Normal("means", [-2.0, 2.0], 1, shape=2)
        aq.NormalMixture("obs", w, means, 1, observed=Y)
    return model


def labelled_trace(draws: int = 50, chains: int = 2) -> Any:
    """Draws near the posterior of `labelled`, without a sampler's cost."""
    rng = np.random.default_rng(3)
    shape = (chains, draws)
    return build_tree(
        posterior={
            "w": rng.dirichlet(6 * WEIGHTS, shape),
            "means": rng.normal([-1.8, 2.0], 0.5, (*shape, 2)),
        },
        sample_stats={"lp": rng.normal(size=shape)},
        observed_data={"obs": Y},
        dims={"w": ["component"], "means": ["component"], "obs": ["row"]},
        coords={"component": ["low", "high"], "row": list("abcde")},
    )


def responsibilities(w: np.ndarray, means: np.ndarray, y: np.ndarray = Y) -> np.ndarray:
    """p(z | w, means, y), shape (..., rows, 2)."""
    joint = w[..., None, :] * stats.norm(means[..., None, :], 1).pdf(y[:, None])
    return np.asarray(joint / joint.sum(-1, keepdims=True))
