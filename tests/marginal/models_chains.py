"""Models with Markov chains, and what hangs on them."""

from __future__ import annotations

import numpy as np

import aliquot as aq
from tests.marginal.case import Cases

chains = Cases()

Y = np.array([-1.3, 0.2, 2.4, 1.1, -0.4])
X = np.array([0.5, -1.0, 0.3, 1.7, 0.0])
HALF = [0.5, 0.5]
STICKY = np.array([[0.9, 0.1], [0.2, 0.8]])


def rows_of(name: str, *shape: int) -> aq.Expression:
    """Random transition probabilities."""
    return aq.Dirichlet(name, np.ones(shape))


def means(count: int = 2, name: str = "means") -> aq.Expression:
    return aq.Normal(name, 0, 2, shape=count)


@chains()
def gaussian_chain() -> None:
    z = aq.MarkovChain("z", P=rows_of("P", 2, 2), init=aq.Dirichlet("w", np.ones(2)), steps=5)
    aq.Normal("obs", means()[z], aq.HalfNormal("sigma", 1), observed=Y)


@chains()
def chain_without_a_start() -> None:
    z = aq.MarkovChain("z", P=rows_of("P", 2, 2), steps=5)
    mu = aq.Normal("mu", [3.0, 10.0], 1.0, transform=aq.transforms.positive_ordered)
    aq.Normal("obs", mu[z], 1, observed=Y)


@chains()
def chain_with_dead_ends() -> None:
    P = np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.0, 0.0, 1.0]])
    z = aq.MarkovChain("z", P=P, init=[1.0, 0.0, 0.0], steps=5)
    aq.Normal("obs", means(3)[z], 1, observed=Y)


@chains()
def chain_of_counts() -> None:
    z = aq.MarkovChain("z", P=STICKY, init=HALF, steps=5)
    aq.Poisson("obs", aq.Gamma("rate", 2, 1, shape=2)[z], observed=[0, 1, 5, 0, 2])


@chains()
def chain_of_vectors() -> None:
    z = aq.MarkovChain("z", P=rows_of("P", 2, 2), init=HALF, steps=4)
    mu = aq.Normal("mu", 0, 2, shape=(2, 2))
    seen = np.array([[0.1, -1.2], [2.2, 0.4], [-0.3, 0.9], [1.0, 1.0]])
    aq.MvNormal("obs", mu[z], cov=[[1.0, 0.3], [0.3, 2.0]], observed=seen)


@chains()
def chain_of_symbols() -> None:
    z = aq.MarkovChain("z", P=rows_of("P", 3, 3), init=[0.2, 0.3, 0.5], steps=5)
    emission = aq.Data("emission", [[0.5, 0.5, 0.0], [0.0, 0.3, 0.7], [1.0, 0.0, 0.0]])
    aq.Categorical("obs", p=emission[z], observed=[0, 1, 1, 2, 0])


@chains()
def chain_with_a_transition_for_each_time() -> None:
    P = rows_of("P", 4, 2, 2)
    z = aq.MarkovChain("z", P=P, init=HALF, steps=5, time_varying=True)
    aq.Normal("obs", means()[z], 1, observed=Y)


@chains()
def chain_with_covariates() -> None:
    slope = aq.Normal("slope", 0, 1, shape=(2, 2))
    z = aq.MarkovChain("z", logit_P=X[1:, None, None] * slope, init=HALF, time_varying=True)
    aq.Normal("obs", means()[z], 1, observed=Y)


@chains()
def batch_of_chains() -> None:
    z = aq.MarkovChain("z", P=rows_of("P", 2, 2, 2), init=rows_of("w", 2, 2), steps=4)
    seen = np.array([[0.1, -1.2, 2.2, 0.4], [-0.3, 0.9, 1.0, 1.0]])
    aq.Normal("obs", means()[z], 1, observed=seen)


@chains()
def batch_of_chains_that_share() -> None:
    z = aq.MarkovChain("z", P=rows_of("P", 2, 2), init=HALF, shape=(3, 3))
    seen = np.array([[0.1, -1.2, 2.2], [-0.3, 0.9, 1.0], [0.0, 2.0, 3.0]])
    aq.Normal("obs", means()[z], 1, observed=seen)


