"""The cases that pymc-extras' `marginalize` takes: `z` is the discrete variable.

It refuses models with start values, so that ordered variables are written as sums of gaps.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pymc_extras.distributions import DiscreteMarkovChain

Data = dict[str, np.ndarray]


def _in_order(name: str, sd: float) -> Any:
    """Declare two normal variables in increasing order."""
    low, gap = pm.Flat(f"{name} low"), pm.HalfFlat(f"{name} gap")
    means = pm.Deterministic(name, pt.stack([low, low + gap]))
    pm.Potential(f"{name} prior", pt.sum(pm.logp(pm.Normal.dist(0, sd), means)))
    return means


def _chain(P: Any, shape: tuple[int, ...]) -> Any:
    first = pm.Categorical.dist([0.5, 0.5])
    return DiscreteMarkovChain("z", P=P, init_dist=first, shape=shape)


def latent_classes(data: Data) -> None:
    share = pm.Dirichlet("share", np.full(3, 2.0))
    low, gaps = pm.Flat("low"), pm.HalfFlat("gaps", shape=2)
    first = pt.concatenate([low[None], low + pt.cumsum(gaps)])
    pm.Potential("prior", pt.sum(pm.logp(pm.Logistic.dist(0, 1), first)))
    rest = pm.Logistic("rest", 0, 1, shape=(3, 9))
    logits = pt.concatenate([first[:, None], rest], axis=1)
    p = pm.Deterministic("p", pt.sigmoid(logits))
    z = pm.Categorical("z", p=share, shape=len(data["x"]))
    pm.Bernoulli("x", p[z], observed=data["x"])


def poisson(data: Data) -> None:
    weights = pm.Dirichlet("weights", np.full(3, 2.0))
    gaps = pm.HalfFlat("gaps", shape=3)
    rates = pm.Deterministic("rates", pt.cumsum(gaps))
    pm.Potential("prior", pt.sum(pm.logp(pm.Gamma.dist(2, 0.1), rates)))
    z = pm.Categorical("z", p=weights, shape=len(data["y"]))
    pm.Poisson("y", rates[z], observed=data["y"])


def hmm(data: Data) -> None:
    P = pm.Dirichlet("P", np.full((2, 2), 2.0))
    means = _in_order("means", 5)
    sigma = pm.HalfNormal("sigma", 2, shape=2)
    z = _chain(P, data["y"].shape)
    pm.Normal("y", means[z], sigma[z], observed=data["y"])


def hmm_channels(data: Data) -> None:
    P = pm.Dirichlet("P", np.ones((2, 2)))
    low = _in_order("low", 3)
    other = pm.Normal("other", 0, 3, shape=2)
    mu = pm.Deterministic("mu", pt.stack([low, other], axis=1))
    sd = pm.HalfNormal("sd", 2, shape=(2, 2))
    z = _chain(P, data["y"].shape[:1])
    pm.Normal("y", mu[z], sd[z], observed=data["y"])


MODELS: dict[str, Any] = {
    "latent-classes-100000": latent_classes,
    "poisson-1000000": poisson,
    "hmm-10000": hmm,
    "hmm-200x100": hmm,
    "hmm-channels": hmm_channels,
}
