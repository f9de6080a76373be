"""Expectation-maximisation in NumPy, plain: the oracle of the published maxima.

Each model is a function that takes parameters and gives the log likelihood there, the probabilities
of the labels, and the parameters of the next iteration.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import gammaln, logsumexp, xlogy
from scipy.stats import multivariate_normal, norm

Parameters = dict[str, np.ndarray]
Step = Callable[[Parameters], tuple[float, np.ndarray, Parameters]]


def climb(step: Step, start: Parameters, most: int = 100_000) -> tuple[float, Parameters]:
    """Iterate until the log likelihood no longer rises, and give it with the parameters."""
    parameters, before = start, -np.inf
    for _ in range(most):
        value, _, then = step(parameters)
        if value - before < 1e-11 * abs(value):
            return value, parameters
        parameters, before = then, value
    raise AssertionError(f"still rising at {before}")


def labels(log_joint: np.ndarray) -> tuple[float, np.ndarray]:
    """Give the log likelihood of log w_k p_k(y_i) (n, K), and the labels' probabilities."""
    each = logsumexp(log_joint, axis=1)
    return float(each.sum()), np.exp(log_joint - each[:, None])


def gaussian_mixture(y: np.ndarray, shared: bool) -> Step:
    """Normals of n rows (n, d) with one covariance, or one each."""

    def step(p: Parameters) -> tuple[float, np.ndarray, Parameters]:
        parts = [
            multivariate_normal(m, c).logpdf(y) for m, c in zip(p["mu"], p["cov"], strict=True)
        ]
        value, r = labels(np.log(p["w"]) + np.column_stack(parts))
        n = r.sum(0)
        mu = r.T @ y / n[:, None]
        off = y[:, None] - mu
        squares = np.einsum("ik,ikp,ikq->kpq", r, off, off)
        pooled = np.broadcast_to(squares.sum(0) / len(y), squares.shape)
        cov = pooled if shared else squares / n[:, None, None]
        return value, r, {"w": n / len(y), "mu": mu, "cov": cov}

    return step


def latent_classes(y: np.ndarray) -> Step:
    """Answers (n, items), each 0 or 1; `p` (K, items) are the probabilities of 1."""

    def step(p: Parameters) -> tuple[float, np.ndarray, Parameters]:
        q = p["p"][None]
        each = xlogy(y[:, None], q) + xlogy(1 - y[:, None], 1 - q)
        value, r = labels(np.log(p["w"]) + each.sum(2))
        n = r.sum(0)
        return value, r, {"w": n / len(y), "p": np.clip(r.T @ y / n[:, None], 0, 1)}

    return step


def regressions(x: np.ndarray, y: np.ndarray) -> Step:
    """Mixture of linear regressions on a design (n, p)."""

    def step(p: Parameters) -> tuple[float, np.ndarray, Parameters]:
        value, r = labels(np.log(p["w"]) + norm.logpdf(y[:, None], x @ p["b"].T, p["sigma"]))
        b = np.array([np.linalg.solve(x.T * v @ x, x.T * v @ y) for v in r.T])
        sigma = np.sqrt((r * (y[:, None] - x @ b.T) ** 2).sum(0) / r.sum(0))
        return value, r, {"w": r.mean(0), "b": b, "sigma": sigma}

    return step


def count_regressions(x: np.ndarray, y: np.ndarray) -> Step:
    """Mixture of Poisson regressions on a design (n, p): one Newton step for each iteration."""

    def step(p: Parameters) -> tuple[float, np.ndarray, Parameters]:
        eta = x @ p["b"].T
        value, r = labels(np.log(p["w"]) + y[:, None] * eta - np.exp(eta) - gammaln(y + 1)[:, None])
        b = []
        for v, one, own in zip(r.T, eta.T, p["b"], strict=True):
            rate = np.exp(one)
            b.append(own + np.linalg.solve(x.T * (v * rate) @ x, x.T @ (v * (y - rate))))
        return value, r, {"w": r.mean(0), "b": np.array(b)}

    return step


def gaussian_chain(y: np.ndarray) -> Step:
    """A hidden Markov chain with normal emissions: forward and backward recursions, scaled."""

    def step(p: Parameters) -> tuple[float, np.ndarray, Parameters]:
        emitted = norm.pdf(y[:, None], p["mu"], p["sigma"])
        forward, scale = np.empty_like(emitted), np.empty(len(y))
        at = p["init"] * emitted[0]
        for t in range(len(y)):
            at = at if t == 0 else (forward[t - 1] @ p["P"]) * emitted[t]
            scale[t] = at.sum()
            forward[t] = at / scale[t]
        backward = np.ones_like(forward)
        for t in range(len(y) - 2, -1, -1):
            backward[t] = p["P"] @ (emitted[t + 1] * backward[t + 1]) / scale[t + 1]
        r = forward * backward
        later = emitted[1:] * backward[1:] / scale[1:, None]
        moves = p["P"] * (forward[:-1].T @ later)
        n = r.sum(0)
        mu = r.T @ y / n
        sigma = np.sqrt((r * (y[:, None] - mu) ** 2).sum(0) / n)
        then = {"init": r[0], "P": moves / moves.sum(1)[:, None], "mu": mu, "sigma": sigma}
        return float(np.log(scale).sum()), r, then

    return step


def free(parameters: Parameters, shared: bool) -> int:
    """Count what is estimated."""
    n = 0
    for name, value in parameters.items():
        if name in ("w", "init"):
            n += value.size - 1
        elif name == "P":
            n += value.size - len(value)
        elif name == "cov":
            d = value.shape[1]
            n += d * (d + 1) // 2 * (1 if shared else len(value))
        else:
            n += value.size
    return n
