"""Hidden Markov models and annotators: discrete variables that depend on one another.

``hmm-example``, posteriordb's: two states, unit noise, no term for the first state:

    theta[j] ~ Dirichlet(1, 1);  0 < mu[0] < mu[1], mu ~ Normal((3, 10), 1)
    p(y) = sum over z of prod_t Normal(y[t]; mu[z[t]], 1) prod_{t > 0} theta[z[t-1], z[t]]

Fitted by mean-field ADVI in the coordinates (logit theta[0, 0], logit theta[1, 0], log mu[0],
log(mu[1] - mu[0])).

``hmm-3x2000``; `start` is data, and where the means start:

    P[j] ~ Dirichlet(row j of 1 + 4 I);  means in increasing order, each Normal(0, 5)
    sigma[k] ~ HalfNormal(2);  z[0] uniform, z[t] ~ P[z[t-1]]
    y[t] ~ Normal(means[z[t]], sigma[z[t]])

``dawid-skene``, the judgements of Dawid and Skene (1979). Rows of data: item, annotator, label, all
from 0:

    share ~ Dirichlet(1, 1, 1, 1);  theta[a, k] ~ Dirichlet(row k of 1 + 2 I), shape (5, 4, 4)
    z[i] ~ share;  label[r] ~ theta[annotator[r], z[item[r]]]
"""

from __future__ import annotations

import numpy as np

from benchmarks.peers.case import Case, Data
from benchmarks.peers.cases.files import generator, moments, read, table
from benchmarks.peers.cases.rules import product_rule


def example() -> Data:
    return {"y": read("hmm_example")["y"]}


def example_reference(data: Data) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    return {
        "theta": moments("hmm_example", "theta1", "theta2"),
        "mu": moments("hmm_example", "mu"),
    }


def example_log_density(data: Data, points: np.ndarray) -> np.ndarray:
    """Evaluate the log density of ADVI's coordinates (n, 4), constants aside."""
    stay = np.log1p(np.exp(-points[:, :2]))  # minus the log of theta[:, 0]
    leave = points[:, :2] + stay  # minus the log of theta[:, 1]
    moves = np.exp(-np.stack([stay, leave], axis=-1))
    low = np.exp(points[:, 2])
    mu = np.stack([low, low + np.exp(points[:, 3])], axis=-1)
    emission = -0.5 * (data["y"][:, None, None] - mu) ** 2
    top = emission.max(-1)
    likely = np.exp(emission - top[..., None])
    total, at = top.sum(0), likely[0]
    for now in likely[1:]:
        at = (at[:, :1] * moves[:, 0] + at[:, 1:] * moves[:, 1]) * now
        size = at.sum(-1)
        total += np.log(size)
        at /= size[:, None]
    prior = -0.5 * ((mu - [3.0, 10.0]) ** 2).sum(-1)
    jacobian = points[:, 2:].sum(-1) - (stay + leave).sum(-1)
    return np.asarray(total + np.log(at.sum(-1)) + prior + jacobian)


def example_elbo(data: Data, mean: np.ndarray, sd: np.ndarray) -> float:
    """Compute the ELBO of independent Gaussians by Gauss and Hermite's rule."""
    points, weights = product_rule(8, 4)
    return float(weights @ example_log_density(data, mean + sd * points) + np.log(sd).sum())


def example_elbo_start(data: Data) -> tuple[np.ndarray, np.ndarray]:
    return np.array([0.5, -2.0, 1.1, 1.7]), np.array([0.3, 0.3, 0.03, 0.02])


def three_states() -> Data:
    rng = generator(3)
    moves = np.array([[0.92, 0.06, 0.02], [0.05, 0.90, 0.05], [0.04, 0.08, 0.88]])
    means, sigma = np.array([-2.0, 0.5, 3.0]), np.array([1.0, 0.7, 1.2])
    uniform, z = rng.uniform(size=2_000), np.zeros(2_000, dtype=np.int64)
    for t in range(1, 2_000):
        z[t] = np.searchsorted(np.cumsum(moves[z[t - 1]])[:-1], uniform[t])
    return {"y": rng.normal(means[z], sigma[z]), "start": np.array([-2.0, 0.0, 2.0])}


def annotators() -> Data:
    rows = table("dawid_skene_anesthesia")
    return {"item": rows[:, 0] - 1, "annotator": rows[:, 2] - 1, "label": rows[:, 3] - 1}


CASES = [
    Case(
        name="hmm-example",
        title="hidden Markov model, 2 states, 100 steps",
        kind="nuts",
        data=example,
        quantities=("theta", "mu"),
        reference=example_reference,
        fitted=True,
    ),
    Case(
        name="hmm-3x2000",
        title="hidden Markov model, 3 states, 2,000 steps",
        kind="nuts",
        data=three_states,
        quantities=("P", "means", "sigma"),
        from_start=True,
        limit=900.0,
    ),
    Case(
        name="dawid-skene",
        title="Dawid and Skene: 45 patients, 5 annotators",
        kind="nuts",
        data=annotators,
        quantities=("share", "theta"),
        limit=600.0,
    ),
]
ADVI = [
    Case(
        name="advi-hmm-example",
        title="ADVI, hidden Markov model, 2 states, 100 steps",
        kind="advi",
        data=example,
        chains=1,
        quantities=("theta", "mu"),
        group="advi",
        limit=900.0,
        elbo=example_elbo,
        elbo_start=example_elbo_start,
        logits=2,
    ),
]
