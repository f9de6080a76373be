"""Models too large to enumerate, each with its log density written out by hand.

All parameters are normal, so that the flat vector holds them as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.nn import log_sigmoid, log_softmax
from jax.scipy.special import logsumexp
from jax.scipy.stats import norm, poisson

import aliquot as aq


@dataclass(frozen=True)
class Large:
    """A model, and its log density as a JAX function of the flat vector (of size `size`)."""

    name: str
    build: Callable[[], aq.Model]
    log_density: Callable[[Any], Any]
    size: int


LARGE: list[Large] = []


def large(size: int, log_density: Callable[[Any], Any]) -> Callable[[Callable[[], None]], None]:
    def add(write: Callable[[], None]) -> None:
        def build() -> aq.Model:
            with aq.Model() as model:
                write()
            return model

        LARGE.append(Large(write.__name__, build, log_density, size))

    return add


def prior(flat: Any) -> Any:
    return jnp.sum(norm.logpdf(flat))


def forward(log_init: Any, log_P: Any, log_emission: Any) -> Any:
    """The log of the sum over all paths: log_emission (steps, S); log_P (S, S) or by step."""

    def step(alpha: Any, inputs: Any) -> tuple[Any, None]:
        table, emission = inputs
        return logsumexp(alpha[:, None] + table, axis=0) + emission, None

    tables = jnp.broadcast_to(log_P, (len(log_emission) - 1, *log_P.shape[-2:]))
    alpha, _ = jax.lax.scan(step, log_init + log_emission[0], (tables, log_emission[1:]))
    return logsumexp(alpha)


RNG = np.random.default_rng(11)
ROWS = 3000
Y = RNG.normal(size=ROWS) * 1.5
GROUP = np.sort(RNG.integers(0, 150, 1000))[RNG.permutation(1000)]
COUNTS = RNG.poisson(np.where(np.arange(500) < 180, 3.0, 1.0))
STEPS = 600
SERIES = np.repeat(RNG.normal(size=STEPS // 20) * 2, 20) + RNG.normal(size=STEPS) * 0.5


def _mixture(flat: Any) -> Any:
    rows = log_softmax(flat[:3]) + norm.logpdf(Y[:, None], flat[3:], 0.8)
    return prior(flat) + jnp.sum(logsumexp(rows, axis=1))


@large(6, _mixture)
def mixture_of_many_rows() -> None:
    a = aq.Normal("a", 0, 1, shape=3)
    mu = aq.Normal("mu", 0, 1, shape=3)
    z = aq.Categorical("z", logit_p=a, shape=ROWS)
    aq.Normal("obs", mu[z], 0.8, observed=Y)


def _backwards(flat: Any) -> Any:
    x = np.linspace(-1, 1, ROWS)
    rows = jnp.stack([log_sigmoid(-flat[0] * x), log_sigmoid(flat[0] * x)], axis=1)
    rows += norm.logpdf(Y[::-1, None], flat[1:], 0.8)
    return prior(flat) + jnp.sum(logsumexp(rows, axis=1))


@large(3, _backwards)
def labels_in_the_other_order() -> None:
    slope = aq.Normal("slope", 0, 1)
    mu = aq.Normal("mu", 0, 1, shape=2)
    z = aq.Bernoulli("z", logit_p=slope * np.linspace(-1, 1, ROWS))
    aq.Normal("obs", mu[z[::-1]], 0.8, observed=Y)


def _groups(flat: Any) -> Any:
    rows = norm.logpdf(Y[:1000, None], flat[1:], 0.8)
    member = np.arange(150)[:, None] == GROUP
    groups = jnp.stack([log_sigmoid(-flat[0]), log_sigmoid(flat[0])]) + member @ rows
    return prior(flat) + jnp.sum(logsumexp(groups, axis=1))


@large(3, _groups)
def groups_of_many_rows() -> None:
    a = aq.Normal("a", 0, 1)
    mu = aq.Normal("mu", 0, 1, shape=2)
    z = aq.Bernoulli("z", logit_p=a, shape=150)
    aq.Normal("obs", mu[z[GROUP]], 0.8, observed=Y[:1000])


def _change_point(flat: Any) -> Any:
    early, late = (poisson.logpmf(COUNTS, jnp.exp(rate)) for rate in flat)
    before = jnp.cumsum(early)
    after = jnp.sum(late) - jnp.cumsum(late)
    return prior(flat) + logsumexp(before + after) - np.log(500)


@large(2, _change_point)
def change_point_of_many_years() -> None:
    early, late = aq.Normal("early", 0, 1), aq.Normal("late", 0, 1)
    switch = aq.DiscreteUniform("switch", 0, 499)
    rate = np.where(switch >= np.arange(500), np.exp(early), np.exp(late))
    aq.Poisson("obs", rate, observed=COUNTS)


def _chain(flat: Any) -> Any:
    P = log_softmax(flat[:9].reshape(3, 3), axis=1)
    return prior(flat) + forward(np.zeros(3), P, norm.logpdf(SERIES[:, None], flat[9:], 1))


@large(12, _chain)
def chain_of_many_steps() -> None:
    A = aq.Normal("A", 0, 1, shape=(3, 3))
    mu = aq.Normal("mu", 0, 1, shape=3)
    z = aq.MarkovChain("z", logit_P=A, steps=STEPS)
    aq.Normal("obs", mu[z], 1, observed=SERIES)


BAND = np.array(
    [[0.9, 0.1, 0.0, 0.0], [0.0, 0.9, 0.1, 0.0], [0.0, 0.0, 0.9, 0.1], [0.1, 0, 0, 0.9]]
)


def _band(flat: Any) -> Any:
    with np.errstate(divide="ignore"):
        P, init = np.log(BAND), np.log([1.0, 0, 0, 0])
    # No -inf minus -inf, and so no NaN in a gradient: impossible moves weigh exp(-1e4), nothing.
    P, init = np.maximum(P, -1e4), np.maximum(init, -1e4)
    return prior(flat) + forward(init, P, norm.logpdf(SERIES[:, None], flat, 1))


@large(4, _band)
def chain_that_goes_round() -> None:
    mu = aq.Normal("mu", 0, 1, shape=4)
    z = aq.MarkovChain("z", P=BAND, init=[1.0, 0, 0, 0], steps=STEPS)
    aq.Normal("obs", mu[z], 1, observed=SERIES)


X = RNG.normal(size=STEPS - 1)


def _varying(flat: Any) -> Any:
    logits = X[:, None, None] * flat[:4].reshape(2, 2)
    emission = norm.logpdf(SERIES[:, None], flat[4:], 1)
    return prior(flat) + forward(np.log([0.3, 0.7]), log_softmax(logits, axis=-1), emission)


@large(6, _varying)
def chain_with_covariates_of_many_steps() -> None:
    A = aq.Normal("A", 0, 1, shape=(2, 2))
    mu = aq.Normal("mu", 0, 1, shape=2)
    logit_P = X[:, None, None] * A
    z = aq.MarkovChain("z", logit_P=logit_P, init=[0.3, 0.7], time_varying=True)
    aq.Normal("obs", mu[z], 1, observed=SERIES)


def _batch(flat: Any) -> Any:
    P = log_softmax(flat[:4].reshape(2, 2), axis=1)
    emission = norm.logpdf(SERIES.reshape(20, 30)[..., None], flat[4:], 1)
    each = jax.vmap(lambda e: forward(np.log([0.5, 0.5]), P, e))(emission)
    return prior(flat) + jnp.sum(each)


@large(6, _batch)
def many_chains() -> None:
    A = aq.Normal("A", 0, 1, shape=(2, 2))
    mu = aq.Normal("mu", 0, 1, shape=2)
    z = aq.MarkovChain("z", logit_P=A, init=[0.5, 0.5], shape=(20, 30))
    aq.Normal("obs", mu[z], 1, observed=SERIES.reshape(20, 30))


def _batch_across(flat: Any) -> Any:
    P = log_softmax(flat[:4].reshape(2, 2), axis=1)
    emission = norm.logpdf(SERIES[:576].reshape(24, 24).T[..., None], flat[4:], 1)
    each = jax.vmap(lambda e: forward(np.log([0.5, 0.5]), P, e))(emission)
    return prior(flat) + jnp.sum(each)


@large(6, _batch_across)
def as_many_chains_as_steps() -> None:
    A = aq.Normal("A", 0, 1, shape=(2, 2))
    mu = aq.Normal("mu", 0, 1, shape=2)
    z = aq.MarkovChain("z", logit_P=A, init=[0.5, 0.5], shape=(24, 24))
    aq.Normal("obs", mu[z.T], 1, observed=SERIES[:576].reshape(24, 24))


def _lag(flat: Any) -> Any:
    P = log_softmax(flat[:8].reshape(2, 2, 2), axis=-1)
    emission = norm.logpdf(SERIES[:200, None], flat[8:], 1)
    # Pairs (before, now): a move to (now, next).
    pairs = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    linked = pairs[:, None, 1] == pairs[None, :, 0]
    moves = P[pairs[:, None, 0], pairs[:, None, 1], pairs[None, :, 1]]
    first = emission[0][pairs[:, 0]]
    pair_emission = emission[1:][:, pairs[:, 1]]
    return prior(flat) + forward(first, jnp.where(linked, moves, -1e4), pair_emission)


@large(10, _lag)
def lag_two_of_many_steps() -> None:
    A = aq.Normal("A", 0, 1, shape=(2, 2, 2))
    mu = aq.Normal("mu", 0, 1, shape=2)
    z = aq.MarkovChain("z", logit_P=A, steps=200, lag=2)
    aq.Normal("obs", mu[z], 1, observed=SERIES[:200])


def _factorial(flat: Any) -> Any:
    A, B = (log_softmax(part.reshape(2, 2), axis=1) for part in (flat[:4], flat[4:8]))
    P = (A[:, None, :, None] + B[None, :, None, :]).reshape(4, 4)
    level = (flat[8:10, None] + flat[None, 10:]).reshape(4)
    emission = norm.logpdf(SERIES[:200, None], level, 1)
    return prior(flat) + forward(np.log([0.25] * 4), P, emission)


@large(12, _factorial)
def factorial_chains_of_many_steps() -> None:
    A = aq.Normal("A", 0, 1, shape=(2, 2))
    B = aq.Normal("B", 0, 1, shape=(2, 2))
    a, b = aq.Normal("a", 0, 1, shape=2), aq.Normal("b", 0, 1, shape=2)
    z1 = aq.MarkovChain("z1", logit_P=A, init=[0.5, 0.5], steps=200)
    z2 = aq.MarkovChain("z2", logit_P=B, init=[0.5, 0.5], steps=200)
    aq.Normal("obs", a[z1] + b[z2], 1, observed=SERIES[:200])


def _neighbours(flat: Any) -> Any:
    spins = np.array([-1.0, 1.0])
    table = flat[0] * spins[:, None] * spins + np.log(0.5)
    emission = norm.logpdf(SERIES[:300, None], flat[1] * spins, 1)
    return prior(flat) + forward(np.log([0.5, 0.5]), table, emission)


@large(2, _neighbours)
def row_of_spins() -> None:
    J, level = aq.Normal("J", 0, 1), aq.Normal("level", 0, 1)
    spin = 2 * aq.Bernoulli("z", 0.5, shape=300) - 1
    aq.Potential("ties", J * spin[1:] * spin[:-1])
    aq.Normal("obs", level * spin, 1, observed=SERIES[:300])


def _global(flat: Any) -> Any:
    P = log_softmax(flat[:4].reshape(2, 2), axis=1)
    each = [
        forward(np.log([0.5, 0.5]), P, norm.logpdf(SERIES[:200, None], flat[4:], s)) + np.log(w)
        for s, w in ((1.0, 0.7), (3.0, 0.3))
    ]
    return prior(flat) + logsumexp(jnp.stack(each))


@large(6, _global)
def chain_of_many_steps_with_one_for_all() -> None:
    A = aq.Normal("A", 0, 1, shape=(2, 2))
    mu = aq.Normal("mu", 0, 1, shape=2)
    noisy = aq.Bernoulli("noisy", 0.3)
    z = aq.MarkovChain("z", logit_P=A, init=[0.5, 0.5], steps=200)
    aq.Normal("obs", mu[z], 1 + 2 * noisy, observed=SERIES[:200])


NODES = 63
PARENT = (np.arange(1, NODES) - 1) // 2


def _tree(flat: Any) -> Any:
    spins = np.array([-1.0, 1.0])
    up = np.log(0.5) + norm.logpdf(Y[:NODES, None], flat[1] * spins, 1)
    table = flat[0] * spins[:, None] * spins
    for node in range(NODES - 1, 0, -1):
        up = up.at[(node - 1) // 2].add(logsumexp(table + up[node], axis=1))
    return prior(flat) + logsumexp(up[0])


@large(2, _tree)
def tree_of_spins() -> None:
    J, level = aq.Normal("J", 0, 1), aq.Normal("level", 0, 1)
    spin = 2 * aq.Bernoulli("z", 0.5, shape=NODES) - 1
    aq.Potential("ties", J * spin[PARENT] * spin[1:])
    aq.Normal("obs", level * spin, 1, observed=Y[:NODES])


KNOWN = np.where(RNG.random(STEPS) < 0.1, (SERIES > 0).astype(float), np.nan)


def _half_known(flat: Any) -> Any:
    P = log_softmax(flat[:4].reshape(2, 2), axis=1)
    emission = norm.logpdf(SERIES[:, None], flat[4:], 1)
    allowed = np.isnan(KNOWN)[:, None] | (KNOWN[:, None] == np.arange(2))
    return prior(flat) + forward(np.log([0.5, 0.5]), P, jnp.where(allowed, emission, -1e4))


@large(6, _half_known)
def chain_known_at_some_steps() -> None:
    A = aq.Normal("A", 0, 1, shape=(2, 2))
    mu = aq.Normal("mu", 0, 1, shape=2)
    z = aq.MarkovChain("z", logit_P=A, init=[0.5, 0.5], observed=KNOWN)
    aq.Normal("obs", mu[z], 1, observed=SERIES)
