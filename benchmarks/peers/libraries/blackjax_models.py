"""The cases as log densities for BlackJAX, of a vector of numbers without bounds.

`Model.density` is the log density with the Jacobian of `Model.constrain`, which gives the case's
quantities; both share the unpacking, where each transform gives its own log Jacobian.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from benchmarks.peers.cases.files import counted
from benchmarks.peers.libraries import jax_terms as terms

Data = dict[str, np.ndarray]


class Model(NamedTuple):
    """A density, what is compared, and where chains start."""

    density: Callable[[Array], Array]
    constrain: Callable[[Array], dict[str, Array]]
    size: int
    start: np.ndarray | None = None
    """Not a number where a start is drawn from Uniform(-2, 2), as all are if this is None."""


def ordered(u: Array) -> tuple[Array, Array]:
    """Map to increasing order: the first value, then logs of the differences."""
    return jnp.cumsum(jnp.concatenate([u[:1], jnp.exp(u[1:])])), u[1:].sum()


def unordered(values: np.ndarray) -> np.ndarray:
    """Undo `ordered`."""
    return np.concatenate([values[:1], np.log(np.diff(values))])


def log_simplex(u: Array) -> tuple[Array, Array]:
    """Map the last axis to logs of probabilities: log ratios to the last of them."""
    logs = jax.nn.log_softmax(jnp.concatenate([u, jnp.zeros((*u.shape[:-1], 1))], -1))
    return logs, logs.sum()


def half_normal(u: Array, sd: float) -> tuple[Array, Array]:
    """Map logs to positive values, and give their prior with the Jacobian."""
    value = jnp.exp(u)
    return value, -0.5 * ((value / sd) ** 2).sum() + u.sum()


def normal(value: Array, mean: object, sd: float) -> Array:
    return -0.5 * (((value - mean) / sd) ** 2).sum()


def correlation_factor(u: Array) -> tuple[Array, Array]:
    """Map to Cholesky factors of correlation matrices, under LKJ(2), from partial correlations.

    u is (components, d (d - 1) / 2), below the diagonal by rows; d = 5.
    """
    partial = jnp.tanh(u)
    density, at, rows = jnp.zeros(()), 0, []
    for i in range(5):
        left, row = jnp.ones(len(u)), []
        for _ in range(i):
            z = partial[:, at]
            row.append(z * jnp.sqrt(left))
            # Of tanh, and of the scaling by what is left of the row.
            density += (jnp.log1p(-(z**2)) + 0.5 * jnp.log(left)).sum()
            left *= 1.0 - z**2
            at += 1
        if i:
            # LKJ of a factor: diagonal elements to the power d - 1 - i + 2 (eta - 1).
            density += (4 - i + 2) * 0.5 * jnp.log(left).sum()
        zeros = [jnp.zeros(len(u))] * (4 - i)
        rows.append(jnp.stack([*row, jnp.sqrt(left), *zeros], -1))
    return jnp.stack(rows, 1), density


def classic(data: Data) -> Model:
    y = jnp.asarray(data["y"])

    def density(u: Array) -> Array:
        means, jacobian = ordered(u)
        return terms.two_normals(y, means) + normal(means, 0.0, 10.0) + jacobian

    return Model(density, lambda u: {"means": ordered(u)[0]}, 2)


def low_dim(data: Data) -> Model:
    y = jnp.asarray(data["y"])

    def density(u: Array) -> Array:
        mu, total = ordered(u[:2])
        sigma, prior = half_normal(u[2:4], 2.0)
        weights = -jax.nn.softplus(jnp.stack([-u[4], u[4]]))
        total += prior + normal(mu, 0.0, 2.0) + 5.0 * weights.sum()
        return total + terms.normal_mixture(y, weights, mu, sigma)

    def constrain(u: Array) -> dict[str, Array]:
        return {"mu": ordered(u[:2])[0], "sigma": jnp.exp(u[2:4]), "theta": jax.nn.sigmoid(u[4])}

    return Model(density, constrain, 5)


def mixture_10(data: Data) -> Model:
    y, centres = jnp.asarray(data["y"]), jnp.asarray(data["centres"])

    def density(u: Array) -> Array:
        log_weights, jacobian = log_simplex(u[:9])
        means, total = ordered(u[9:19])
        sigma, prior = half_normal(u[19:], 1.0)
        total += jacobian + log_weights.sum() + normal(means, centres, 1.0) + prior
        return total + terms.normal_mixture(y, log_weights, means, sigma)

    def constrain(u: Array) -> dict[str, Array]:
        weights = jnp.exp(log_simplex(u[:9])[0])
        return {"weights": weights, "means": ordered(u[9:19])[0], "sigma": jnp.exp(u[19:])}

    start = np.full(29, np.nan)
    start[9:19] = unordered(data["centres"])
    return Model(density, constrain, 29, start)


def mixture_5d(data: Data) -> Model:
    y = jnp.asarray(data["y"].T)
    row, column = np.tril_indices(5, -1)

    def unpack(u: Array) -> tuple[Array, Array, Array, Array, Array]:
        log_weights, total = log_simplex(u[:3])
        first, jacobian = ordered(u[3:7])
        means = jnp.concatenate([first[:, None], u[7:23].reshape(4, 4)], axis=1)
        scales, prior = half_normal(u[23:43].reshape(4, 5), 2.0)
        factor, lkj = correlation_factor(u[43:].reshape(4, 10))
        total += jacobian + prior + lkj + log_weights.sum() + normal(means, 0.0, 5.0)
        return log_weights, means, scales, factor, total

    def density(u: Array) -> Array:
        log_weights, means, scales, factor, total = unpack(u)
        return total + terms.full_mixture(y, log_weights, means, scales[:, :, None] * factor)

    def constrain(u: Array) -> dict[str, Array]:
        log_weights, means, scales, factor, _ = unpack(u)
        correlations = (factor @ factor.transpose(0, 2, 1))[:, row, column]
        weights = jnp.exp(log_weights)
        return {"weights": weights, "means": means, "scales": scales, "correlations": correlations}

    start = np.full(83, np.nan)
    start[3:7], start[7:23] = unordered(data["start"][:, 0]), data["start"][:, 1:].ravel()
    start[23:] = 0.0  # scales of 1, nothing correlated
    return Model(density, constrain, 83, start)


def hmm_example(data: Data) -> Model:
    y = jnp.asarray(data["y"])

    def unpack(u: Array) -> tuple[Array, Array, Array]:
        moves, jacobian = log_simplex(u[:2].reshape(2, 1))
        mu = jnp.cumsum(jnp.exp(u[2:]))  # positive and in increasing order
        return jnp.exp(moves), mu, jacobian + u[2:].sum()

    def density(u: Array) -> Array:
        moves, mu, total = unpack(u)
        total += normal(mu, jnp.array([3.0, 10.0]), 1.0)
        return total + terms.markov_chain(-0.5 * (y[:, None] - mu) ** 2, moves)

    def constrain(u: Array) -> dict[str, Array]:
        moves, mu, _ = unpack(u)
        return {"theta": moves, "mu": mu}

    return Model(density, constrain, 4)


def hmm_3x2000(data: Data) -> Model:
    y, prior = jnp.asarray(data["y"]), 4.0 * jnp.eye(3)

    def density(u: Array) -> Array:
        moves, total = log_simplex(u[:6].reshape(3, 2))
        means, jacobian = ordered(u[6:9])
        sigma, scale_prior = half_normal(u[9:], 2.0)
        total += jacobian + scale_prior + (prior * moves).sum() + normal(means, 0.0, 5.0)
        emission = -0.5 * ((y[:, None] - means) / sigma) ** 2 - jnp.log(sigma)
        return total + terms.markov_chain(emission, jnp.exp(moves))

    def constrain(u: Array) -> dict[str, Array]:
        moves = jnp.exp(log_simplex(u[:6].reshape(3, 2))[0])
        return {"P": moves, "means": ordered(u[6:9])[0], "sigma": jnp.exp(u[9:])}

    start = np.full(12, np.nan)
    start[6:9] = unordered(data["start"])
    return Model(density, constrain, 12, start)


def dawid_skene(data: Data) -> Model:
    counts = np.zeros((data["item"].max() + 1, 5, 4))
    np.add.at(counts, (data["item"], data["annotator"], data["label"]), 1.0)
    table, prior = jnp.asarray(counts.reshape(len(counts), -1)), 2.0 * jnp.eye(4)

    def unpack(u: Array) -> tuple[Array, Array, Array]:
        share, jacobian = log_simplex(u[:3])
        theta, more = log_simplex(u[3:].reshape(5, 4, 3))
        return share, theta, jacobian + more

    def density(u: Array) -> Array:
        share, theta, total = unpack(u)
        return total + (prior * theta).sum() + terms.annotators(table, share, theta)

    def constrain(u: Array) -> dict[str, Array]:
        share, theta, _ = unpack(u)
        return {"share": jnp.exp(share), "theta": jnp.exp(theta)}

    # At the mean of the prior: from random values a chain may end with its labels switched.
    start = np.full(63, np.nan)
    begin = np.log(1.0 + 2.0 * np.eye(4))
    start[3:] = np.stack([(begin - begin[:, -1:])[:, :3]] * 5).ravel()
    return Model(density, constrain, 63, start)


def eight_schools(data: Data) -> Model:
    y, sigma = jnp.asarray(data["y"]), jnp.asarray(data["sigma"])

    def constrain(u: Array) -> dict[str, Array]:
        tau = jnp.exp(u[1])
        return {"mu": u[0], "tau": tau, "theta": u[0] + tau * u[2:]}

    def density(u: Array) -> Array:
        at = constrain(u)
        cauchy = -jnp.log1p((at["tau"] / 5.0) ** 2) + u[1]
        prior = normal(u[0], 0.0, 5.0) + normal(u[2:], 0.0, 1.0)
        return prior + cauchy - 0.5 * (((y - at["theta"]) / sigma) ** 2).sum()

    return Model(density, constrain, 10)


def hierarchical_logistic(data: Data) -> Model:
    x, group = jnp.asarray(data["x"]), jnp.asarray(data["group"])
    y = jnp.asarray(data["y"], float)

    def constrain(u: Array) -> dict[str, Array]:
        alpha, sigma = u[0], jnp.exp(u[1])
        return {"alpha": alpha, "sigma": sigma, "beta": u[2:7], "intercepts": alpha + sigma * u[7:]}

    def density(u: Array) -> Array:
        at = constrain(u)
        prior = half_normal(u[1], 1.0)[1] + normal(u[0], 0.0, 2.0) + normal(u[2:], 0.0, 1.0)
        return prior + terms.bernoulli_logits(y, at["intercepts"][group] + x @ at["beta"])

    return Model(density, constrain, 50)


def latent_classes(data: Data) -> Model:
    patterns, counts = (jnp.asarray(value, float) for value in counted(data["x"]))

    def unpack(u: Array) -> tuple[Array, Array, Array]:
        log_share, total = log_simplex(u[:2])
        first, jacobian = ordered(u[2:5])
        logits = jnp.concatenate([first[:, None], u[5:].reshape(3, -1)], axis=1)
        return log_share, logits, total + jacobian

    def density(u: Array) -> Array:
        log_share, logits, total = unpack(u)
        soft = jax.nn.softplus(logits)
        yes, no = logits - soft, -soft
        total += log_share.sum() + (yes + no).sum()
        return total + terms.answers(patterns, counts, log_share, yes, no)

    def constrain(u: Array) -> dict[str, Array]:
        log_share, logits, _ = unpack(u)
        return {"share": jnp.exp(log_share), "p": jax.nn.sigmoid(logits)}

    start = np.full(32, np.nan)
    start[2:5], start[5:] = unordered(data["start"][:, 0]), data["start"][:, 1:].ravel()
    return Model(density, constrain, 32, start)


def poisson(data: Data) -> Model:
    values, counts = (jnp.asarray(value, float) for value in counted(data["y"]))

    def density(u: Array) -> Array:
        log_weights, total = log_simplex(u[:2])
        rates = jnp.cumsum(jnp.exp(u[2:]))
        total += u[2:].sum() + log_weights.sum() + (jnp.log(rates) - 0.1 * rates).sum()
        return total + terms.poisson_mixture(values, counts, log_weights, rates)

    def constrain(u: Array) -> dict[str, Array]:
        return {"weights": jnp.exp(log_simplex(u[:2])[0]), "rates": jnp.cumsum(jnp.exp(u[2:]))}

    # Positive and in increasing order: logs of the differences, from zero on.
    start = np.append(np.full(2, np.nan), np.log(np.diff(data["start"], prepend=0.0)))
    return Model(density, constrain, 5, start)


def hmm(data: Data) -> Model:
    y = jnp.asarray(data["y"])

    def density(u: Array) -> Array:
        moves, total = log_simplex(u[:2].reshape(2, 1))
        means, jacobian = ordered(u[2:4])
        sigma, prior = half_normal(u[4:], 2.0)
        total += jacobian + prior + moves.sum() + normal(means, 0.0, 5.0)
        return total + terms.two_states(y, means, sigma, jnp.exp(moves))

    def constrain(u: Array) -> dict[str, Array]:
        moves = jnp.exp(log_simplex(u[:2].reshape(2, 1))[0])
        return {"P": moves, "means": ordered(u[2:4])[0], "sigma": jnp.exp(u[4:])}

    return Model(density, constrain, 6)


def hmm_channels(data: Data) -> Model:
    y = jnp.asarray(data["y"])

    def unpack(u: Array) -> tuple[Array, Array, Array, Array]:
        moves, total = log_simplex(u[:2].reshape(2, 1))
        low, jacobian = ordered(u[2:4])
        sd, prior = half_normal(u[6:].reshape(2, 2), 2.0)
        mu = jnp.stack([low, u[4:6]], axis=1)
        return jnp.exp(moves), mu, sd, total + jacobian + prior

    def density(u: Array) -> Array:
        moves, mu, sd, total = unpack(u)
        emission = terms.normal_states(y, mu, sd)
        return total + normal(mu, 0.0, 3.0) + terms.markov_chain(emission, moves)

    def constrain(u: Array) -> dict[str, Array]:
        moves, mu, sd, _ = unpack(u)
        return {"P": moves, "mu": mu, "sd": sd}

    return Model(density, constrain, 10)


def sticks(data: Data) -> Model:
    y, at = jnp.asarray(data["y"]), jnp.asarray(data["at"])

    def unpack(u: Array) -> tuple[Array, Array, Array, Array, Array]:
        log_left = -jax.nn.softplus(u[1:30])
        return jnp.exp(u[0]), u[1:30] + log_left, log_left, u[30:60], jnp.exp(u[60:])

    def density(u: Array) -> Array:
        alpha, log_v, log_left, mu, tau = unpack(u)
        total = 2.0 * u[0] - 2.0 * alpha  # Gammas with the Jacobian of a log
        total += (u[0] + alpha * log_left + log_v).sum()
        total += normal(mu, 0.0, 1.0) + (3.0 * u[60:] - 0.5 * tau).sum()
        log_weights = terms.sticks(log_v, log_left)
        return total + terms.normal_mixture(y, log_weights, mu, jnp.exp(-0.5 * u[60:]))

    def constrain(u: Array) -> dict[str, Array]:
        alpha, log_v, log_left, mu, tau = unpack(u)
        log_weights = terms.sticks(log_v, log_left)
        return {"alpha": alpha, "density": terms.mixture_density(at, log_weights, mu, tau)}

    return Model(density, constrain, 90)


def gaussian_100(data: Data) -> Model:
    mean, precision = jnp.asarray(data["mean"]), jnp.asarray(np.linalg.inv(data["covariance"]))

    def density(u: Array) -> Array:
        return -0.5 * (u - mean) @ (precision @ (u - mean))

    return Model(density, lambda u: {"x": u}, 100)


MODELS: dict[str, Callable[[Data], Model]] = {
    "classic": classic,
    "low-dim-gauss-mix": low_dim,
    "mixture-10": mixture_10,
    "mixture-5d": mixture_5d,
    "hmm-example": hmm_example,
    "hmm-3x2000": hmm_3x2000,
    "dawid-skene": dawid_skene,
    "eight-schools": eight_schools,
    "hierarchical-logistic": hierarchical_logistic,
    "gaussian-100": gaussian_100,
    "latent-classes-100000": latent_classes,
    "poisson-1000000": poisson,
    "hmm-10000": hmm,
    "hmm-200x100": hmm,
    "hmm-channels": hmm_channels,
    "sticks-faithful": sticks,
}
