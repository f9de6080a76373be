"""Models whose likelihood reaches back further than their chain, and small irregular networks."""

from __future__ import annotations

import numpy as np

import aliquot as aq
from tests.marginal.case import Cases

windows = Cases()
relatives = Cases()  # looked at by `make verify`

HALF = [0.5, 0.5]
STICKY = np.array([[0.9, 0.1], [0.2, 0.8]])
Y = np.array([-1.3, 0.2, 2.4, 1.1, -0.4, 0.9, 1.8, -0.6])


def means(count: int = 2) -> aq.Expression:
    return aq.Normal("mu", np.arange(count) - 0.5, 1, shape=count)


def chain(steps: int = 8, states: int = 2) -> aq.Expression:
    P = aq.Dirichlet("P", np.ones((states, states)))
    return aq.MarkovChain("z", P=P, init=aq.Dirichlet("w", np.ones(states)), steps=steps)


def autoregression(order: int, steps: int, states: int = 2) -> None:
    """An autoregression around a switching mean, from the first step that has all lags on."""
    y = Y[:steps]
    away = y - means(states)[chain(steps, states)]
    phi = aq.Normal("phi", 0, 0.3, shape=order)
    before = sum(phi[k] * away[order - 1 - k : steps - 1 - k] for k in range(order))
    aq.Normal("obs", away[order:] - before, 0.7, observed=np.zeros(steps - order))


@windows()
def autoregression_of_order_two() -> None:
    autoregression(2, 7)


@relatives()
def autoregression_of_order_four() -> None:
    autoregression(4, 8)


@relatives()
def autoregression_of_three_states() -> None:
    autoregression(2, 5, 3)


@relatives()
def autoregression_of_order_three() -> None:
    autoregression(3, 7)


@relatives()
def autoregression_of_order_six() -> None:
    autoregression(6, 8)


@windows()
def several_sequences_with_lags() -> None:
    mu, phi = means(), aq.Normal("phi", 0, 0.3, shape=2)
    z = aq.MarkovChain("z", P=STICKY, init=HALF, shape=(2, 4))
    y = Y.reshape(2, 4)
    away = y - mu[z]
    at = mu[z[:, 2:]] + phi[0] * away[:, 1:-1] + phi[1] * away[:, :-2]
    aq.Normal("obs", at, 1, observed=y[:, 2:])


@relatives()
def the_first_steps_have_fewer_lags() -> None:
    mu, phi = means(), aq.Normal("phi", 0, 0.3, shape=2)
    away = Y[:6] - mu[chain(6)]
    zero = np.zeros(1)
    one = aq.math.concatenate([zero, away[:-1]])
    two = aq.math.concatenate([zero, zero, away[:-2]])
    aq.Normal("obs", away - phi[0] * one - phi[1] * two, 1, observed=np.zeros(6))


@relatives()
def a_lag_that_skips() -> None:
    mu = means()
    z = chain(7)
    aq.Normal("obs", mu[z[3:]] - 0.5 * mu[z[:-3]], 1, observed=Y[3:7])


@relatives()
def differences_over_two_steps() -> None:
    z = chain(7)
    aq.Normal("obs", aq.Normal("b", 0, 1) * (z[2:] - z[:-2]), 1, observed=Y[2:7])


@relatives()
def windows_by_stack() -> None:
    z = chain(7)
    b = aq.Normal("b", 0, 1, shape=3)
    rows = aq.math.stack([z[0:5], z[1:6], z[2:7]], axis=1)
    aq.Normal("obs", rows @ b, 1, observed=Y[2:7])


@relatives()
def windows_by_convolution() -> None:
    z = chain(7)
    b = aq.Normal("b", 0, 1, shape=3)
    aq.Normal("obs", aq.math.convolve(1.0 * z, b, mode="valid"), 1, observed=Y[2:7])


@relatives()
def windows_by_index() -> None:
    mu, z = means(), chain(7)
    at = np.arange(5)[:, None] + np.arange(3)
    aq.Normal("obs", mu[z[at]].sum(axis=1), 1, observed=Y[2:7])


