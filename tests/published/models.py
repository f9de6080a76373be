"""The published models as Aliquot writes them, labels hidden and parameters fixed."""

from __future__ import annotations

import numpy as np

import aliquot as aq
from tests.published.em import Parameters


def log_likelihood(model: str, p: Parameters, y: np.ndarray) -> float:
    """Compute the log likelihood of rows (n, columns), the labels summed out."""
    k, n = len(p.get("w", p.get("init", ()))), len(y)
    at = {name: aq.constant(value) for name, value in p.items() if name not in ("w", "init", "P")}
    if model == "normal mixture" and y.shape[1] > 1:
        parts = [aq.MvNormal.dist(p["mu"][j], cov=p["cov"][j]) for j in range(k)]
        return float(aq.Mixture.dist(p["w"], parts).log_prob(y).sum())
    with aq.Model() as written:
        if "chain" in model:
            z = aq.MarkovChain("z", P=p["P"], init=p["init"], steps=n)
            aq.Normal("y", at["mu"][z], at["sigma"][z], observed=y[:, 0])
            return written.log_likelihood({})
        z = aq.Categorical("z", p=p["w"], shape=n)
        if model == "normal mixture, one covariance":
            aq.MvNormal("y", at["mu"][z], cov=p["cov"][0], observed=y)
        elif model == "normal mixture":
            sigma = aq.constant(np.sqrt(p["cov"][:, 0, 0]))
            aq.Normal("y", at["mu"][z, 0], sigma[z], observed=y[:, 0])
        elif model == "latent classes":
            aq.Bernoulli("y", at["p"][z], observed=y.astype(int))
        else:
            x = design(model, y)
            mean = (at["b"][z] * x).sum(axis=1)
            if "Poisson" in model:
                aq.Poisson("y", np.exp(mean), observed=y[:, 1].astype(int))
            else:
                aq.Normal("y", mean, at["sigma"][z], observed=y[:, 1])
    return written.log_likelihood({})


def design(model: str, y: np.ndarray) -> np.ndarray:
    """Give the powers of the covariate, the first column."""
    return np.vander(y[:, 0], 3 if "quadratic" in model else 2, increasing=True)
