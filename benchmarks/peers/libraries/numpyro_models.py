"""The cases as NumPyro models.

Ordered parameters are `ImproperUniform` on their support with their prior as a factor, since an
`OrderedTransform` of independent normals would be another density. Mixtures and hidden Markov
models are factors as well: faster than `MixtureSameFamily` and a scan in logs, and the same.
"""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jax import Array
from jax.nn import softplus
from numpyro.distributions import constraints
from numpyro.infer import init_to_uniform, init_to_value

from benchmarks.peers.cases.files import counted
from benchmarks.peers.libraries import jax_terms as terms

Data = dict[str, np.ndarray]
Model = Callable[[], None]
Made = tuple[Model, Callable]
"""A model, and how it is started."""


def ordered(name: str, mean: object, sd: float, size: int) -> Array:
    """Declare normal variables in increasing order."""
    support = constraints.ordered_vector
    value = numpyro.sample(name, dist.ImproperUniform(support, (), (size,)))
    numpyro.factor(f"{name} prior", dist.Normal(mean, sd).log_prob(value).sum())
    return value


def classic(data: Data) -> Made:
    y = jnp.asarray(data["y"])

    def model() -> None:
        means = ordered("means", 0.0, 10.0, 2)
        numpyro.factor("y", terms.two_normals(y, means))

    return model, init_to_uniform


def low_dim(data: Data) -> Made:
    y = jnp.asarray(data["y"])

    def model() -> None:
        mu = ordered("mu", 0.0, 2.0, 2)
        sigma = numpyro.sample("sigma", dist.HalfNormal(2.0).expand([2]))
        theta = numpyro.sample("theta", dist.Beta(5.0, 5.0))
        weights = jnp.stack([jnp.log(theta), jnp.log1p(-theta)])
        numpyro.factor("y", terms.normal_mixture(y, weights, mu, sigma))

    return model, init_to_uniform


def mixture_10(data: Data) -> Made:
    y, centres = jnp.asarray(data["y"]), jnp.asarray(data["centres"])

    def model() -> None:
        weights = numpyro.sample("weights", dist.Dirichlet(jnp.full(10, 2.0)))
        means = ordered("means", centres, 1.0, 10)
        sigma = numpyro.sample("sigma", dist.HalfNormal(1.0).expand([10]))
        numpyro.factor("y", terms.normal_mixture(y, jnp.log(weights), means, sigma))

    return model, init_to_value(values={"means": centres})


def mixture_5d(data: Data) -> Made:
    y, start = jnp.asarray(data["y"].T), jnp.asarray(data["start"])
    row, column = np.tril_indices(5, -1)

    def model() -> None:
        weights = numpyro.sample("weights", dist.Dirichlet(jnp.full(4, 2.0)))
        first = ordered("first", 0.0, 5.0, 4)
        rest = numpyro.sample("rest", dist.Normal(0.0, 5.0).expand([4, 4]))
        scales = numpyro.sample("scales", dist.HalfNormal(2.0).expand([4, 5]))
        factor = numpyro.sample("factor", dist.LKJCholesky(5, 2.0).expand([4]))
        means = jnp.concatenate([first[:, None], rest], axis=1)
        log_weights = jnp.log(weights)
        numpyro.factor("y", terms.full_mixture(y, log_weights, means, scales[:, :, None] * factor))
        numpyro.deterministic("means", means)
        correlation = factor @ factor.transpose(0, 2, 1)
        numpyro.deterministic("correlations", correlation[:, row, column])

    begin = {"first": start[:, 0], "rest": start[:, 1:], "scales": jnp.ones((4, 5))}
    return model, init_to_value(values=begin | {"factor": jnp.stack([jnp.eye(5)] * 4)})