@relatives()
def windows_one_by_one() -> None:
    mu, z = means(), chain(6)
    phi = aq.Normal("phi", 0, 0.3)
    for t in range(2, 6):
        at = mu[z[t]] + phi * (Y[t - 1] - mu[z[t - 1]]) - 0.3 * (Y[t - 2] - mu[z[t - 2]])
        aq.Normal(f"obs{t}", at, 1, observed=Y[t])


@relatives()
def running_mean_of_three_steps() -> None:
    z = chain(7)
    total = np.cumsum(z)
    before = aq.math.concatenate([np.zeros(1), total[:-3]])
    aq.Normal("obs", aq.Normal("b", 0, 1) * (total[2:] - before), 1, observed=Y[:5])


@relatives()
def moves_that_vary_over_time_and_lags() -> None:
    A = aq.Normal("A", 0, 1, shape=(2, 2))
    mu = means()
    z = aq.MarkovChain(
        "z", logit_P=np.linspace(-1, 1, 5)[:, None, None] * A, init=[0.3, 0.7], time_varying=True
    )
    aq.Normal("obs", mu[z[2:]] + 0.4 * mu[z[1:-1]] * z[:-2], 1, observed=Y[2:6])


@windows()
def labels_partly_known_with_lags() -> None:
    mu = means()
    z = aq.MarkovChain(
        "z", P=STICKY, init=HALF, observed=[0, np.nan, np.nan, 1, np.nan, np.nan, np.nan]
    )
    aq.Normal("obs", mu[z[2:]] + 0.4 * z[1:-1] - 0.2 * z[:-2], 1, observed=Y[2:7])


@relatives()
def a_chain_of_order_two_with_lags_three() -> None:
    P = aq.Dirichlet("P", np.ones((2, 2, 2)))
    z = aq.MarkovChain("z", P=P, init=np.full((2, 2), 0.25), steps=7, lag=2)
    mu = means()
    aq.Normal("obs", mu[z[3:]] + 0.4 * z[2:-1] * z[:-3], 1, observed=Y[3:7])


@relatives()
def labels_of_no_chain_in_windows() -> None:
    z = aq.Categorical("z", p=aq.Dirichlet("w", np.ones(2)), shape=10)
    mu = means()
    aq.Normal("obs", mu[z[2:]] + 0.4 * mu[z[1:-1]] - 0.2 * z[:-2], 1, observed=Y)


@relatives()
def two_chains_with_lags() -> None:
    a = aq.MarkovChain("a", P=STICKY, init=HALF, steps=5)
    b = aq.MarkovChain("b", P=STICKY.T / STICKY.T.sum(1, keepdims=True), init=HALF, steps=5)
    mu = means()
    aq.Normal("obs", mu[a[2:]] + 0.5 * b[1:-1] * a[:-2] - 0.3 * b[:-2], 1, observed=Y[2:5])


@windows()
def two_chains_of_one_variable() -> None:
    z = aq.MarkovChain("z", P=aq.Dirichlet("P", np.ones((2, 2))), init=HALF, shape=(2, 5))
    aq.Normal("obs", means()[z[0]] + 0.7 * z[1], 1, observed=Y[:5])


@relatives()
def two_of_three_chains_of_one_variable() -> None:
    z = aq.MarkovChain("z", P=aq.Dirichlet("P", np.ones((2, 2))), init=HALF, shape=(3, 4))
    mu = means()
    aq.Normal("obs", mu[z[0]] + 0.7 * z[2], 1, observed=Y[:4])
    aq.Normal("other", mu[z[1]], 1, observed=Y[4:])


@relatives()
def pairs_of_chains_of_one_variable() -> None:
    z = aq.MarkovChain("z", P=aq.Dirichlet("P", np.ones((2, 2))), init=HALF, shape=(2, 2, 3))
    aq.Normal("obs", means()[z[:, 0]] + 0.7 * z[:, 1], 1, observed=Y[:6].reshape(2, 3))


@relatives()
def chains_of_one_variable_with_lags() -> None:
    z = aq.MarkovChain("z", P=STICKY, init=HALF, shape=(2, 5))
    aq.Normal("obs", means()[z[0, 2:]] + 0.7 * z[1, :-2] * z[1, 1:-1], 1, observed=Y[:3])


@relatives()
def chains_of_one_variable_and_another() -> None:
    z = aq.MarkovChain("z", P=STICKY, init=HALF, shape=(2, 4))
    a = aq.MarkovChain("a", P=STICKY, init=HALF, steps=4)
    aq.Normal("obs", means()[z[0]] + 0.7 * z[1] - 0.4 * a, 1, observed=Y[:4])


