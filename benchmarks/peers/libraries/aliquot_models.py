"""The cases as Aliquot models. Discrete variables are written out; Aliquot sums them out."""

from __future__ import annotations

from typing import Any

import numpy as np

import aliquot as aq

Data = dict[str, np.ndarray]
ordered = aq.transforms.ordered


def classic(data: Data) -> None:
    means = aq.Normal("means", 0, 10, shape=2, transform=ordered)
    aq.NormalMixture("y", w=[0.5, 0.5], mu=means, sigma=1, observed=data["y"])


def low_dim(data: Data) -> None:
    mu = aq.Normal("mu", 0, 2, shape=2, transform=ordered)
    sigma = aq.HalfNormal("sigma", 2, shape=2)
    theta = aq.Beta("theta", 5, 5)
    aq.NormalMixture("y", w=[theta, 1 - theta], mu=mu, sigma=sigma, observed=data["y"])


def mixture_10(data: Data) -> None:
    centres = data["centres"]
    weights = aq.Dirichlet("weights", np.full(10, 2.0))
    means = aq.Normal("means", centres, 1, transform=ordered, initval=centres)
    sigma = aq.HalfNormal("sigma", 1, shape=10)
    aq.NormalMixture("y", w=weights, mu=means, sigma=sigma, observed=data["y"])


def mixture_5d(data: Data) -> None:
    start = data["start"]
    weights = aq.Dirichlet("weights", np.full(4, 2.0))
    first = aq.Normal("first", 0, 5, shape=4, transform=ordered, initval=start[:, 0])
    rest = aq.Normal("rest", 0, 5, shape=(4, 4), initval=start[:, 1:])
    means = aq.Deterministic("means", aq.math.concatenate([first[:, None], rest], axis=1))
    chol, correlation, scales = aq.LKJCholeskyCov(
        "chol", eta=2, n=5, sd_dist=aq.HalfNormal.dist(2), shape=(4, 5, 5)
    )
    aq.Deterministic("scales", scales)
    below = np.tril_indices(5, -1)
    aq.Deterministic("correlations", correlation[:, below[0], below[1]])
    components = aq.MvNormal.dist(means, chol=chol)
    aq.Mixture("y", w=weights, comp_dists=components, observed=data["y"])


def hmm_example(data: Data) -> None:
    theta = aq.Dirichlet("theta", np.ones((2, 2)))
    mu = aq.Normal("mu", [3.0, 10.0], 1, transform=aq.transforms.positive_ordered)
    z = aq.MarkovChain("z", P=theta, steps=len(data["y"]))
    aq.Normal("y", mu[z], 1, observed=data["y"])


def hmm_3x2000(data: Data) -> None:
    P = aq.Dirichlet("P", 1 + 4 * np.eye(3))
    means = aq.Normal("means", 0, 5, shape=3, transform=ordered, initval=data["start"])
    sigma = aq.HalfNormal("sigma", 2, shape=3)
    z = aq.MarkovChain("z", P=P, init=np.full(3, 1 / 3), steps=len(data["y"]))
    aq.Normal("y", means[z], sigma[z], observed=data["y"])


def dawid_skene(data: Data) -> None:
    item, annotator, label = data["item"], data["annotator"], data["label"]
    share = aq.Dirichlet("share", np.ones(4))
    theta = aq.Dirichlet("theta", np.broadcast_to(1 + 2 * np.eye(4), (5, 4, 4)))
    z = aq.Categorical("z", p=share, shape=item.max() + 1)
    aq.Categorical("label", p=theta[annotator, z[item]], observed=label)


def eight_schools(data: Data) -> None:
    mu = aq.Normal("mu", 0, 5)
    tau = aq.HalfCauchy("tau", 5)
    shifts = aq.Normal("shifts", 0, 1, shape=8)
    theta = aq.Deterministic("theta", mu + tau * shifts)
    aq.Normal("y", theta, data["sigma"], observed=data["y"])


def hierarchical_logistic(data: Data) -> None:
    x, group = data["x"], data["group"]
    alpha = aq.Normal("alpha", 0, 2)
    sigma = aq.HalfNormal("sigma", 1)
    shifts = aq.Normal("shifts", 0, 1, shape=group.max() + 1)
    beta = aq.Normal("beta", 0, 1, shape=x.shape[1])
    intercepts = aq.Deterministic("intercepts", alpha + sigma * shifts)
    aq.Bernoulli("y", logit_p=intercepts[group] + x @ beta, observed=data["y"])


def latent_classes(data: Data) -> None:
    x = data["x"]
    share = aq.Dirichlet("share", np.full(3, 2.0))
    p = aq.Beta("p", 1, 1, shape=(3, x.shape[1]), transform=ordered(axis=0, at=0))
    z = aq.Categorical("z", p=share, shape=len(x))
    aq.Bernoulli("x", p=p[z], observed=x)


def poisson(data: Data) -> None:
    y = data["y"]
    weights = aq.Dirichlet("weights", np.full(3, 2.0))
    rates = aq.Gamma("rates", 2, 0.1, shape=3, transform=ordered)
    z = aq.Categorical("z", p=weights, shape=len(y))
    aq.Poisson("y", rates[z], observed=y)


def hmm(data: Data) -> None:
    y = data["y"]
    P = aq.Dirichlet("P", np.full((2, 2), 2.0))
    means = aq.Normal("means", 0, 5, shape=2, transform=ordered)
    sigma = aq.HalfNormal("sigma", 2, shape=2)
    z = aq.MarkovChain("z", P=P, init=[0.5, 0.5], shape=y.shape)
    aq.Normal("y", means[z], sigma[z], observed=y)


def hmm_channels(data: Data) -> None:
    P = aq.Dirichlet("P", np.ones((2, 2)))
    mu = aq.Normal("mu", 0, 3, shape=(2, 2), transform=ordered(axis=0, at=0))
    sd = aq.HalfNormal("sd", 2, shape=(2, 2))
    z = aq.MarkovChain("z", P=P, init=[0.5, 0.5], steps=len(data["y"]))
    aq.Normal("y", mu[z], sd[z], observed=data["y"])


def sticks(data: Data) -> None:
    alpha = aq.Gamma("alpha", 2, 2)
    v = aq.Beta("v", 1, alpha, shape=29)
    left = aq.math.concatenate([np.ones(1), aq.math.cumprod(1 - v)])
    w = left * aq.math.concatenate([v, np.ones(1)])
    mu = aq.Normal("mu", 0, 1, shape=30)
    tau = aq.Gamma("tau", 3, 0.5, shape=30)
    off = data["at"][:, None] - mu
    parts = aq.math.sqrt(tau / (2 * np.pi)) * aq.math.exp(-0.5 * tau * off**2)
    aq.Deterministic("density", (w * parts).sum(axis=1))
    aq.NormalMixture("y", w=w, mu=mu, tau=tau, observed=data["y"])


def gaussian(data: Data) -> None:
    aq.MvNormal("x", data["mean"], chol=data["cholesky"])


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
