"""Hidden Markov models of two states that are long, many, or seen through channels of two scales.

``hmm-10000``, one sequence of 10,000 steps, and ``hmm-200x100``, 200 sequences of 100 steps with
the same parameters; t from 0:

    P[j] ~ Dirichlet(2, 2);  means in increasing order, each Normal(0, 5);  sigma[k] ~ HalfNormal(2)
    z[0] uniform, z[t] ~ P[z[t-1]];  y[t] ~ Normal(means[z[t]], sigma[z[t]])

``hmm-channels``, 416 steps seen twice, in units of 1 and of 0.01, with one prior for both. It has
modes without mass, and is not told where to start:

    P[j] ~ Dirichlet(1, 1);  mu[k, c] ~ Normal(0, 3), mu[0, 0] < mu[1, 0];  sd[k, c] ~ HalfNormal(2)
    z[0] uniform, z[t] ~ P[z[t-1]];  y[t, c] ~ Normal(mu[z[t], c], sd[z[t], c])
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, log_expit

from benchmarks.peers.case import Case, Data
from benchmarks.peers.cases.files import generator
from benchmarks.peers.importance import Density, moments

MOVES = np.array([[0.95, 0.05], [0.10, 0.90]])


def walk(rng: np.random.Generator, sequences: int, steps: int) -> np.ndarray:
    """Draw states (sequences, steps); the first is uniform."""
    uniform = rng.uniform(size=(sequences, steps))
    z = np.zeros((sequences, steps), dtype=np.int64)
    z[:, 0] = uniform[:, 0] > 0.5
    for t in range(1, steps):
        z[:, t] = uniform[:, t] > MOVES[z[:, t - 1], 0]
    return z


def long() -> Data:
    rng = generator(10_000)
    z = walk(rng, 1, 10_000)[0]
    return {"y": rng.normal(np.array([-1.0, 1.5])[z], np.array([1.0, 0.8])[z])}


def many() -> Data:
    rng = generator(200)
    z = walk(rng, 200, 100)
    return {"y": rng.normal(np.array([-1.0, 1.5])[z], np.array([1.0, 0.8])[z])}


def channels() -> Data:
    rng = generator(416)
    z = walk(rng, 1, 416)[0]
    means = np.array([[-1.2, 0.016], [1.4, -0.013]])
    sigma = np.array([[0.7, 0.008], [0.9, 0.006]])
    return {"y": rng.normal(means[z], sigma[z])}


def paths(emission: np.ndarray, to_one: np.ndarray) -> np.ndarray:
    """Sum over all paths of sequences by the forward recursion in NumPy: (points,).

    `emission` is (points, sequences, steps, 2), on the log scale; `to_one` (points, 2) are the
    probabilities of a move to state 1.
    """
    top = emission.max(-1)
    likely = np.exp(emission - top[..., None])
    on = 0.5 * likely[:, :, 0]
    total = top.sum((1, 2))
    for t in range(1, emission.shape[2]):
        size = on.sum(-1)
        total += np.log(size).sum(1)
        one = (on * to_one[:, None]).sum(-1)
        on = np.stack([size - one, one], -1) * likely[:, :, t] / size[..., None]
    return np.asarray(total + np.log(on.sum(-1)).sum(1))


def gaussians(y: np.ndarray, means: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Evaluate log densities of y (...) for states: means and sigma are (points, 2)."""
    shape = (len(means), *[1] * y.ndim, 2)
    means, sigma = means.reshape(shape), sigma.reshape(shape)
    return -0.5 * ((y[..., None] - means) / sigma) ** 2 - np.log(sigma)


