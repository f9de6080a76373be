"""Models whose discrete variables are single numbers that touch much, and unknown counts."""

from __future__ import annotations

import numpy as np

import aliquot as aq
from tests.marginal.case import Cases

scalars = Cases()

YEARS = np.arange(1851, 1861)
COUNTS = np.array([4, 5, 4, 0, 1, 4, 0, 0, 1, 0])
Y = np.array([-1.3, 0.2, 2.4, 1.1])
FROM_HERE = np.triu(np.ones((6, 6)))


@scalars()
def change_point() -> None:
    switch = aq.DiscreteUniform("switch", 1851, 1860)
    early, late = aq.Exponential("early", 1), aq.Exponential("late", 1)
    aq.Poisson("obs", np.where(YEARS <= switch, early, late), observed=COUNTS)  # noqa: SIM300


@scalars()
def change_point_with_years_left_out() -> None:
    years = aq.Data("years", YEARS)
    switch = aq.DiscreteUniform("switch", 1851, 1860)
    early, late = aq.Exponential("early", 1), aq.Exponential("late", 1)
    counts = [4, 5, np.nan, 0, 1, 4, np.nan, 0, 1, 0]
    aq.Poisson("obs", np.where(switch >= years, early, late), observed=counts)


@scalars()
def two_change_points() -> None:
    first = aq.DiscreteUniform("first", 0, 9)
    second = aq.DiscreteUniform("second", 0, 9)
    rate = aq.Exponential("rate", 1, shape=3)
    t = np.arange(10)
    late = np.where(t < second, rate[1], rate[2])
    aq.Poisson("obs", np.where(t < first, rate[0], late), observed=COUNTS)


@scalars()
def change_points_in_order() -> None:
    """The second is at or after the first."""
    first = aq.Categorical("first", p=np.full(6, 1 / 6))
    later = aq.Data("later", FROM_HERE / FROM_HERE.sum(1, keepdims=True))
    second = aq.Categorical("second", p=later[first])
    rate = aq.Exponential("rate", 1, shape=3)
    t = np.arange(6)
    segment = (t >= first) * 1 + (t >= second)
    aq.Poisson("obs", rate[segment], observed=COUNTS[:6])


@scalars()
def change_point_of_a_regression() -> None:
    t = np.linspace(0, 1, 10)
    switch = aq.DiscreteUniform("switch", 1, 9)
    a, b = aq.Normal("a", 0, 1, shape=2), aq.Normal("b", 0, 1, shape=2)
    sigma = aq.HalfNormal("sigma", 1)
    after = np.arange(10) >= switch
    line = np.where(after, a[1] + b[1] * t, a[0] + b[0] * t)
    aq.Normal("obs", line, sigma, observed=np.sqrt(COUNTS))


@scalars()
def change_point_at_a_time_read_from_data() -> None:
    times = aq.Data("times", np.linspace(0, 1, 5))
    switch = aq.Categorical("switch", p=[0.2] * 5)
    jump = aq.Normal("jump", 0, 1)
    aq.Normal("obs", jump * (times >= times[switch]), 1, observed=np.linspace(-1, 1, 5))


@scalars()
def which_model() -> None:
    m = aq.Bernoulli("m", 0.5)
    a = aq.Normal("a", 0, 1)
    aq.Normal("obs", np.where(m == 1, a, a**2 - 1) * Y, 1, observed=Y)


@scalars()
def one_for_all_and_one_for_each() -> None:
    regime = aq.Categorical("regime", p=[0.3, 0.7])
    w = aq.Dirichlet("w", np.ones((2, 2)))
    z = aq.Categorical("z", p=w[regime], shape=4)
    sigma = aq.HalfNormal("sigma", 1, shape=2)
    aq.Normal("obs", aq.Normal("means", 0, 2, shape=2)[z], sigma[regime], observed=Y)


