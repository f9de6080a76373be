"""The cases as PyMC models, for PyMC's own samplers and for nutpie."""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
from pymc.distributions import transforms

from benchmarks.peers.cases.files import counted

Data = dict[str, np.ndarray]
ordered = transforms.ordered


def classic(data: Data) -> None:
    means = pm.Normal("means", 0, 10, shape=2, transform=ordered, initval=[-1, 1])
    pm.NormalMixture("y", w=[0.5, 0.5], mu=means, sigma=1, observed=data["y"])


def low_dim(data: Data) -> None:
    mu = pm.Normal("mu", 0, 2, shape=2, transform=ordered, initval=[-1, 1])
    sigma = pm.HalfNormal("sigma", 2, shape=2)
    theta = pm.Beta("theta", 5, 5)
    w = pt.stack([theta, 1 - theta])
    pm.NormalMixture("y", w=w, mu=mu, sigma=sigma, observed=data["y"])


def mixture_10(data: Data) -> None:
    centres = data["centres"]
    weights = pm.Dirichlet("weights", np.full(10, 2.0))
    means = pm.Normal("means", centres, 1, transform=ordered, initval=centres)
    sigma = pm.HalfNormal("sigma", 1, shape=10)
    pm.NormalMixture("y", w=weights, mu=means, sigma=sigma, observed=data["y"])


def mixture_5d(data: Data) -> None:
    start = data["start"]
    weights = pm.Dirichlet("weights", np.full(4, 2.0))
    first = pm.Normal("first", 0, 5, shape=4, transform=ordered, initval=start[:, 0])
    rest = pm.Normal("rest", 0, 5, shape=(4, 4), initval=start[:, 1:])
    means = pm.Deterministic("means", pt.concatenate([first[:, None], rest], axis=1))
    below = np.tril_indices(5, -1)
    components, scales, correlations = [], [], []
    for k in range(4):
        chol, correlation, scale = pm.LKJCholeskyCov(
            f"chol_{k}", eta=2, n=5, sd_dist=pm.HalfNormal.dist(2, shape=5), store_in_trace=False
        )
        scales.append(scale)
        correlations.append(correlation[below])
        components.append(pm.MvNormal.dist(means[k], chol=chol))
    pm.Deterministic("scales", pt.stack(scales))
    pm.Deterministic("correlations", pt.stack(correlations))
    pm.Mixture("y", w=weights, comp_dists=components, observed=data["y"])


def _forward(first: Any, log_move: Any, log_emission: Any) -> Any:
    """Sum over all paths of a chain, by the forward recursion on the log scale."""

    def step(emission: Any, before: Any, log_move: Any) -> Any:
        return pt.logsumexp(before[:, None] + log_move, axis=0) + emission

    result = pytensor.scan(
        step,
        sequences=[log_emission[1:]],
        outputs_info=[first + log_emission[0]],
        non_sequences=[log_move],
        return_updates=False,
    )
    return pt.logsumexp(result[-1])


def hmm_example(data: Data) -> None:
    y = data["y"]
    theta = pm.Dirichlet("theta", np.ones((2, 2)))
    # Positive and in increasing order: as sums of gaps, which takes fewer steps than logarithms of
    # both do.
    gaps = pm.HalfFlat("gaps", shape=2, initval=[3.0, 7.0])
    mu = pm.Deterministic("mu", pt.cumsum(gaps))
    pm.Potential("prior", pt.sum(pm.logp(pm.Normal.dist([3.0, 10.0], 1), mu)))
    log_emission = pm.logp(pm.Normal.dist(mu, 1), y[:, None])
    pm.Potential("y", _forward(pt.zeros(2), pt.log(theta), log_emission))


def hmm_3x2000(data: Data) -> None:
    y = data["y"]
    P = pm.Dirichlet("P", 1 + 4 * np.eye(3))
    means = pm.Normal("means", 0, 5, shape=3, transform=ordered, initval=data["start"])
    sigma = pm.HalfNormal("sigma", 2, shape=3)
    log_emission = pm.logp(pm.Normal.dist(means, sigma), y[:, None])
    pm.Potential("y", _forward(pt.full(3, -np.log(3.0)), pt.log(P), log_emission))


def dawid_skene(data: Data) -> None:
    # How often each annotator gave each answer for each item: then a matrix product is all.
    counts = np.zeros((data["item"].max() + 1, 5, 4))
    np.add.at(counts, (data["item"], data["annotator"], data["label"]), 1)
    share = pm.Dirichlet("share", np.ones(4))
    theta = pm.Dirichlet("theta", np.broadcast_to(1 + 2 * np.eye(4), (5, 4, 4)))
    answers = pt.log(theta).transpose(0, 2, 1).reshape((20, 4))
    rows = pt.dot(counts.reshape(-1, 20), answers) + pt.log(share)
    pm.Potential("label", pt.sum(pt.logsumexp(rows, axis=1)))


def eight_schools(data: Data) -> None:
    mu = pm.Normal("mu", 0, 5)
    tau = pm.HalfCauchy("tau", 5)
    shifts = pm.Normal("shifts", 0, 1, shape=8)
    theta = pm.Deterministic("theta", mu + tau * shifts)
    pm.Normal("y", theta, data["sigma"], observed=data["y"])