@chains()
def square_of_chains_read_across() -> None:
    """Three chains of three steps, whose observations are laid out time first."""
    z = aq.MarkovChain("z", P=rows_of("P", 2, 2), init=HALF, shape=(3, 3))
    seen = np.array([[0.1, -1.2, 2.2], [-0.3, 0.9, 1.0], [0.0, 2.0, 3.0]])
    aq.Normal("obs", means()[z.T], 1, observed=seen)


@chains()
def lag_two() -> None:
    P, init = rows_of("P", 2, 2, 2), aq.Dirichlet("w", np.ones(4)).reshape((2, 2))
    z = aq.MarkovChain("z", P=P, init=init, steps=5, lag=2)
    aq.Normal("obs", means()[z], 1, observed=Y)


@chains()
def lag_three_without_a_start() -> None:
    z = aq.MarkovChain("z", P=rows_of("P", 2, 2, 2, 2), steps=6, lag=3)
    aq.Normal("obs", means()[z], 1, observed=[*Y, 0.7])


@chains()
def lag_two_varying() -> None:
    P = rows_of("P", 3, 2, 2, 2)
    z = aq.MarkovChain("z", P=P, steps=5, lag=2, time_varying=True)
    aq.Normal("obs", means()[z], 1, observed=Y)


@chains()
def chain_with_mixture_emissions() -> None:
    z = aq.MarkovChain("z", P=rows_of("P", 2, 2), init=HALF, steps=4)
    w = aq.Dirichlet("w", np.ones((2, 2)))
    part = aq.Categorical("part", p=w[z])
    aq.Normal("obs", aq.Normal("mu", 0, 2, shape=(2, 2))[z, part], 1, observed=Y[:4])


@chains()
def chain_with_one_for_all() -> None:
    z = aq.MarkovChain("z", P=rows_of("P", 2, 2), init=HALF, steps=5)
    noisy = aq.Bernoulli("noisy", 0.3)
    aq.Normal("obs", means()[z], 1 + 2 * noisy, observed=Y)


@chains()
def chain_whose_transitions_hang_on_one() -> None:
    regime = aq.Bernoulli("regime", 0.3)
    z = aq.MarkovChain("z", P=rows_of("P", 2, 2, 2)[regime], init=HALF, steps=4)
    aq.Normal("obs", means()[z], 1, observed=Y[:4])


@chains()
def factorial_chains() -> None:
    z1 = aq.MarkovChain("z1", P=rows_of("P1", 2, 2), init=HALF, steps=5)
    z2 = aq.MarkovChain("z2", P=STICKY, init=HALF, steps=5)
    aq.Normal("obs", means(2, "a")[z1] + means(2, "b")[z2], 1, observed=Y)


@chains()
def coupled_chains() -> None:
    z1 = aq.MarkovChain("z1", P=rows_of("P1", 2, 2), init=HALF, steps=4)
    z2 = aq.MarkovChain("z2", P=STICKY, init=HALF, steps=4)
    aq.Potential("together", aq.Normal("j", 0, 1) * (z1 == z2))
    aq.Normal("obs", means()[z1], 1, observed=Y[:4])


@chains()
def semi_supervised_chain() -> None:
    known = [0, np.nan, np.nan, 1, np.nan]
    z = aq.MarkovChain("z", P=rows_of("P", 2, 2), init=HALF, observed=known)
    aq.Normal("obs", means()[z], 1, observed=Y)


@chains()
def semi_supervised_chains() -> None:
    known = np.array([[0, np.nan, 1], [np.nan, np.nan, np.nan]])
    z = aq.MarkovChain("z", P=rows_of("P", 2, 2), init=HALF, observed=known)
    aq.Normal("obs", means()[z], 1, observed=[[0.1, -1.2, 2.2], [-0.3, 0.9, 1.0]])


