"""A mixture of as many components as are needed: thirty sticks on Old Faithful's eruptions.

``sticks-faithful``, the truncated Dirichlet process of Ishwaran and James (2001), Gibbs sampling
methods for stick-breaking priors, JASA 96. `y` are the 272 durations, less their mean, by their
standard deviation; `at` are places:

    alpha ~ Gamma(2, 2) (shape and rate);  v[k] ~ Beta(1, alpha), k < 29
    w[k] = v[k] prod_{j < k} (1 - v[j]);  w[29] is what is left
    mu[k] ~ Normal(0, 1);  tau[k] ~ Gamma(3, 0.5)
    y[i] ~ sum_k w[k] Normal(mu[k], 1 / sqrt(tau[k]))

Components have no order, and most are empty. What is compared does not depend on their labels:
`alpha`, and the mixture's `density` at the places.
"""

from __future__ import annotations

import numpy as np

from benchmarks.peers.case import Case, Data
from benchmarks.peers.cases.files import column
from benchmarks.peers.importance import rounded

STICKS = 30
AT = np.array([-1.6, -1.3, -1.0, -0.4, 0.2, 0.6, 0.9, 1.2])
CHAINS, BURN, DRAWS = 4, 2_000, 40_000


def eruptions() -> Data:
    y = column("faithful", "eruptions")
    return {"y": (y - y.mean()) / y.std(), "at": AT}


def gibbs(data: Data, rng: np.random.Generator, draws: int = DRAWS) -> dict[str, np.ndarray]:
    """Draw a chain by Ishwaran and James's blocked Gibbs sampler: all of it is conjugate.

    Components trade places on the way, by the two moves of Papaspiliopoulos and Roberts (2008),
    Retrospective Markov chain Monte Carlo methods for Dirichlet process hierarchical models,
    Biometrika 95, section 3.4: a large one seldom gets to an earlier stick otherwise.
    """
    y, alpha = data["y"], 1.0
    mu, tau = rng.normal(size=STICKS), rng.gamma(3.0, 2.0, STICKS)
    log_v, log_left = _sticks(np.zeros(STICKS, dtype=int), alpha, rng)
    alphas, densities = np.empty(draws), np.empty((draws, len(AT)))
    for i in range(-BURN, draws):
        log_p = _log_weights(log_v, log_left) + 0.5 * np.log(tau)
        log_p = log_p - 0.5 * tau * (y[:, None] - mu) ** 2
        p = np.cumsum(np.exp(log_p - log_p.max(1, keepdims=True)), axis=1)
        z = (p < rng.uniform(size=(len(y), 1)) * p[:, -1:]).sum(1)
        n = np.bincount(z, minlength=STICKS)
        order = _traded(n, log_v, log_left, rng)
        z, n, mu, tau = np.argsort(order)[z], n[order], mu[order], tau[order]
        total = np.bincount(z, y, STICKS)
        mu = (tau * total + rng.normal(size=STICKS) * np.sqrt(1.0 + tau * n)) / (1.0 + tau * n)
        off = np.bincount(z, (y - mu[z]) ** 2, STICKS)
        tau = rng.gamma(3.0 + 0.5 * n) / (0.5 + 0.5 * off)
        log_v, log_left = _sticks(n, alpha, rng)
        alpha = rng.gamma(2.0 + STICKS - 1) / (2.0 - log_left.sum())
        if i >= 0:
            parts = 0.5 * np.log(tau) - 0.5 * tau * (AT[:, None] - mu) ** 2
            total = np.exp(_log_weights(log_v, log_left) + parts).sum(1)
            densities[i], alphas[i] = total / np.sqrt(2.0 * np.pi), alpha
    return {"alpha": alphas, "density": densities}


def _log_weights(log_v: np.ndarray, log_left: np.ndarray) -> np.ndarray:
    return np.append(log_v, 0.0) + np.append(0.0, np.cumsum(log_left))


def _sticks(n: np.ndarray, alpha: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw logs of v and of 1 - v given how many rows each component has.

    Beta variables as parts of Gamma's, in logs: some are nearer to 1 than 1e-16.
    """
    one = np.log(rng.gamma(1.0 + n[:-1]))
    rest = alpha + (n[::-1].cumsum()[::-1] - n)[:-1]
    other = np.log(rng.gamma(rest + 1.0)) - rng.exponential(size=STICKS - 1) / rest
    both = np.logaddexp(one, other)
    return one - both, other - both


def _traded(
    n: np.ndarray, log_v: np.ndarray, log_left: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Give an order in which components change places; sticks that move with theirs are moved."""
    order, n = np.arange(STICKS), n.copy()

    def trade(j: int, k: int) -> None:
        order[[j, k]], n[[j, k]] = order[[k, j]], n[[k, j]]

    log_w = _log_weights(log_v, log_left)
    for j, k in rng.integers(0, 8, (8, 2)):
        if np.log(rng.uniform()) < (n[k] - n[j]) * (log_w[j] - log_w[k]):
            trade(j, k)
    for j in rng.integers(0, 8, 8):
        if np.log(rng.uniform()) < n[j] * log_left[j + 1] - n[j + 1] * log_left[j]:
            trade(j, j + 1)
            for stick in (log_v, log_left):
                stick[[j, j + 1]] = stick[[j + 1, j]]
    return order


def reference(data: Data) -> dict[str, object]:
    """Run four chains, and give moments with their errors."""
    from benchmarks.peers.judge import statistics

    chains = [gibbs(data, np.random.default_rng([2026, chain])) for chain in range(CHAINS)]
    quantities, worst = {}, 0.0
    for name in ("alpha", "density"):
        values = np.stack([chain[name] for chain in chains]).reshape(CHAINS, DRAWS, -1)
        _, rhat, mcse = statistics(values)
        worst = max(worst, float(rhat.max()))
        rows = {"mean": values.mean((0, 1)), "sd": values.std((0, 1)), "mcse": mcse}
        quantities[name] = {key: rounded(value) for key, value in rows.items()}
    if not worst < 1.01:
        raise RuntimeError(f"R-hat {worst:.3f}: nothing to judge by")
    source = f"blocked Gibbs in NumPy, {CHAINS} chains of {DRAWS:,} draws"
    return {"source": source, "rhat": round(worst, 5), "quantities": quantities}


CASES = [
    Case(
        name="sticks-faithful",
        title="mixture by stick-breaking, 30 sticks, n = 272",
        kind="nuts",
        data=eruptions,
        quantities=("alpha", "density"),
        independent=reference,
        limit=600.0,
    ),
]
