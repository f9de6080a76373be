"""Posteriors of models with discrete variables, computed without the library.

Sums over the discrete variable are written out in NumPy for each model; the continuous variables
are integrated on grids of unconstrained coordinates, where the trapezoid rule converges
exponentially for smooth densities that vanish at the ends (Trefethen and Weideman 2014).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import expit, gammaln, log_expit, logsumexp


@dataclass(frozen=True)
class Exact:
    """Means and sds by name, probabilities of discrete states, and the log evidence."""

    mean: dict[str, np.ndarray]
    sd: dict[str, np.ndarray]
    states: np.ndarray
    log_evidence: float


def grid(*axes: np.ndarray) -> tuple[np.ndarray, ...]:
    """Give the coordinates of all points of a grid, one row for each point."""
    return tuple(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes)).T)


def moments(
    log_weights: np.ndarray, values: dict[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Means and sds of values (points, ...) under unnormalised log weights (points,)."""
    w = np.exp(log_weights - logsumexp(log_weights))
    mean = {name: np.tensordot(w, value, axes=1) for name, value in values.items()}
    sd = {
        name: np.sqrt(np.tensordot(w, (value - mean[name]) ** 2, axes=1))
        for name, value in values.items()
    }
    return mean, sd


def chain_of_two(y: np.ndarray, count: int = 17) -> Exact:
    """Two states with unit noise; flat Dirichlet rows; mu ~ N(3, 1), N(10, 1), 0 < mu1 < mu2.

    No initial term. `states` holds p(z_t = 1 | y) for each t. The order and the signs of mu do not
    matter: the posterior is some ten sds away from where they would.
    """
    # Centres and widths were found by a first, wide grid.
    a, b, m, gap = grid(
        np.linspace(-1.6, 3.2, count),
        np.linspace(0.2, 5.2, count),
        np.linspace(1.8, 4.3, count),
        np.linspace(8.2, 9.45, count),
    )
    stay1, stay2 = expit(a), expit(b)
    log_prior = log_expit(a) + log_expit(-a) + log_expit(b) + log_expit(-b)
    log_prior += stats.norm(3, 1).logpdf(m) + stats.norm(10, 1).logpdf(gap)
    likelihood = [np.exp(stats.norm(mu, 1).logpdf(y[:, None])) for mu in (m, gap)]
    to2_from1, to1_from2 = 1 - stay1, 1 - stay2
    forward = np.empty((len(y), 2, len(a)))
    scale = np.zeros(len(a))
    f1, f2 = likelihood[0][0].copy(), likelihood[1][0].copy()
    for t in range(len(y)):
        if t:
            f1, f2 = (
                (f1 * stay1 + f2 * to1_from2) * likelihood[0][t],
                (f1 * to2_from1 + f2 * stay2) * likelihood[1][t],
            )
        total = f1 + f2
        scale += np.log(total)
        f1, f2 = f1 / total, f2 / total
        forward[t] = f1, f2
    second = np.empty((len(y), len(a)))
    b1, b2 = np.ones(len(a)), np.ones(len(a))
    for t in range(len(y) - 1, -1, -1):
        p1, p2 = forward[t, 0] * b1, forward[t, 1] * b2
        second[t] = p2 / (p1 + p2)
        e1, e2 = likelihood[0][t] * b1, likelihood[1][t] * b2
        b1, b2 = stay1 * e1 + to2_from1 * e2, to1_from2 * e1 + stay2 * e2
        total = b1 + b2
        b1, b2 = b1 / total, b2 / total
    log_weights = log_prior + scale
    values = {
        "theta1": np.stack([stay1, to2_from1], axis=1),
        "theta2": np.stack([to1_from2, stay2], axis=1),
        "mu": np.stack([m, gap], axis=1),
    }
    mean, sd = moments(log_weights, values)
    w = np.exp(log_weights - logsumexp(log_weights))
    steps = np.log([4.8, 5.0, 2.5, 1.25]).sum() - 4 * np.log(count - 1)
    return Exact(mean, sd, second @ w, float(logsumexp(log_weights) + steps))


def change_point(years: np.ndarray, counts: np.ndarray) -> Exact:
    """Poisson counts, rates ~ Exponential(1) up to and including a year and after it: closed form.

    Years without a count are NaN. `states` holds the probability of each year.
    """
    seen = ~np.isnan(counts)
    before = (years[None, :] <= years[:, None]) & seen
    after = (years[None, :] > years[:, None]) & seen
    y = np.where(seen, counts, 0.0)
    logs, rates = [], []
    for part in (before, after):
        # Gamma(1, 1) prior: Gamma(1 + sum, 1 + number) afterwards.
        shape, rate = 1 + part @ y, 1 + part.sum(1)
        logs.append(gammaln(shape) - shape * np.log(rate) - part @ gammaln(y + 1))
        rates.append((shape / rate, shape * (1 + shape) / rate**2))
    log_joint = logs[0] + logs[1] - np.log(len(years))
    p = np.exp(log_joint - logsumexp(log_joint))
    mean = {"switchpoint": p @ years, "early_rate": p @ rates[0][0], "late_rate": p @ rates[1][0]}
    square = {
        "switchpoint": p @ years**2,
        "early_rate": p @ rates[0][1],
        "late_rate": p @ rates[1][1],
    }
    sd = {name: np.sqrt(square[name] - mean[name] ** 2) for name in mean}
    return Exact(mean, sd, p, float(logsumexp(log_joint)))


def survey(k: np.ndarray, largest: int) -> Exact:
    """k ~ Binomial(n, theta), n uniform from 1 to `largest`, theta uniform: beta integrals."""
    n = np.arange(1, largest + 1)
    possible = n >= k.max()
    m = n[possible]
    a, b = 1 + k.sum(), 1 + len(k) * m - k.sum()
    log_joint = np.full(largest, -np.inf)
    chosen = gammaln(m + 1)[:, None] - gammaln(k + 1) - gammaln(m[:, None] - k + 1)
    log_joint[possible] = chosen.sum(1) + gammaln(a) + gammaln(b) - gammaln(a + b)
    log_joint -= np.log(largest)
    p = np.exp(log_joint - logsumexp(log_joint))
    first, second = a / (a + b), a * (a + 1) / ((a + b) * (a + b + 1))
    mean = {"n": p @ n, "theta": p[possible] @ first}
    square = {"n": p @ n.astype(float) ** 2, "theta": p[possible] @ second}
    sd = {name: np.sqrt(square[name] - mean[name] ** 2) for name in mean}
    return Exact(mean, sd, p, float(logsumexp(log_joint)))