def hierarchical_logistic(data: Data) -> None:
    x, group = data["x"], data["group"]
    alpha = pm.Normal("alpha", 0, 2)
    sigma = pm.HalfNormal("sigma", 1)
    shifts = pm.Normal("shifts", 0, 1, shape=int(group.max()) + 1)
    beta = pm.Normal("beta", 0, 1, shape=x.shape[1])
    intercepts = pm.Deterministic("intercepts", alpha + sigma * shifts)
    pm.Bernoulli("y", logit_p=intercepts[group] + pt.dot(x, beta), observed=data["y"])


def _in_order(name: str, sd: float) -> Any:
    """Declare two normal variables in increasing order, which need no start value."""
    low, gap = pm.Flat(f"{name} low"), pm.HalfFlat(f"{name} gap")
    means = pm.Deterministic(name, pt.stack([low, low + gap]))
    pm.Potential(f"{name} prior", pt.sum(pm.logp(pm.Normal.dist(0, sd), means)))
    return means


def latent_classes(data: Data) -> None:
    patterns, counts = counted(data["x"])
    share = pm.Dirichlet("share", np.full(3, 2.0))
    # Uniform probabilities by their logits, of which the first ones are ordered.
    start = data["start"]
    first = pm.Logistic("first", 0, 1, shape=3, transform=ordered, initval=start[:, 0])
    rest = pm.Logistic("rest", 0, 1, shape=(3, 9), initval=start[:, 1:])
    logits = pt.concatenate([first[:, None], rest], axis=1)
    pm.Deterministic("p", pt.sigmoid(logits))
    yes, no = -pt.softplus(-logits), -pt.softplus(logits)
    rows = pt.dot(patterns, yes.T) + pt.dot(1 - patterns, no.T) + pt.log(share)
    pm.Potential("x", pt.sum(counts * pt.logsumexp(rows, axis=1)))


def poisson(data: Data) -> None:
    values, counts = counted(data["y"])
    weights = pm.Dirichlet("weights", np.full(3, 2.0))
    start = np.diff(data["start"], prepend=0.0)
    gaps = pm.HalfFlat("gaps", shape=3, initval=start)
    rates = pm.Deterministic("rates", pt.cumsum(gaps))
    pm.Potential("prior", pt.sum(pm.logp(pm.Gamma.dist(2, 0.1), rates)))
    rows = pm.logp(pm.Poisson.dist(rates), values[:, None]) + pt.log(weights)
    pm.Potential("y", pt.sum(counts * pt.logsumexp(rows, axis=1)))


def hmm(data: Data) -> None:
    y = data["y"]
    P = pm.Dirichlet("P", np.full((2, 2), 2.0))
    means = _in_order("means", 5)
    sigma = pm.HalfNormal("sigma", 2, shape=2)
    steps = np.atleast_2d(y).T[..., None]  # (steps, sequences, 1)
    log_emission = pm.logp(pm.Normal.dist(means, sigma), steps)
    pm.Potential("y", _forward_each(pt.log(P), log_emission))


def _forward_each(log_move: Any, log_emission: Any) -> Any:
    """Sum over all paths of sequences: emissions (steps, sequences, states); uniform at first."""

    def step(emission: Any, before: Any, log_move: Any) -> Any:
        return pt.logsumexp(before[:, :, None] + log_move, axis=1) + emission

    result = pytensor.scan(
        step,
        sequences=[log_emission[1:]],
        outputs_info=[log_emission[0] - np.log(2.0)],
        non_sequences=[log_move],
        return_updates=False,
    )
    return pt.sum(pt.logsumexp(result[-1], axis=-1))


def hmm_channels(data: Data) -> None:
    y = data["y"]
    P = pm.Dirichlet("P", np.ones((2, 2)))
    low = _in_order("low", 3)
    other = pm.Normal("other", 0, 3, shape=2)
    mu = pm.Deterministic("mu", pt.stack([low, other], axis=1))
    sd = pm.HalfNormal("sd", 2, shape=(2, 2))
    log_emission = pm.logp(pm.Normal.dist(mu, sd), y[:, None, :]).sum(-1)
    pm.Potential("y", _forward(pt.full(2, -np.log(2.0)), pt.log(P), log_emission))


def sticks(data: Data) -> None:
    alpha = pm.Gamma("alpha", 2, 2)
    v = pm.Beta("v", 1, alpha, shape=29)
    w = pt.concatenate([[1.0], pt.cumprod(1 - v)]) * pt.concatenate([v, [1.0]])
    mu = pm.Normal("mu", 0, 1, shape=30)
    tau = pm.Gamma("tau", 3, 0.5, shape=30)
    parts = pm.logp(pm.Normal.dist(mu, tau=tau), data["at"][:, None])
    pm.Deterministic("density", (w * pt.exp(parts)).sum(1))
    pm.NormalMixture("y", w=w, mu=mu, tau=tau, observed=data["y"])


def gaussian(data: Data) -> None:
    pm.MvNormal("x", data["mean"], chol=data["cholesky"])


MODELS: dict[str, Any] = {
    "classic": classic,
    "low-dim-gauss-mix": low_dim,
    "mixture-10": mixture_10,
    "mixture-5d": mixture_5d,
    "hmm-example": hmm_example,
    "hmm-3x2000": hmm_3x2000,
    "dawid-skene": dawid_skene,
    "eight-schools": eight_schools,
    "hierarchical-logistic": hierarchical_logistic,
    "gaussian-100": gaussian,
    "latent-classes-100000": latent_classes,
    "poisson-1000000": poisson,
    "hmm-10000": hmm,
    "hmm-200x100": hmm,
    "hmm-channels": hmm_channels,
    "sticks-faithful": sticks,
}