def hmm_example(data: Data) -> Made:
    y = jnp.asarray(data["y"])

    def model() -> None:
        theta = numpyro.sample("theta", dist.Dirichlet(jnp.ones((2, 2))).to_event(1))
        # Differences take half the steps of `positive_ordered_vector`, which is a log of both.
        gaps = numpyro.sample("gaps", dist.ImproperUniform(constraints.positive, (), (2,)))
        mu = numpyro.deterministic("mu", jnp.cumsum(gaps))
        numpyro.factor("prior", dist.Normal(jnp.array([3.0, 10.0]), 1.0).log_prob(mu).sum())
        numpyro.factor("y", terms.markov_chain(-0.5 * (y[:, None] - mu) ** 2, theta))

    return model, init_to_uniform


def hmm_3x2000(data: Data) -> Made:
    y, start = jnp.asarray(data["y"]), jnp.asarray(data["start"])

    def model() -> None:
        moves = numpyro.sample("P", dist.Dirichlet(1.0 + 4.0 * jnp.eye(3)).to_event(1))
        means = ordered("means", 0.0, 5.0, 3)
        sigma = numpyro.sample("sigma", dist.HalfNormal(2.0).expand([3]))
        emission = -0.5 * ((y[:, None] - means) / sigma) ** 2 - jnp.log(sigma)
        numpyro.factor("y", terms.markov_chain(emission, moves))

    return model, init_to_value(values={"means": start})


def dawid_skene(data: Data) -> Made:
    counts = np.zeros((data["item"].max() + 1, 5, 4))
    np.add.at(counts, (data["item"], data["annotator"], data["label"]), 1.0)
    table = jnp.asarray(counts.reshape(len(counts), -1))

    def model() -> None:
        share = numpyro.sample("share", dist.Dirichlet(jnp.ones(4)))
        prior = dist.Dirichlet(1.0 + 2.0 * jnp.eye(4)).expand([5, 4]).to_event(2)
        theta = numpyro.sample("theta", prior)
        numpyro.factor("label", terms.annotators(table, jnp.log(share), jnp.log(theta)))

    # At the mean of the prior: from random values a chain may end with its labels switched.
    begin = jnp.stack([(1.0 + 2.0 * jnp.eye(4)) / 6.0] * 5)
    return model, init_to_value(values={"theta": begin})


def eight_schools(data: Data) -> Made:
    y, sigma = jnp.asarray(data["y"]), jnp.asarray(data["sigma"])

    def model() -> None:
        mu = numpyro.sample("mu", dist.Normal(0.0, 5.0))
        tau = numpyro.sample("tau", dist.HalfCauchy(5.0))
        shifts = numpyro.sample("shifts", dist.Normal(0.0, 1.0).expand([8]))
        theta = numpyro.deterministic("theta", mu + tau * shifts)
        numpyro.sample("y", dist.Normal(theta, sigma), obs=y)

    return model, init_to_uniform


def hierarchical_logistic(data: Data) -> Made:
    x, group, y = jnp.asarray(data["x"]), jnp.asarray(data["group"]), jnp.asarray(data["y"])

    def model() -> None:
        alpha = numpyro.sample("alpha", dist.Normal(0.0, 2.0))
        sigma = numpyro.sample("sigma", dist.HalfNormal(1.0))
        shifts = numpyro.sample("shifts", dist.Normal(0.0, 1.0).expand([43]))
        beta = numpyro.sample("beta", dist.Normal(0.0, 1.0).expand([5]))
        intercepts = numpyro.deterministic("intercepts", alpha + sigma * shifts)
        numpyro.sample("y", dist.Bernoulli(logits=intercepts[group] + x @ beta), obs=y)

    return model, init_to_uniform


def latent_classes(data: Data) -> Made:
    patterns, counts = (jnp.asarray(value, float) for value in counted(data["x"]))

    def model() -> None:
        share = numpyro.sample("share", dist.Dirichlet(jnp.full(3, 2.0)))
        # Uniform probabilities by their logits, of which the first ones are ordered.
        first = numpyro.sample("first", dist.ImproperUniform(constraints.ordered_vector, (), (3,)))
        rest = numpyro.sample("rest", dist.ImproperUniform(constraints.real, (), (3, 9)))
        logits = jnp.concatenate([first[:, None], rest], axis=1)
        soft = softplus(logits)
        yes, no = logits - soft, -soft
        numpyro.factor("prior", (yes + no).sum())
        numpyro.factor("x", terms.answers(patterns, counts, jnp.log(share), yes, no))
        numpyro.deterministic("p", jnp.exp(yes))

    start = data["start"]
    return model, init_to_value(values={"first": start[:, 0], "rest": start[:, 1:]})


