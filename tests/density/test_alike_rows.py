"""Log densities in which alike rows are computed once: against all rows, and with other data."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from scipy.stats import poisson

import aliquot as aq
from aliquot.density import Density, draws, trace
from aliquot.inference.recover import KINDS
from aliquot.inference.responsibilities import Responsibilities
from aliquot.precision import float64
from aliquot.results import build_tree
from tests.programs import quick

ROWS = 300


def rater_model(rng):
    item, rater, label = (
        rng.integers(0, 40, ROWS),
        rng.integers(0, 3, ROWS),
        rng.integers(0, 3, ROWS),
    )
    share = aq.Dirichlet("share", np.ones(2))
    theta = aq.Dirichlet("theta", np.ones((3, 2, 3)))
    z = aq.Categorical("z", p=share, shape=40)
    aq.Categorical("label", p=theta[rater, z[item]], observed=label)


def latent_classes(rng):
    p = aq.Beta("p", 1, 1, shape=(3, 4))
    z = aq.Categorical("z", p=aq.Dirichlet("w", np.ones(3)), shape=ROWS)
    aq.Bernoulli("y", p=p[z], observed=rng.integers(0, 2, (ROWS, 4)))


def many_states(rng):
    """Past eight states a table is one array."""
    rate = aq.Gamma("rate", 2, 0.5, shape=11)
    z = aq.Categorical("z", p=aq.Dirichlet("w", np.ones(11)), shape=ROWS)
    aq.Poisson("y", rate[z], observed=rng.integers(0, 9, ROWS))


def classes_by_group(rng):
    """Shares that differ between groups, and two outcomes for each person."""
    group = rng.integers(0, 3, ROWS)
    w = aq.Dirichlet("w", np.ones((3, 2)))
    z = aq.Categorical("z", p=w[group])
    aq.Binomial("hits", n=5, p=aq.Beta("p", 1, 1, shape=2)[z], observed=rng.integers(0, 6, ROWS))
    aq.Bernoulli("pass", p=aq.Beta("q", 1, 1, shape=2)[z], observed=rng.integers(0, 2, ROWS))


def zero_inflated(rng):
    counts = rng.poisson(1.0, ROWS) * rng.integers(0, 2, ROWS)
    psi = aq.Beta("psi", 1, 1)
    aq.ZeroInflatedPoisson("y", psi=psi, mu=aq.Gamma("mu", 2, 1), observed=counts)


def mixture_of_counts(rng):
    parts = aq.Poisson.dist(aq.Gamma("rate", 2, 0.5, shape=2))
    w = aq.Dirichlet("w", np.ones(2))
    aq.Mixture("y", w=w, comp_dists=parts, observed=rng.integers(0, 9, ROWS))


def some_labels_known(rng):
    label = np.ma.masked_array(rng.integers(0, 2, ROWS), rng.random(ROWS) < 0.6)
    z = aq.Categorical("z", p=aq.Dirichlet("w", np.ones(2)), observed=label)
    aq.Poisson("y", aq.Gamma("rate", 2, 0.5, shape=2)[z], observed=rng.integers(0, 6, ROWS))


def missing_counts(rng):
    y = np.ma.masked_array(rng.integers(0, 6, ROWS), rng.random(ROWS) < 0.2)
    aq.NegativeBinomial("y", mu=aq.Gamma("mu", 2, 0.5), alpha=aq.Gamma("a", 2, 1), observed=y)


def grouped_covariates(rng):
    x = rng.integers(0, 3, (ROWS, 2)) - 1.0
    beta = aq.Normal("beta", 0, 1, shape=2)
    aq.Bernoulli("y", logit_p=x @ beta, observed=rng.integers(0, 2, ROWS))


def ordered_answers(rng):
    cuts = aq.Normal("cuts", 0, 2, shape=3, transform=aq.transforms.ordered)
    eta = aq.Normal("eta", 0, 1, shape=4)[rng.integers(0, 4, ROWS)]
    aq.OrderedLogistic("y", eta=eta, cutpoints=cuts, observed=rng.integers(0, 4, ROWS))


def a_potential(rng):
    counts = rng.integers(0, 5, ROWS)
    rate = aq.Gamma("rate", 2, 0.5)
    aq.Potential("rows", aq.math.log(rate) * counts - rate)


def symbols_of_a_chain(rng):
    """And what does not depend on it."""
    P = aq.Dirichlet("P", np.ones((2, 2)))
    z = aq.MarkovChain("z", P=P, steps=100)
    aq.Poisson("y", aq.Gamma("rate", 2, 0.5, shape=2)[z], observed=rng.integers(0, 6, 100))
    aq.Poisson("other", aq.Gamma("r", 2, 1), observed=rng.integers(0, 4, ROWS))


def chain_of_counts(rng):
    P, rate = aq.Dirichlet("P", np.ones((3, 3))), aq.Gamma("rate", 2, 0.5, shape=3)
    z = aq.MarkovChain("z", P=P, init=np.ones(3) / 3, steps=ROWS)
    aq.Poisson("y", rate[z], observed=rng.integers(0, 7, ROWS))


def chain_of_many_states(rng):
    P, rate = aq.Dirichlet("P", np.ones((11, 11))), aq.Gamma("rate", 2, 0.5, shape=11)
    z = aq.MarkovChain("z", P=P, steps=150)
    aq.Poisson("y", rate[z], observed=rng.integers(0, 7, 150))


def several_sequences(rng):
    """Whose rates differ, with two outcomes at each step."""
    P, rate = aq.Dirichlet("P", np.ones((2, 2))), aq.Gamma("rate", 2, 0.5, shape=(3, 2))
    z = aq.MarkovChain("z", P=P, shape=(3, 80))
    aq.Poisson("y", rate[np.arange(3)[:, None], z], observed=rng.integers(0, 6, (3, 80)))
    aq.Categorical("s", aq.Dirichlet("e", np.ones((2, 4)))[z], observed=rng.integers(0, 4, (3, 80)))


def chain_with_lag(rng):
    z = aq.MarkovChain("z", P=aq.Dirichlet("P", np.ones((2, 2, 2))), lag=2, steps=120)
    aq.Poisson("y", aq.Gamma("rate", 2, 0.5, shape=2)[z], observed=rng.integers(0, 6, 120))


def chain_with_covariates(rng):
    """Of the moves, and of what is seen."""
    x = rng.integers(0, 3, ROWS) - 1.0
    a, b = aq.Normal("a", 0, 1, shape=(2, 2)), aq.Normal("b", 0, 1, shape=(2, 2))
    z = aq.MarkovChain("z", logit_P=a + b * x[:-1, None, None], time_varying=True)
    eta = aq.Normal("c", 0, 1, shape=2)[z] + aq.Normal("d", 0, 1) * x
    aq.Bernoulli("y", logit_p=eta, observed=rng.integers(0, 2, ROWS))


def chain_with_gaps(rng):
    y = np.ma.masked_array(rng.integers(0, 6, ROWS), rng.random(ROWS) < 0.3)
    z = aq.MarkovChain("z", P=aq.Dirichlet("P", np.ones((2, 2))), steps=ROWS)
    aq.Poisson("y", aq.Gamma("rate", 2, 0.5, shape=2)[z], observed=y)


def chains_seen_together(rng):
    """Two chains, whose joint state is what is summed over."""
    P, Q = aq.Dirichlet("P", np.ones((2, 2))), aq.Dirichlet("Q", np.ones((3, 3)))
    one, other = aq.MarkovChain("one", P=P, steps=100), aq.MarkovChain("other", P=Q, steps=100)
    rate = aq.Gamma("a", 2, 1, shape=2)[one] + aq.Gamma("b", 2, 1, shape=3)[other]
    aq.Poisson("y", rate, observed=rng.integers(0, 6, 100))


def rounded_numbers_of_a_chain(rng):
    z = aq.MarkovChain("z", P=aq.Dirichlet("P", np.ones((2, 2))), steps=ROWS)
    mu, sigma = aq.Normal("mu", 0, 3, shape=2), aq.HalfNormal("sigma", 2, shape=2)
    aq.StudentT("y", 4, mu[z], sigma=sigma[z], observed=np.round(rng.normal(size=ROWS), 1))


def normal_rows(rng):
    mu, sigma = aq.Normal("mu", 0, 5), aq.HalfNormal("sigma", 3)
    aq.Normal("y", mu, sigma, observed=rng.normal(3, 2, ROWS))


def normal_by_group(rng):
    group = rng.integers(0, 4, ROWS)
    mu, sigma = aq.Normal("mu", 0, 5, shape=4), aq.HalfNormal("sigma", 3, shape=4)
    aq.Normal("y", mu[group], sigma[group], observed=rng.normal(3, 2, ROWS))


def regression(rng):
    x = rng.normal(size=(ROWS, 3))
    eta = aq.Normal("a", 0, 5) + x @ aq.Normal("b", 0, 1, shape=3)
    aq.Normal("y", eta, aq.HalfNormal("sigma", 3), observed=rng.normal(3, 2, ROWS))


def several_dimensions(rng):
    chol, _, _ = aq.LKJCholeskyCov("chol", eta=2, n=3, sd_dist=aq.HalfNormal.dist(2))
    aq.MvNormal("y", aq.Normal("mu", 0, 2, shape=3), chol=chol, observed=rng.normal(size=(ROWS, 3)))


def positive_rows(rng):
    y = rng.gamma(2.0, 1.0, ROWS)
    aq.Exponential("wait", aq.HalfNormal("rate", 1), observed=y)
    aq.LogNormal("size", aq.Normal("m", 0, 1), aq.HalfNormal("s", 1), observed=y)


MODELS = {
    build.__name__: build
    for build in (
        rater_model, latent_classes, many_states, classes_by_group, zero_inflated,
        mixture_of_counts, some_labels_known, missing_counts, grouped_covariates,
        ordered_answers, a_potential, symbols_of_a_chain, normal_rows, normal_by_group,
        regression, several_dimensions, positive_rows, chain_of_counts, chain_of_many_states,
        several_sequences, chain_with_lag, chain_with_covariates, chain_with_gaps,
        chains_seen_together, rounded_numbers_of_a_chain,
    )
}  # fmt: skip
NOT_LISTED = {
    "some_labels_known",
    "missing_counts",
    "chain_with_gaps",
}  # they are merged; what is observed is partial


def built(build, rng) -> aq.Model:
    with aq.Model() as model:
        build(rng)
    return model


def slopes(density, points) -> np.ndarray:
    """Compute values and gradients, shape (points, 1 + d)."""
    with float64():
        function = quick(jax.vmap(jax.value_and_grad(density.log_density), (0, None)))
        value, gradient = function(points, density.data)
    return np.column_stack([value, gradient])


@pytest.mark.parametrize("name", MODELS)
def test_the_density_is_that_of_all_rows(name, rng, monkeypatch):
    model = built(MODELS[name], rng)
    shorter = model.density()
    monkeypatch.setattr(trace, "merged", lambda program, known, **how: None)
    plain = Density(model)
    points = rng.normal(0, 0.7, (3, shorter.size))
    assert shorter._traced.is_shortened, "nothing was merged"
    np.testing.assert_allclose(slopes(shorter, points), slopes(plain, points), rtol=1e-9, atol=1e-9)
    if name not in NOT_LISTED:
        assert model.marginalization().alike


def test_what_was_merged_is_said(rng):
    model = built(rater_model, rng)
    (rows,) = model.marginalization().alike
    assert (rows.term, rows.rows, rows.distinct) == ("label", ROWS, 9)
    assert "label: 300 rows, 9 distinct" in model.marginalization().text
    assert "label: 300 rows, 9 distinct" in model.marginalization()._repr_html_()
    (sums,) = built(normal_by_group, rng).marginalization().alike
    assert sums.text == "y: 300 rows, by sums of the data of 4 groups"
    (steps,) = built(chain_of_counts, rng).marginalization().alike
    assert steps.text == "y: 300 rows, 7 distinct"
    few = built(lambda rng: aq.Normal("y", aq.Normal("mu", 0, 1), 1, observed=np.zeros(10)), rng)
    assert few.marginalization().alike == ()


def counts_model(counts):
    with aq.Model() as model:
        rate = aq.Gamma("rate", 2, 0.5, shape=2, transform=aq.transforms.positive_ordered)
        y = aq.Data("y", counts)
        z = aq.Categorical("z", p=[0.4, 0.6], shape=len(counts))
        aq.Poisson("obs", rate[z], observed=y)
    return model


def test_other_data_are_looked_at_anew(rng):
    """As many distinct counts: the same program. More, or none that repeat: another."""
    first, same = rng.integers(0, 5, ROWS), rng.integers(0, 5, ROWS) + 3
    more, apart = rng.integers(0, 20, ROWS), rng.permutation(ROWS)
    model = counts_model(first)
    points = rng.normal(0, 0.5, (3, 2))
    before = model.density()
    for counts, is_same in ((same, True), (more, False), (apart, False), (first, False)):
        model.set_data({"y": counts})
        density = model.density()
        assert (density.log_density is before.log_density) == is_same
        fresh = counts_model(counts).density()
        np.testing.assert_allclose(slopes(density, points), slopes(fresh, points), rtol=1e-12)
        before = density


def test_data_that_do_not_repeat_keep_their_program(rng):
    with aq.Model() as model:
        means = aq.Normal("means", 0, 5, shape=2)
        y = aq.Data("y", rng.normal(size=ROWS))
        aq.NormalMixture("obs", w=[0.5, 0.5], mu=means, sigma=1, observed=y)
    before = model.density()
    model.set_data({"y": rng.normal(size=ROWS)})
    assert model.density().log_density is before.log_density


def test_each_row_gets_its_own_number_back(rng):
    """Of the log likelihood, and of the probabilities of hidden labels."""
    counts = rng.integers(0, 5, ROWS)
    model = counts_model(counts)
    tree = aq.sample(20, tune=50, chains=1, model=model, random_seed=1, progressbar=False)
    tree = aq.compute_log_likelihood(tree, model=model)
    rows = tree.log_likelihood["obs"].values.reshape(-1, ROWS)
    rate = tree.posterior["rate"].values.reshape(-1, 2)
    parts = np.log([0.4, 0.6]) + poisson.logpmf(counts[None, :, None], rate[:, None])
    np.testing.assert_allclose(rows, np.logaddexp(parts[..., 0], parts[..., 1]), rtol=1e-9)


# Chains with covariates, zero inflation and the like differ in nothing that matters here.
ROW_BY_ROW = [
    "rater_model", "latent_classes", "mixture_of_counts", "some_labels_known", "missing_counts",
    "several_sequences",
]  # fmt: skip
LONG = ["chain_with_lag", "chain_with_gaps"]  # for `make verify`


def in_turns(monkeypatch, compute):
    """Compute something as it is done for very many rows and many draws, and as for few."""
    merges, found = [], []
    shortened = draws.OverDraws._shortened
    monkeypatch.setattr(
        draws.OverDraws,
        "_shortened",
        lambda *given: merges.append(shortened(*given)) or merges[-1],
    )
    for limit in (0, 10**9):
        for name in ("MANY_NUMBERS", "MANY_CALLS", "MANY_IN_ALL"):
            monkeypatch.setattr(draws, name, limit)
        merges.clear()
        found.append(compute())
        assert any(each is not None for each in merges) == (limit == 0)
    return found


@pytest.mark.parametrize("name", ROW_BY_ROW)
def test_each_row_gets_its_own_log_likelihood_and_states(name, rng, monkeypatch):
    """For the same seed the draws are the same: only what they are drawn by is shared."""
    model = built(MODELS[name], rng)
    density = model.density()
    points = density.constrain_draws(rng.normal(0, 0.7, (3, density.size)))
    trace = {s.variable.name: points[s.variable.name][None] for s in density.slots}
    values = {name: array[0] for name, array in trace.items()}
    shorter, plain = in_turns(monkeypatch, lambda: density.log_likelihood_of(values, 3))
    assert shorter.keys() == plain.keys()
    for variable, rows in shorter.items():
        np.testing.assert_allclose(rows, plain[variable], rtol=1e-12, atol=1e-12)
    if not density.marginal and not density.integrated:
        return
    kinds = KINDS if density.marginal else "draws"
    tree = build_tree(posterior=trace)
    shorter, plain = in_turns(
        monkeypatch, lambda: aq.recover(tree, model, kind=kinds, random_seed=1)
    )
    for group in shorter.children:
        for variable, rows in shorter[group].data_vars.items():
            other = plain[group][variable]
            if rows.dtype.kind == "f":
                np.testing.assert_allclose(rows, other, rtol=1e-12, atol=1e-12)
            elif group != "most_probable":  # of which there may be two, equally probable
                np.testing.assert_array_equal(rows, other)


@pytest.mark.parametrize("name", ["latent_classes", "mixture_of_counts", "several_sequences"])
def test_responsibilities_of_alike_rows(name, rng, monkeypatch):
    model = built(MODELS[name], rng)
    found = Responsibilities(model)
    density = found.density
    points = density.constrain_draws(rng.normal(0, 0.7, (3, density.size)))
    values = {s.variable.name: points[s.variable.name] for s in density.slots}
    parts = [(name, None, None) for name in found._sizes]
    shorter, plain = in_turns(monkeypatch, lambda: found._run(values, parts))
    for variable, rows in shorter.items():
        np.testing.assert_allclose(rows, plain[variable], rtol=1e-12, atol=1e-14)


def test_alike_rows_are_drawn_independently(monkeypatch):
    """Of 4,000 rows that are all alike about half are of each component, and neighbours differ."""
    with aq.Model() as model:
        w = aq.Dirichlet("w", np.ones(2))
        z = aq.Categorical("z", p=w, shape=4000)
        aq.Poisson("y", aq.Gamma("rate", 2, 1, shape=2)[z], observed=np.ones(4000, int))
    point = {"w": np.array([0.5, 0.5]), "rate": np.array([1.0, 1.0])}
    tree, _ = in_turns(monkeypatch, lambda: aq.recover(point, model, random_seed=3))
    drawn = tree.posterior["z"].values.reshape(-1)
    five = 5 * np.sqrt(0.25 / 4000)
    assert abs(drawn.mean() - 0.5) < five
    assert abs(np.mean(drawn[1:] != drawn[:-1]) - 0.5) < five


def test_numbers_that_are_read_are_those_of_distinct_rows(rng):
    repeated = counts_model(rng.integers(0, 5, ROWS)).density()
    assert repeated.numbers_read < ROWS
    apart = counts_model(rng.permutation(ROWS)).density()
    assert apart.numbers_read >= ROWS
