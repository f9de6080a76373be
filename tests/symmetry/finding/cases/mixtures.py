"""Mixtures with their component summed out already."""

from __future__ import annotations

import numpy as np

import aliquot as aq
from tests.symmetry.finding.cases.case import COUNTS, DATA, PLANE, X, block, case, mixture


@case(block(("means", 0), components=2))
def classic():
    mixture(aq.Normal("means", 0, 10, shape=2))


@case(block(("means", 0), components=2))
def start_values_tell_nothing_apart():
    mixture(aq.Normal("means", 0, 10, shape=2, initval=[-1.0, 1.0]))


@case(broken=frozenset({"means"}))
def ordered():
    mixture(aq.Normal("means", 0, 10, shape=2, transform=aq.transforms.ordered))


@case(broken=frozenset({"w"}))
def sticks_are_broken_in_order():
    mixture(aq.Normal("means", 0, 10, shape=3), aq.StickBreakingWeights("w", 1.5, 2))


@case(block(("means", 0), components=3))
def effects_that_sum_to_zero():
    mixture(aq.ZeroSumNormal("means", 10, shape=3), [1 / 3, 1 / 3, 1 / 3])


@case(broken=frozenset({"means"}))
def prior_means_differ():
    mixture(aq.Normal("means", [-1, 1], 10, shape=2))


@case(broken=frozenset({"means"}))
def prior_scales_differ_a_little():
    mixture(aq.Normal("means", 0, [10, 10.01], shape=2))


@case(broken=frozenset({"means"}))
def supports_differ_by_little():
    mixture(aq.Uniform("means", [-10, -10], [10, 10.0001], shape=2))


@case(broken=frozenset({"means"}))
def supports_differ():
    mixture(aq.Uniform("means", [-10, -10], [10, 10.5], shape=2))


@case(broken=frozenset({"obs"}))
def known_weights_differ():
    mixture(aq.Normal("means", 0, 10, shape=2), w=[0.3, 0.7])


@case(broken=frozenset({"obs"}))
def known_scales_differ():
    mixture(aq.Normal("means", 0, 10, shape=2), sigma=[1.0, 2.0])


@case(block(("means", 0), ("w", 0), ("sigma", 0), components=3))
def all_parameters():
    mixture(
        aq.Normal("means", 0, 10, shape=3),
        aq.Dirichlet("w", np.ones(3)),
        aq.HalfNormal("sigma", 2, shape=3),
    )


@case(block(("means", 0), ("w", 0), components=12))
def many_components():
    mixture(aq.Normal("means", 0, 10, shape=12), aq.Dirichlet("w", np.full(12, 0.5)))


@case(broken=frozenset({"w"}))
def weights_prior_differs():
    mixture(aq.Normal("means", 0, 10, shape=3), aq.Dirichlet("w", [1.0, 1.1, 1.2]))


@case(block(("means", 0), ("w", 0), components=2), positions=(0, 2))
def two_of_three_alike():
    mixture(aq.Normal("means", [0, 3, 0], 10, shape=3), aq.Dirichlet("w", np.ones(3)))


@case(block(("means", 0), ("w", 0), components=2), positions=(0, 1))
def one_component_fixed():
    means = aq.Normal("means", 0, 10, shape=2)
    w = aq.Dirichlet("w", np.ones(3))
    mixture(aq.math.concatenate([means, np.zeros(1)]), w)


@case(block(("means", 0), components=2), broken=frozenset())
def weights_by_stick():
    # One number for the first component's weight: it tells the components apart by name, unless
    # the exchange maps it to one minus itself, which is no exchange of elements. The means alone
    # can trade places where the weights are the same.
    p = aq.Normal("p", 0, 1)
    mixture(aq.Normal("means", 0, 10, shape=2) + 0 * p)


@case(block(("means", 0), ("p", "mirrored"), components=2))
def weight_is_one_number():
    p = aq.Uniform("p", 0, 1)
    mixture(aq.Normal("means", 0, 10, shape=2), aq.math.stack([p, 1 - p]))


