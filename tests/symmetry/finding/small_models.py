"""Models of a few numbers, small enough to try every way of exchanging and mirroring these.

No expectations are written down: `brute_force` works them out.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import aliquot as aq

RNG = np.random.default_rng(5)
DATA = RNG.normal(np.array([-1.5, 2.0])[RNG.integers(0, 2, 15)], 1.0)
stack = aq.math.stack

MODELS: dict[str, Callable[[], None]] = {}


def model(make: Callable[[], None]) -> Callable[[], None]:
    MODELS[make.__name__] = make
    return make


def mixture(w: object, mu: object, sigma: object = 1.0) -> None:
    aq.NormalMixture("obs", w=w, mu=mu, sigma=sigma, observed=DATA)


def two(weight: object) -> object:
    return stack([weight, 1 - weight])


def chain(p: object, q: object, init: object, mu: object) -> None:
    """A chain of two states that leaves the first with probability p, the other with q."""
    P = stack([stack([1 - p, p]), stack([q, 1 - q])])
    z = aq.MarkovChain("z", P=P, init=init, shape=8)
    aq.Normal("obs", mu[z], 1, observed=DATA[:8])


# One number says the weights of two ---------------------------------------------------------------


@model
def one_weight():
    mixture(two(aq.Beta("th", 2, 2)), aq.Normal("mu", 0, 5, shape=2))


@model
def one_weight_with_scales():
    th, mu = aq.Uniform("th", 0, 1), aq.Normal("mu", 0, 5, shape=2)
    mixture(two(th), mu, aq.HalfNormal("sigma", 1, shape=2))


@model
def one_weight_whose_prior_leans():
    mixture(two(aq.Beta("th", 2, 5)), aq.Normal("mu", 0, 5, shape=2))


@model
def one_weight_within_other_bounds():
    th = aq.Uniform("th", 0.1, 0.8)
    mixture(two(th), aq.Normal("mu", 0, 5, shape=2))


@model
def one_weight_within_bounds_that_mirror():
    mixture(two(aq.Uniform("th", 0.2, 0.8)), aq.Normal("mu", 0, 5, shape=2))


@model
def means_written_apart():
    th, a, b = aq.Beta("th", 2, 2), aq.Normal("a", 0, 5), aq.Normal("b", 0, 5)
    mixture(two(th), stack([a, b]))


@model
def means_whose_priors_differ():
    th, a, b = aq.Beta("th", 2, 2), aq.Normal("a", 0, 5), aq.Normal("b", 1, 5)
    mixture(two(th), stack([a, b]))


@model
def a_label_by_log_odds():
    a, mu = aq.Normal("a", 0, 2), aq.Normal("mu", 0, 5, shape=2)
    z = aq.Bernoulli("z", logit_p=a, shape=15)
    aq.Normal("obs", mu[z], 1, observed=DATA)


@model
def a_label_by_log_odds_that_lean():
    a, mu = aq.Normal("a", 1, 1), aq.Normal("mu", 0, 5, shape=2)
    z = aq.Bernoulli("z", logit_p=a, shape=15)
    aq.Normal("obs", mu[z], 1, observed=DATA)


@model
def log_odds_about_another_center():
    a, mu = aq.Normal("a", 1, 1), aq.Normal("mu", 0, 5, shape=2)
    z = aq.Bernoulli("z", logit_p=a - 1, shape=15)
    aq.Normal("obs", mu[z], 1, observed=DATA)


@model
def a_difference_of_log_odds():
    # Of normal priors the sum of a and b could be mirrored besides, which makes no modes.
    a, b, mu = aq.Gumbel("a", 0, 2), aq.Gumbel("b", 0, 2), aq.Normal("mu", 0, 5, shape=2)
    z = aq.Bernoulli("z", logit_p=a - b, shape=15)
    aq.Normal("obs", mu[z], 1, observed=DATA)


@model
def a_weight_in_each_group():
    th, mu = aq.Beta("th", 2, 2, shape=2), aq.Normal("mu", 0, 5, shape=(2, 2))
    z = aq.Bernoulli("z", th[:, None], shape=(2, 5))
    aq.Normal("obs", mu[np.arange(2)[:, None], z], 1, observed=DATA[:10].reshape(2, 5))


@model
def a_weight_in_each_group_of_the_same_two():
    th, mu = aq.Beta("th", 2, 2, shape=3), aq.Normal("mu", 0, 5, shape=2)
    z = aq.Bernoulli("z", th[:, None], shape=(3, 5))
    aq.Normal("obs", mu[z], 1, observed=DATA.reshape(3, 5))


@model
def two_sticks():
    v, mu = aq.Beta("v", 1, 1, shape=2), aq.Normal("mu", 0, 5, shape=3)
    mixture(stack([v[0], (1 - v[0]) * v[1], (1 - v[0]) * (1 - v[1])]), mu)


@model
def two_sticks_that_lean():
    v, mu = aq.Beta("v", 1, 2, shape=2), aq.Normal("mu", 0, 5, shape=3)
    mixture(stack([v[0], (1 - v[0]) * v[1], (1 - v[0]) * (1 - v[1])]), mu)


# Chains of two states -----------------------------------------------------------------------------


@model
def ways_out():
    p, q, mu = aq.Beta("p", 1, 3), aq.Beta("q", 1, 3), aq.Normal("mu", 0, 5, shape=2)
    chain(p, q, [0.5, 0.5], mu)


@model
def ways_out_and_a_first_state():
    p, q, mu = aq.Beta("p", 1, 3), aq.Beta("q", 1, 3), aq.Normal("mu", 0, 5, shape=2)
    chain(p, q, two(aq.Beta("first", 1, 1)), mu)


@model
def ways_out_and_a_known_first_state():
    p, q, mu = aq.Beta("p", 1, 3), aq.Beta("q", 1, 3), aq.Normal("mu", 0, 5, shape=2)
    chain(p, q, [0.7, 0.3], mu)


@model
def ways_out_that_differ():
    p, q, mu = aq.Beta("p", 1, 3), aq.Beta("q", 1, 4), aq.Normal("mu", 0, 5, shape=2)
    chain(p, q, [0.5, 0.5], mu)


@model
def ways_to_the_first_state():
    to, mu = aq.Beta("to", 2, 2, shape=2), aq.Normal("mu", 0, 5, shape=2)
    chain(1 - to[0], to[1], [0.5, 0.5], mu)


@model
def one_way_out():
    p, mu = aq.Beta("p", 1, 3), aq.Normal("mu", 0, 5, shape=2)
    chain(p, p, [0.5, 0.5], mu)


# Other orders -------------------------------------------------------------------------------------


@model
def in_opposite_order():
    mu, sigma = aq.Normal("mu", 0, 5, shape=3), aq.HalfNormal("sigma", 1, shape=3)
    mixture(np.full(3, 1 / 3), mu, sigma[::-1])


@model
def in_another_order():
    mu, sigma = aq.Normal("mu", 0, 5, shape=3), aq.HalfNormal("sigma", 1, shape=3)
    mixture(np.full(3, 1 / 3), mu, sigma[np.array([1, 2, 0])])


@model
def in_opposite_order_with_weights():
    mu, w = aq.Normal("mu", 0, 5, shape=3), aq.Dirichlet("w", np.ones(3))
    mixture(w[::-1], mu)


@model
def rows_and_columns():
    A, B = aq.HalfNormal("A", 1, shape=(1, 3)), aq.LogNormal("B", 0, 1, shape=(3, 1))
    aq.Normal("obs", (A @ B)[0], 1, observed=[4.0])


# Signs --------------------------------------------------------------------------------------------


@model
def a_square():
    aq.Normal("obs", aq.Normal("x", 0, 1) ** 2, 0.5, observed=[3.0, 4.0])


@model
def a_square_about_another_center():
    aq.Normal("obs", (aq.Normal("x", 1, 1) - 1) ** 2, 0.5, observed=[3.0, 4.0])


@model
def a_square_whose_prior_leans():
    aq.Normal("obs", aq.Normal("x", 1, 1) ** 2, 0.5, observed=[3.0, 4.0])


@model
def an_absolute_value():
    aq.Normal("obs", np.abs(aq.Normal("x", 0, 1)), 0.5, observed=[3.0, 4.0])


@model
def a_product():
    a, b = aq.Normal("a", 0, 1), aq.StudentT("b", 5, mu=0, sigma=1)
    aq.Normal("obs", a * b, 0.5, observed=[3.0])


@model
def a_product_of_three():
    a, b, c = (aq.Normal(name, 0, 1) for name in "abc")
    aq.Normal("obs", a * b * c, 0.5, observed=[3.0])


@model
def two_products_that_share_one():
    a, b, c = aq.Normal("a", 0, 1), aq.Normal("b", 0, 1), aq.Normal("c", 0, 2)
    aq.Normal("obs", stack([a * b, a * c]), 0.5, observed=[3.0, -2.0])


@model
def one_factor():
    L, F = aq.Normal("L", 0, 1, shape=2), aq.Normal("F", 0, 2, shape=3)
    data = np.array([[3.0, -2.0, 1.0], [1.5, -2.5, 0.2]])
    aq.Normal("obs", L[:, None] * F, 0.3, observed=data)


@model
def two_factors_of_a_row():
    L, F = aq.StudentT("L", 4, mu=0, sigma=1, shape=(1, 2)), aq.Normal("F", 0, 2, shape=(2, 1))
    aq.Normal("obs", L @ F, 0.3, observed=[[4.0]])


@model
def a_known_loading():
    L, F = aq.Normal("L", 0, 1), aq.Normal("F", 0, 1, shape=2)
    aq.Normal("obs", stack([F[0], L * F[0], L * F[1]]), 0.3, observed=[2.0, 1.0, 3.0])


# Groups -------------------------------------------------------------------------------------------


def groups(count: int, *links: tuple[int, int]) -> None:
    mu = aq.Normal("mu", 0, 5, shape=(count, 2))
    data = DATA[: 5 * count].reshape(count, 5)
    aq.NormalMixture("obs", [0.5, 0.5], mu[:, None], 1, observed=data, shape=(count, 5))
    for g, h in links:
        aq.Potential(f"link_{g}_{h}", -0.3 * ((mu[g] - mu[h]) ** 2).sum())


@model
def three_groups():
    groups(3)


@model
def three_groups_two_linked():
    groups(3, (0, 2))


@model
def three_groups_in_a_row():
    groups(3, (0, 1), (1, 2))


# Nothing ------------------------------------------------------------------------------------------


@model
def weights_too_small_to_see():
    mixture(np.array([1 - 9e-13, 5e-13, 4e-13]), aq.Normal("mu", 0, 5, shape=3))


@model
def weights_too_small_to_see_but_alike():
    mixture(np.array([1 - 1e-12, 5e-13, 5e-13]), aq.Normal("mu", 0, 5, shape=3))


@model
def a_line():
    a, b = aq.Normal("a", 0, 5), aq.Normal("b", 0, 5)
    aq.Normal("obs", a + b * np.linspace(-1, 2, 15), aq.HalfNormal("s", 1), observed=DATA)


@model
def numbers_that_depend_on_a_center():
    m, tau = aq.Normal("m", 0, 2), aq.HalfNormal("tau", 1)
    x = aq.Normal("x", m, tau, shape=2)
    aq.Normal("obs", x, [1.0, 2.0], observed=[1.0, 2.0])