def poisson(data: Data) -> Made:
    values, counts = (jnp.asarray(value, float) for value in counted(data["y"]))

    def model() -> None:
        weights = numpyro.sample("weights", dist.Dirichlet(jnp.full(3, 2.0)))
        gaps = numpyro.sample("gaps", dist.ImproperUniform(constraints.positive, (), (3,)))
        rates = numpyro.deterministic("rates", jnp.cumsum(gaps))
        numpyro.factor("prior", dist.Gamma(2.0, 0.1).log_prob(rates).sum())
        numpyro.factor("y", terms.poisson_mixture(values, counts, jnp.log(weights), rates))

    gaps = np.diff(data["start"], prepend=0.0)
    return model, init_to_value(values={"gaps": gaps})


def hmm(data: Data) -> Made:
    y = jnp.asarray(data["y"])

    def model() -> None:
        moves = numpyro.sample("P", dist.Dirichlet(jnp.full((2, 2), 2.0)).to_event(1))
        means = ordered("means", 0.0, 5.0, 2)
        sigma = numpyro.sample("sigma", dist.HalfNormal(2.0).expand([2]))
        numpyro.factor("y", terms.two_states(y, means, sigma, moves))

    return model, init_to_uniform


def hmm_channels(data: Data) -> Made:
    y = jnp.asarray(data["y"])

    def model() -> None:
        moves = numpyro.sample("P", dist.Dirichlet(jnp.ones((2, 2))).to_event(1))
        low = ordered("low", 0.0, 3.0, 2)
        other = numpyro.sample("other", dist.Normal(0.0, 3.0).expand([2]))
        mu = numpyro.deterministic("mu", jnp.stack([low, other], axis=1))
        sd = numpyro.sample("sd", dist.HalfNormal(2.0).expand([2, 2]))
        numpyro.factor("y", terms.markov_chain(terms.normal_states(y, mu, sd), moves))

    return model, init_to_uniform


def sticks(data: Data) -> Made:
    y, at = jnp.asarray(data["y"]), jnp.asarray(data["at"])

    def model() -> None:
        alpha = numpyro.sample("alpha", dist.Gamma(2.0, 2.0))
        # Beta(1, alpha) by its logits: as probabilities sticks are rounded to 1.
        logits = numpyro.sample("logits", dist.ImproperUniform(constraints.real, (), (29,)))
        log_left = -softplus(logits)
        log_v = logits + log_left
        numpyro.factor("v", (jnp.log(alpha) + alpha * log_left + log_v).sum())
        mu = numpyro.sample("mu", dist.Normal(0.0, 1.0).expand([30]))
        tau = numpyro.sample("tau", dist.Gamma(3.0, 0.5).expand([30]))
        log_weights = terms.sticks(log_v, log_left)
        numpyro.factor("y", terms.normal_mixture(y, log_weights, mu, 1.0 / jnp.sqrt(tau)))
        numpyro.deterministic("density", terms.mixture_density(at, log_weights, mu, tau))

    return model, init_to_uniform


def gaussian_100(data: Data) -> Made:
    mean, precision = jnp.asarray(data["mean"]), jnp.asarray(np.linalg.inv(data["covariance"]))

    def model() -> None:
        # A product with the precision: a third of the time of `MultivariateNormal`'s solve.
        x = numpyro.sample("x", dist.ImproperUniform(constraints.real_vector, (), (100,)))
        numpyro.factor("density", -0.5 * (x - mean) @ (precision @ (x - mean)))

    return model, init_to_uniform


MODELS: dict[str, Callable[[Data], Made]] = {
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
