"""Many rows, of which few are different: what is known of each depends on the counts alone.

Aliquot and pymc-extras are given the rows as they are. The others are given the counts, which is
how their models would be written by someone who minds the time.

``latent-classes-100000``: 100,000 respondents, ten questions that are answered by yes or no, three
classes; class k is that with the k-th lowest probability of a yes to the first question. There are
modes without mass: `start` is data, the logits at which peers that can be told start:

    share ~ Dirichlet(2, 2, 2);  p[k, j] ~ Uniform(0, 1), p[:, 0] in increasing order
    z[i] ~ share;  x[i, j] ~ Bernoulli(p[z[i], j])

``poisson-1000000``: a million counts, some sixty of which are different; peers start at `start`:

    weights ~ Dirichlet(2, 2, 2);  rates in increasing order, each Gamma(2, 0.1) (shape and rate)
    z[i] ~ weights;  y[i] ~ Poisson(rates[z[i]])
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, gammaln, log_expit, log_softmax, logsumexp

from benchmarks.peers.case import Case, Data
from benchmarks.peers.cases.files import counted, generator
from benchmarks.peers.importance import Density, moments

QUESTIONS = 10


def classes() -> Data:
    rng = generator(1010)
    p = np.array(
        [
            [0.10, 0.20, 0.15, 0.30, 0.25, 0.10, 0.40, 0.20, 0.35, 0.15],
            [0.45, 0.80, 0.30, 0.85, 0.20, 0.75, 0.60, 0.15, 0.90, 0.50],
            [0.85, 0.70, 0.90, 0.60, 0.80, 0.95, 0.75, 0.85, 0.65, 0.90],
        ]
    )
    z = rng.choice(3, size=100_000, p=[0.5, 0.2, 0.3])
    x = (rng.uniform(size=(100_000, QUESTIONS)) < p[z]).astype(np.int64)
    return {"x": x, "start": np.repeat([[-1.5], [0.0], [1.5]], QUESTIONS, axis=1)}


def classes_logits(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give logs of shares, logits of answers (n, 3, 10), and the log Jacobian of their order.

    Coordinates: log ratios of shares to the last; the lowest of the first logits and logs of the
    differences; the other logits.
    """
    n = len(points)
    log_share = log_softmax(np.concatenate([points[:, :2], np.zeros((n, 1))], 1), axis=1)
    gaps = np.concatenate([points[:, 2:3], np.exp(points[:, 3:5])], 1)
    first = np.cumsum(gaps, axis=1)
    rest = points[:, 5:].reshape(n, 3, QUESTIONS - 1)
    return log_share, np.concatenate([first[:, :, None], rest], 2), points[:, 3:5].sum(1)


def classes_density(data: Data) -> Density:
    different, counts = counted(data["x"])

    def log_density(points: np.ndarray) -> np.ndarray:
        log_share, logits, jacobian = classes_logits(points)
        yes, no = log_expit(logits), log_expit(-logits)
        jacobian = jacobian + (yes + no).sum((1, 2)) + log_share.sum(1)
        rows = yes @ different.T + no @ (1 - different).T + log_share[:, :, None]
        return np.asarray(logsumexp(rows, axis=1) @ counts + log_share.sum(1) + jacobian)

    def constrain(points: np.ndarray) -> dict[str, np.ndarray]:
        log_share, logits, _ = classes_logits(points)
        return {"share": np.exp(log_share), "p": expit(logits)}

    return Density(log_density, constrain)


def classes_reference(data: Data) -> dict[str, object]:
    # From where the peers start, and around it.
    rng = generator(1)
    starts = np.zeros((6, 32))
    starts[:, 2:5] = -1.5, np.log(1.5), np.log(1.5)
    starts[:, 5:] = data["start"][:, 1:].ravel()
    starts[1:] += 0.5 * rng.normal(size=(5, 32))
    return moments(classes_density(data), starts)


def counts() -> Data:
    rng = generator(60)
    z = rng.choice(3, size=1_000_000, p=[0.5, 0.3, 0.2])
    return {"y": rng.poisson(np.array([3.0, 11.0, 28.0])[z]), "start": np.array([2.0, 7.0, 17.0])}


def counts_density(data: Data) -> Density:
    values, times = counted(data["y"])

    def unpack(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        zero = np.zeros((len(points), 1))
        log_weights = log_softmax(np.concatenate([points[:, :2], zero], 1), axis=1)
        return log_weights, np.cumsum(np.exp(points[:, 2:]), axis=1)

    def log_density(points: np.ndarray) -> np.ndarray:
        log_weights, rates = unpack(points)
        rows = values * np.log(rates)[:, :, None] - rates[:, :, None] - gammaln(values + 1.0)
        total = logsumexp(rows + log_weights[:, :, None], axis=1) @ times
        prior = log_weights.sum(1) + np.log(rates).sum(1) - 0.1 * rates.sum(1)
        return np.asarray(total + prior + log_weights.sum(1) + points[:, 2:].sum(1))

    def constrain(points: np.ndarray) -> dict[str, np.ndarray]:
        log_weights, rates = unpack(points)
        return {"weights": np.exp(log_weights), "rates": rates}

    return Density(log_density, constrain)


def counts_reference(data: Data) -> dict[str, object]:
    lows = np.log(np.array([[2.0, 8.0, 20.0], [5.0, 5.0, 5.0], [1.0, 20.0, 20.0]]))
    return moments(counts_density(data), np.concatenate([np.zeros((3, 2)), lows], 1))


CASES = [
    Case(
        name="latent-classes-100000",
        title="three latent classes, ten items, n = 100,000",
        kind="nuts",
        data=classes,
        quantities=("share", "p"),
        independent=classes_reference,
        limit=600.0,
    ),
    Case(
        name="poisson-1000000",
        title="three Poisson components, n = 1,000,000",
        kind="nuts",
        data=counts,
        quantities=("weights", "rates"),
        independent=counts_reference,
        limit=600.0,
    ),
]