@relatives()
def the_first_step_matters_to_all() -> None:
    z = chain(8)
    aq.Normal("obs", means()[z[1:]] + 0.6 * z[0], 1, observed=Y[1:])


@windows()
def a_chain_whose_ends_meet_and_one_long_link() -> None:
    z = chain(8)
    J = aq.Normal("J", 0, 1)
    aq.Potential("ends", J * (z[0] == z[-1]))
    aq.Potential("link", 0.5 * J * (z[2] == z[6]))
    aq.Normal("obs", means()[z], 1, observed=Y)


@windows()
def edges_between_all_of_six_nodes() -> None:
    i, j = np.triu_indices(6, 1)
    B = aq.Beta("B", 1, 1, shape=(2, 2))
    z = aq.Categorical("z", p=aq.Dirichlet("w", np.ones(2)), shape=6)
    aq.Bernoulli("edge", B[z[i], z[j]], observed=np.arange(len(i)) % 3 == 0)


@relatives()
def edges_of_three_kinds_of_nodes() -> None:
    i, j = np.triu_indices(5, 1)
    B = aq.Beta("B", 1, 1, shape=(3, 3))
    z = aq.Categorical("z", p=aq.Dirichlet("w", np.ones(3)), shape=5)
    aq.Bernoulli("edge", B[z[i], z[j]], observed=np.arange(len(i)) % 3 == 0)


@relatives()
def edges_as_a_matrix() -> None:
    B = aq.Beta("B", 1, 1, shape=(2, 2))
    z = aq.Categorical("z", p=aq.Dirichlet("w", np.ones(2)), shape=5)
    aq.Bernoulli("edge", B[z[:, None], z[None, :]], observed=np.arange(25).reshape(5, 5) % 3 == 0)


@relatives()
def triples_without_an_order() -> None:
    rng = np.random.default_rng(3)
    at = np.array([rng.choice(8, 3, replace=False) for _ in range(7)])
    z = aq.Bernoulli("z", aq.Beta("q", 1, 1), shape=8)
    mu = means()
    aq.Normal("obs", mu[z[at[:, 0]]] + z[at[:, 1]] * z[at[:, 2]], 1, observed=Y[:7])


@windows()
def a_family_of_genotypes() -> None:
    """Two founders, their two children, and the child of one of these with a third founder."""
    q = aq.Beta("q", 1, 1)
    born = aq.math.stack([(1 - q) ** 2, 2 * q * (1 - q), q**2])
    f = np.array([0, 0.5, 1.0])
    m, p = f[:, None], f
    passed = aq.constant(np.stack([(1 - m) * (1 - p), m * (1 - p) + (1 - m) * p, m * p], axis=-1))
    mu = means(3)
    g = {name: aq.Categorical(name, p=born) for name in "abc"}
    for name, mother, father in (("d", "a", "b"), ("e", "a", "b"), ("f", "e", "c")):
        g[name] = aq.Categorical(name, p=passed[g[mother], g[father]])
    for k, name in enumerate(g):
        aq.Normal(f"y_{name}", mu[g[name]], 1, observed=Y[k])


@relatives()
def a_network_of_unequal_states() -> None:
    a = aq.Categorical("a", p=[0.2, 0.3, 0.5], shape=3)
    b = aq.Bernoulli("b", 0.4, shape=4)
    J = aq.Normal("J", 0, 1)
    for i in range(3):
        for j in range(4):
            aq.Potential(f"p{i}{j}", (0.3 + 0.2 * i) * J * a[i] * b[j])
    aq.Potential("q", J * b[:3] * b[1:])
    aq.Potential("r", J * (a[0] == a[2]))


@relatives()
def networks_of_unequal_size() -> None:
    z = aq.Bernoulli("z", aq.Beta("q", 1, 1), shape=9)
    J = aq.Normal("J", 0, 1)
    i = np.array([0, 0, 1, 1, 2, 5, 5, 6, 7])
    j = np.array([1, 3, 2, 4, 4, 6, 8, 7, 8])
    aq.Potential("ties", J * (1 + 0.1 * np.arange(9)) * (z[i] == z[j]))