@scalars()
def kind_of_each_group() -> None:
    regime = aq.Bernoulli("regime", aq.Beta("q", 1, 1))
    group = aq.Bernoulli("group", aq.math.where(regime == 1, 0.8, 0.3), shape=2)
    z = aq.Bernoulli("z", 0.2 + 0.6 * group[np.array([0, 1, 1, 0])])
    aq.Normal("obs", aq.Normal("means", 0, 2, shape=2)[z] + regime, 1, observed=Y)


@scalars()
def vector_of_length_one() -> None:
    z = aq.Categorical("z", p=[0.3, 0.7], shape=1)
    aq.Normal("obs", aq.Normal("means", 0, 2, shape=2)[z], 1, shape=4, observed=Y)


@scalars()
def survey() -> None:
    n = aq.DiscreteUniform("n", 1, 60)
    theta = aq.Uniform("theta", 0, 1)
    aq.Binomial("k", n, theta, observed=[16, 18, 22, 25, 27])


@scalars()
def abundance_of_sites() -> None:
    site_rate = aq.Gamma("rate", 2, 1)
    n = aq.Poisson("n", site_rate, upper=7, shape=3)
    seen = np.array([[1, 2], [0, 0], [3, 1]])
    aq.Binomial("seen", n[:, None], aq.Beta("p", 1, 1), shape=(3, 2), observed=seen)


@scalars()
def bounded_counts_of_other_families() -> None:
    n = aq.NegativeBinomial("n", mu=aq.Gamma("mu", 2, 1), alpha=1.5, upper=4, shape=2)
    m = aq.Geometric("m", aq.Beta("q", 2, 2), upper=3)
    k = aq.ZeroInflatedPoisson("k", psi=0.6, mu=1.5, upper=3)
    aq.Normal("obs", n * 0.5 + m - k, 1, observed=[0.3, 2.5])


@scalars()
def bounds_by_row() -> None:
    n = aq.Poisson("n", aq.Gamma("mu", 2, 1, shape=3), upper=np.array([2, 0, 4]))
    aq.Normal("obs", n, 1, observed=[0.3, 2.5, 1.0])


@scalars()
def successes_that_were_not_seen() -> None:
    n = aq.Binomial("n", np.array([3, 0, 5]), aq.Beta("p", 1, 1))
    aq.Binomial("caught", n, aq.Beta("q", 1, 1), observed=[1, 0, 2])


@scalars()
def overdispersed_successes() -> None:
    trials = aq.Data("trials", [3, 4])
    n = aq.BetaBinomial("n", alpha=aq.Gamma("a", 2, 1), beta=2.0, n=trials)
    aq.Poisson("obs", 0.3 + n, observed=[1, 5])


@scalars()
def capture_recapture() -> None:
    """Individuals by their histories, five of them added that were never seen."""
    psi, p = aq.Beta("psi", 1, 1), aq.Beta("p", 1, 1)
    alive = aq.Bernoulli("alive", psi, shape=8)
    aq.Binomial("captures", 4, p * alive, observed=[2, 1, 3, 0, 0, 0, 0, 0])


@scalars()
def closed_population() -> None:
    """The number of animals itself, from how many were caught, and caught again."""
    n = aq.DiscreteUniform("n", 6, 40)
    p = aq.Beta("p", 1, 1)
    aq.Binomial("first", n, p, observed=6)
    aq.Binomial("again", 6, p, observed=2)
    aq.Binomial("new", n - 6, p, observed=3)


@scalars(states={"k": (0, 5)})
def bounds_that_another_discrete_variable_sets() -> None:
    n = aq.DiscreteUniform("n", 1, 5)
    k = aq.Binomial("k", n, 0.5)
    aq.Normal("obs", k, aq.HalfNormal("sigma", 1), observed=2.0)


@scalars(states={"k": (0, 3)})
def bounds_that_labels_set_row_by_row() -> None:
    z = aq.Categorical("z", p=[0.2, 0.3, 0.5], shape=3)
    k = aq.DiscreteUniform("k", 0, z[::-1] + 1)
    aq.Normal("obs", k, aq.HalfNormal("sigma", 1), observed=[2.0, -0.3, 0.8])