@case(block(("means", 0), ("w", 0), components=2))
def a_hierarchy_above():
    center, spread = aq.Normal("center", 0, 5), aq.HalfNormal("spread", 3)
    mixture(aq.Normal("means", center, spread, shape=2), aq.Dirichlet("w", np.ones(2)))


@case(block(("prior", 0), ("means", 0), components=2))
def hyperparameters_move_along():
    prior = aq.Normal("prior", 0, 5, shape=2)
    mixture(aq.Normal("means", prior, 1, shape=2))


@case(block(("rate", 0), ("w", 0), components=3))
def poissons():
    rate, w = aq.Gamma("rate", 1, 0.1, shape=3), aq.Dirichlet("w", np.ones(3))
    aq.Mixture("obs", w, aq.Poisson.dist(rate), observed=COUNTS)


@case()
def families_differ():
    rate = aq.Gamma("rate", 1, 0.1, shape=2)
    parts = [aq.Poisson.dist(rate[0]), aq.NegativeBinomial.dist(mu=rate[1], alpha=2.0)]
    aq.Mixture("obs", [0.5, 0.5], parts, observed=COUNTS)


@case(
    block(("means", 0), ("w", 0), components=2),
    block(("rate", 0), components=3),
)
def two_mixtures():
    mixture(aq.Normal("means", 0, 10, shape=2), aq.Dirichlet("w", np.ones(2)))
    rate = aq.Gamma("rate", 1, 0.1, shape=3)
    aq.Mixture("counts", np.full(3, 1 / 3), aq.Poisson.dist(rate), observed=COUNTS)


@case(
    block(("means", 0), components=2),
    block(("others", 0), components=2),
)
def two_mixtures_of_one_size():
    mixture(aq.Normal("means", 0, 10, shape=2))
    others = aq.Normal("others", 0, 10, shape=2)
    aq.NormalMixture("second", [0.5, 0.5], others, 1, observed=DATA[:20] + 1)


@case(*(block(("mu", 1, g), ("w", 1, g), components=2) for g in range(3)))
def a_mixture_in_each_group():
    mu, w = aq.Normal("mu", 0, 5, shape=(3, 2)), aq.Dirichlet("w", np.ones(2), shape=(3, 2))
    data = DATA[:30].reshape(3, 10)
    aq.NormalMixture("obs", w[:, None], mu[:, None], 1, observed=data, shape=(3, 10))


@case(*(block(("mu", 1, g), ("w", 1, g), components=2) for g in range(2)))
def as_many_groups_as_components():
    mu, w = aq.Normal("mu", 0, 5, shape=(2, 2)), aq.Dirichlet("w", np.ones(2), shape=(2, 2))
    data = DATA[:20].reshape(2, 10)
    aq.NormalMixture("obs", w[:, None], mu[:, None], 1, observed=data, shape=(2, 10))


@case(block(("mu", 1), ("w", 0), components=2))
def groups_that_share_weights():
    mu, w = aq.Normal("mu", 0, 5, shape=(3, 2)), aq.Dirichlet("w", np.ones(2))
    data = DATA[:30].reshape(3, 10)
    aq.NormalMixture("obs", w, mu[:, None], 1, observed=data, shape=(3, 10))


@case(block(("beta", 0), ("w", 0), components=2))
def regressions():
    beta, w = aq.Normal("beta", 0, 5, shape=(2, 2)), aq.Dirichlet("w", np.ones(2))
    lines = np.column_stack([np.ones(40), X]) @ beta.T
    aq.NormalMixture("obs", w, lines, 0.5, observed=DATA)


@case(block(("means", 0), ("chol", 0), components=2))
def full_covariances():
    means = aq.Normal("means", 0, 5, shape=(2, 2))
    chol, _, _ = aq.LKJCholeskyCov(
        "chol", n=2, eta=2.0, sd_dist=aq.HalfNormal.dist(1), shape=(2, 2, 2)
    )
    parts = aq.MvNormal.dist(means, chol=chol)
    aq.Mixture("obs", [0.5, 0.5], parts, observed=PLANE)


@case(broken=frozenset({"w"}))
def ordered_weights():
    mixture(
        aq.Normal("means", 0, 10, shape=3),
        aq.Dirichlet("w", np.ones(3), transform=aq.transforms.ordered),
    )