@chains()
def chain_seen_at_some_times() -> None:
    z = aq.MarkovChain("z", P=rows_of("P", 2, 2), init=HALF, steps=6)
    when = aq.Data("when", [0, 2, 2, 5, 1])
    aq.Normal("obs", means()[z[when]], 1, observed=Y)


@chains()
def chain_with_missing_observations() -> None:
    z = aq.MarkovChain("z", P=rows_of("P", 2, 2), init=HALF, steps=4)
    aq.Normal("obs", means()[z], 1, observed=[0.3, np.nan, np.nan, 1.0])


@chains()
def autoregression_that_switches() -> None:
    z = aq.MarkovChain("z", P=rows_of("P", 2, 2), init=HALF, steps=5)
    slope = aq.Normal("slope", 0, 1, shape=2)
    aq.Normal("obs", slope[z[1:]] * Y[:-1], 1, observed=Y[1:])


@chains()
def emissions_on_the_jump() -> None:
    z = aq.MarkovChain("z", P=rows_of("P", 2, 2), init=HALF, steps=5)
    mu = means()
    aq.Normal("obs", mu[z[1:]] - mu[z[:-1]], 1, observed=Y[1:])


@chains()
def emissions_backwards() -> None:
    z = aq.MarkovChain("z", P=rows_of("P", 3, 3), steps=5)
    aq.Normal("obs", means(3)[z[::-1]], 1, observed=Y)


@chains()
def chain_of_two_steps() -> None:
    z = aq.MarkovChain("z", P=rows_of("P", 2, 2), init=HALF, steps=2)
    aq.Normal("obs", means()[z], 1, observed=Y[:2])


@chains()
def chain_of_one_step() -> None:
    z = aq.MarkovChain("z", P=STICKY, init=aq.Dirichlet("w", np.ones(2)), steps=1)
    aq.Normal("obs", means()[z], 1, observed=Y[:1])


@chains()
def chain_with_ends_tied() -> None:
    """A ring: the last state is drawn to the first."""
    z = aq.MarkovChain("z", P=STICKY, init=HALF, steps=5)
    aq.Potential("ring", aq.Normal("j", 0, 1) * (z[0] == z[-1]))
    aq.Normal("obs", means()[z], 1, observed=Y)


@chains()
def chain_by_scalars() -> None:
    P = rows_of("P", 2, 2)
    states = [aq.Categorical("z0", p=HALF)]
    for t in range(1, 5):
        states.append(aq.Categorical(f"z{t}", p=P[states[-1]]))
    aq.Normal("obs", means()[np.stack(states)], 1, observed=Y)


@chains()
def chain_by_potentials() -> None:
    J = aq.Normal("J", 0, 1)
    z = aq.Bernoulli("z", 0.5, shape=10)
    aq.Potential("neighbours", J * (2 * z[1:] - 1) * (2 * z[:-1] - 1))
    aq.Normal("obs", means()[z], 1, observed=np.concatenate([Y, X]))


@chains()
def chain_by_potentials_of_its_table() -> None:
    P = rows_of("P", 2, 2)
    z = aq.Categorical("z", p=HALF, shape=9)
    aq.Potential("moves", np.log(P)[z[:-1], z[1:]])
    aq.Normal("obs", means()[z], 1, observed=np.concatenate([Y, X[:4]]))


@chains()
def observed_chain() -> None:
    """Nothing is hidden but a kind for each chain."""
    kind = aq.Bernoulli("kind", 0.4, shape=2)
    P = rows_of("P", 2, 2, 2)
    aq.MarkovChain("z", P=P[kind], init=HALF, observed=[[0, 1, 1, 0], [1, 1, 1, 1]])


@chains()
def censored_chain_with_a_gap() -> None:
    z = aq.MarkovChain("z", P=STICKY, init=HALF, steps=5)
    seen = np.array([-1.0, 0.4, np.nan, 1.0, 0.1])
    mu = aq.Normal("mu", 0, 1, shape=2)
    aq.Censored("obs", aq.Logistic.dist(mu[z], 1.0), -1.0, 1.0, observed=seen)