def prior(points: np.ndarray, at: int, more: float, wide: float) -> np.ndarray:
    """Sum what is before the data: moves, ordered means (points, at), other means, then scales.

    Coordinates: logits of a move to state 1, the lower mean, the log of the difference, other
    means up to `at`, logs of scales. `more` is what Dirichlet's parameters are more than 1.
    """
    logits, sigma = points[:, :2], np.exp(points[:, at:])
    low = points[:, 2:3]
    means = np.concatenate([low, low + np.exp(points[:, 3:4]), points[:, 4:at]], 1)
    total = (1.0 + more) * (log_expit(logits) + log_expit(-logits)).sum(1) + points[:, 3]
    total += -0.5 * (means**2).sum(1) / wide**2
    return np.asarray(total - 0.5 * (sigma**2).sum(1) / 4.0 + points[:, at:].sum(1))


def matrix(points: np.ndarray) -> np.ndarray:
    """Give the matrices of moves."""
    one = expit(points[:, :2])
    return np.stack([1.0 - one, one], -1)


def ordered(points: np.ndarray) -> np.ndarray:
    return np.stack([points[:, 2], points[:, 2] + np.exp(points[:, 3])], 1)


def one_channel(data: Data) -> Density:
    """Sum over paths by the recursion, a few points at a time where there are many steps."""
    y = np.atleast_2d(data["y"])

    def log_density(points: np.ndarray) -> np.ndarray:
        total = []
        for some in np.array_split(points, len(points) // 200 + 1):
            emission = gaussians(y, ordered(some), np.exp(some[:, 4:]))
            total.append(paths(emission, expit(some[:, :2])) + prior(some, 4, 1.0, 5.0))
        return np.concatenate(total)

    def constrain(points: np.ndarray) -> dict[str, np.ndarray]:
        return {"P": matrix(points), "means": ordered(points), "sigma": np.exp(points[:, 4:])}

    return Density(log_density, constrain)


def one_channel_reference(data: Data) -> dict[str, object]:
    starts = np.array([[-2.0, 2.0, -1.0, 0.7, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.5, -0.5]])
    return moments(one_channel(data), starts, count=20_000)


def two_channels(data: Data) -> Density:
    y = data["y"][None]

    def log_density(points: np.ndarray) -> np.ndarray:
        low, other = ordered(points), points[:, 4:6]
        sd = np.exp(points[:, 6:])
        emission = gaussians(y[..., 0], low, sd[:, 0::2]) + gaussians(y[..., 1], other, sd[:, 1::2])
        return paths(emission, expit(points[:, :2])) + prior(points, 6, 0.0, 3.0)

    def constrain(points: np.ndarray) -> dict[str, np.ndarray]:
        mu = np.stack([ordered(points), points[:, 4:6]], -1)
        return {"P": matrix(points), "mu": mu, "sd": np.exp(points[:, 6:]).reshape(-1, 2, 2)}

    return Density(log_density, constrain)


def two_channels_reference(data: Data) -> dict[str, object]:
    # From about the truth, and from all over where anyone might start.
    rng = generator(1)
    true = np.array([-3.0, 2.2, -1.2, 1.0, 0.016, -0.013, -0.4, -4.8, -0.1, -5.1])
    wide = rng.uniform(-2.0, 2.0, (30, 10))
    wide[10:, [7, 9]] -= 4.0
    wide[10:, 4:6] *= 0.01
    return moments(two_channels(data), np.concatenate([true[None], wide]), chunk=500)


CASES = [
    Case(
        name="hmm-10000",
        title="hidden Markov model, 2 states, 10,000 steps",
        kind="nuts",
        data=long,
        quantities=("P", "means", "sigma"),
        independent=one_channel_reference,
        limit=600.0,
    ),
    Case(
        name="hmm-200x100",
        title="hidden Markov model, 2 states, 200 sequences of 100 steps",
        kind="nuts",
        data=many,
        quantities=("P", "means", "sigma"),
        independent=one_channel_reference,
        limit=600.0,
    ),
    Case(
        name="hmm-channels",
        title="hidden Markov model, 2 states, channels in units of 1 and 0.01",
        kind="nuts",
        data=channels,
        quantities=("P", "mu", "sd"),
        independent=two_channels_reference,
        limit=600.0,
    ),
]
