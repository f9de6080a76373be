"""Refits without some observations: against closed forms and enumeration by hand."""

from __future__ import annotations

import warnings
from itertools import product
from typing import Any

import arviz as az
import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

import aliquot as aq
from aliquot.results import build_tree

QUICK = {"tune": 300, "compute_convergence_checks": False}
# Of twelve comparisons one in 10,000 runs is off by so many standard errors, and that of the
# effective sample size is allowed for.
Z = 5.0


def trace_of(model: aq.Model, **values: Any) -> Any:
    """Make a trace of one chain of these draws."""
    dims = {n: list(v.dims) for n, v in model.variables.items() if getattr(v, "dims", None)}
    posterior = {name: np.asarray(v)[None] for name, v in values.items()}
    return build_tree(posterior=posterior, dims=dims, coords=model.coords.as_dict())


def normal_mean(y: Any) -> aq.Model:
    with aq.Model(coords={"row": list("abcdef")}) as model:
        mu = aq.Normal("mu", 0, 2)
        aq.Normal("y", mu, 1, dims="row", observed=y)
    return model


def exact(y: np.ndarray, left: Any) -> np.ndarray:
    """Compute the log of p(y_i | all y but those left out), for those: a normal mean."""
    kept = np.delete(y, left)
    variance = 1 / (1 / 4 + len(kept))
    return np.asarray(stats.norm.logpdf(y[left], variance * kept.sum(), np.sqrt(1 + variance)))


@pytest.fixture(scope="module")
def data() -> np.ndarray:
    return np.random.default_rng(7).normal(0.5, 1, 6)


@pytest.fixture(scope="module")
def fitted(data: np.ndarray) -> tuple[aq.Model, Any]:
    model = normal_mean(data)
    trace = aq.sample(500, chains=2, random_seed=3, progressbar=False, model=model, **QUICK)
    return model, trace


def gone(variable: Any) -> np.ndarray:
    """Say which observations are left out: missing values, or those that do not count."""
    if variable.counted is not None:
        return ~variable.counted.value_now()
    return variable.missing


def test_refits_of_a_normal_mean(fitted: Any, data: np.ndarray) -> None:
    """`az.loo_kfold` by folds: each held-out density is the closed form's, to Monte Carlo error."""
    model, trace = fitted
    wrapper = aq.leave_out(trace, model, **QUICK)
    folds = [1, 2, 3, 1, 2, 3]
    found = az.loo_kfold(wrapper.idata_orig, wrapper, folds=folds, pointwise=True, save_fits=True)
    assert list(found.elpd_i["row"].values) == list("abcdef")
    for number in (1, 2, 3):
        left = np.flatnonzero(np.array(folds) == number)
        fit = found.fold_fits[number]["fit"]
        density = np.exp(wrapper.log_likelihood__i(left, fit))
        assert density.dims == ("chain", "draw", "row")
        error = density.std(("chain", "draw")) / np.sqrt(az.ess(density, method="mean"))
        off = np.exp(exact(data, left)) - density.mean(("chain", "draw"))
        assert np.all(np.abs(off) < Z * error)
        np.testing.assert_allclose(
            found.elpd_i[left], np.log(density.mean(("chain", "draw"))), rtol=1e-12
        )
        assert int(fit.sample_stats.sizes["draw"]) == 500
        assert np.isnan(fit.observed_data["y"][left]).all()


def test_reloo_refits_what_it_is_told_to(fitted: Any, data: np.ndarray) -> None:
    model, trace = fitted
    wrapper = aq.leave_out(trace, model, draws=100, **QUICK)
    loo = az.loo(wrapper.idata_orig, pointwise=True)
    loo.pareto_k[2] = 1.0
    found = az.reloo(wrapper, loo)
    assert found.pareto_k[2] == 0
    fit = wrapper.sample(wrapper.sel_observations(2)[0])  # the seed is a function of what is left
    again = np.exp(wrapper.log_likelihood__i(np.array([2]), fit)).mean()
    np.testing.assert_allclose(found.elpd_i[2], np.log(again), rtol=1e-12)
    np.testing.assert_array_equal(np.delete(found.elpd_i, 2), np.delete(loo.elpd_i, 2))


def test_moment_matching_gets_what_it_needs(fitted: Any, data: np.ndarray) -> None:
    """Of a positive scale and a mean: densities at moved draws are those written by hand."""
    with aq.Model():
        mu = aq.Normal("mu", 0, 2)
        sigma = aq.HalfNormal("sigma", 1)
        aq.Normal("y", mu, sigma, observed=data.reshape(2, 3))
        trace = aq.sample(300, chains=2, random_seed=3, progressbar=False, **QUICK)
        wrapper = aq.leave_out(trace)
    given = wrapper.moment_matching()
    upars = given["upars"]
    assert upars.dims == ("chain", "draw", "unconstrained_parameter")
    np.testing.assert_allclose(upars[..., 0], trace.posterior["mu"], rtol=1e-12)
    np.testing.assert_allclose(np.exp(upars[..., 1]), trace.posterior["sigma"], rtol=1e-12)
    moved = (1.1 * upars + 0.2).transpose("unconstrained_parameter", "draw", "chain")
    m, s = moved.transpose("unconstrained_parameter", "chain", "draw").values
    each = stats.norm.logpdf(data, m[..., None], np.exp(s)[..., None])
    prior = stats.norm.logpdf(m, 0, 2) + stats.halfnorm.logpdf(np.exp(s)) + s
    found = given["log_prob_upars_fn"](moved)
    assert found.dims == ("chain", "draw")
    np.testing.assert_allclose(found, prior + each.sum(-1), rtol=1e-10)
    np.testing.assert_allclose(given["log_lik_i_upars_fn"](moved, 4), each[..., 4], rtol=1e-10)
    loo = az.loo(wrapper.idata_orig, pointwise=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of ArviZ's, that few draws leave Pareto k where it is
        matched = az.loo_moment_match(wrapper.idata_orig, loo, k_threshold=0.0, **given)
    # Both are the same number by importance sampling, to well below a tenth here.
    assert np.abs(matched.elpd_i - loo.elpd_i).max() < 0.5


def paths_of_chain(P: np.ndarray, init: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """List all paths of a chain, with the logs of their probabilities."""
    paths = np.array(list(product(range(len(init)), repeat=steps)))
    logs = np.log(init)[paths[:, 0]] + np.log(P)[paths[:, :-1], paths[:, 1:]].sum(axis=1)
    return paths, logs


def test_observations_of_a_hidden_chain_left_out(rng: np.random.Generator) -> None:
    """A fold of a hidden Markov model with two series, one of vectors, some of it missing."""
    P, init, steps = np.array([[0.9, 0.1], [0.3, 0.7]]), np.array([0.4, 0.6]), 6
    x, y = rng.normal(size=steps), rng.normal(size=(steps, 2))
    x[1] = np.nan
    with warnings.catch_warnings(), aq.Model(coords={"t": range(10, 16)}) as model:
        warnings.simplefilter("ignore", aq.ImputationWarning)
        mu = aq.Normal("mu", 0, 1, shape=2)
        z = aq.MarkovChain("z", P, init=init, dims="t")
        aq.Normal("x", mu[z], 1, dims="t", observed=x)
        aq.MvNormal("y", mu[z][:, None] * np.ones(2), cov=np.eye(2), observed=y)
    draws = rng.normal(size=(3, 2))
    trace = trace_of(model, mu=draws)
    paths, prior = paths_of_chain(P, init, steps)

    def terms(mu: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        seen = np.nan_to_num(stats.norm.logpdf(x, mu[paths], 1))
        return seen, stats.norm.logpdf(y, mu[paths][..., None], 1).sum(-1)

    def expected(name: str, left: list[int]) -> np.ndarray:
        """Give the density of each of some steps, given all of the other variable and the rest."""
        result = np.empty((3, len(left)))
        for d, mu in enumerate(draws):
            own, other = terms(mu) if name == "x" else terms(mu)[::-1]
            rest = prior + other.sum(1) + np.delete(own, left, axis=1).sum(1)
            result[d] = [logsumexp(rest + own[:, t]) - logsumexp(rest) for t in left]
        return result

    by_vector = aq.leave_out(trace, model, var_name="y")
    kept, places = by_vector.sel_observations([0, 3, 4])
    assert np.flatnonzero(gone(kept.model["y"])).tolist() == [0, 3, 4]
    found = by_vector.log_likelihood__i(places, trace)
    np.testing.assert_allclose(found.values[0], expected("y", [0, 3, 4]), rtol=1e-10)

    # The steps that were seen are 0, 2, 3, 4, 5: the log likelihood has no others.
    by_number = aq.leave_out(trace, model, var_name="x")
    kept, places = by_number.sel_observations(np.array([1, 4]))
    assert np.flatnonzero(gone(kept.model["x"])).tolist() == [1, 2, 5]
    found = by_number.log_likelihood__i(places, trace)
    assert found["x_observed"].values.tolist() == [2, 5]
    np.testing.assert_allclose(found.values[0], expected("x", [2, 5]), rtol=1e-10)
    # The density of a refit is that of what was kept.
    density = kept.model.density()
    for mu in draws:
        seen, vectors = terms(mu)
        rest = prior + vectors.sum(1) + seen[:, [0, 3, 4]].sum(1)
        want = logsumexp(rest) + stats.norm.logpdf(mu).sum()
        np.testing.assert_allclose(density.evaluate(mu), want, rtol=1e-10)


def test_states_of_a_partly_observed_chain_left_out(rng: np.random.Generator) -> None:
    P, init = np.array([[0.8, 0.2], [0.4, 0.6]]), np.array([0.5, 0.5])
    states = np.ma.masked_less([0, -1, 1, 1, -1], 0)
    x = rng.normal(size=5)
    with warnings.catch_warnings(), aq.Model() as model:
        warnings.simplefilter("ignore", aq.ImputationWarning)
        mu = aq.Normal("mu", 0, 1, shape=2)
        z = aq.MarkovChain("z", P, init=init, observed=states)
        aq.Normal("x", mu[z], 1, observed=x)
    draws = rng.normal(size=(2, 2))
    wrapper = aq.leave_out(trace_of(model, mu=draws), model, var_name="z")
    kept, places = wrapper.sel_observations([0, 2])  # of those observed: steps 0 and 3
    assert np.flatnonzero(~kept.model["z"].missing).tolist() == [2]
    found = wrapper.log_likelihood__i(places, wrapper.idata_orig).values[0]
    paths, prior = paths_of_chain(P, init, 5)
    for d, mu in enumerate(draws):
        joint = prior + stats.norm.logpdf(x, mu[paths], 1).sum(1)
        joint = np.where(paths[:, 2] == 1, joint, -np.inf)
        wanted = [joint[paths[:, t] == s] for t, s in ((0, 0), (3, 1))]
        np.testing.assert_allclose(
            found[d], [logsumexp(each) - logsumexp(joint) for each in wanted], rtol=1e-10
        )


def test_counts_along_two_dims_are_told_by_their_labels(rng: np.random.Generator) -> None:
    counts = rng.poisson(3, (2, 3))
    with aq.Model(coords={"place": ["here", "there"], "year": [1990, 1995, 2000]}) as model:
        rate = aq.Gamma("rate", 2, 1, dims="place")
        aq.Poisson("n", rate[:, None], dims=("place", "year"), observed=counts)
    draws = rng.gamma(2, 1, (4, 2))
    wrapper = aq.leave_out(trace_of(model, rate=draws), model)
    kept, places = wrapper.sel_observations({"place": "there", "year": 1995})
    assert np.argwhere(gone(kept.model["n"])).tolist() == [[1, 1]]
    assert kept.model["n"].distribution.discrete
    found = wrapper.log_likelihood__i(places, wrapper.idata_orig)
    want = stats.poisson.logpmf(counts[1, 1], draws[:, 1])
    np.testing.assert_allclose(found.values[0, :, 0], want, rtol=1e-10)
    with pytest.raises(aq.ModelError, match="no observation at year=1991"):
        wrapper.sel_observations({"place": "there", "year": 1991})
    with pytest.raises(aq.ModelError, match="told by the dims 'place', 'year'; got 'place'"):
        wrapper.sel_observations({"place": "there"})


def test_each_refit_has_a_seed_of_its_own(fitted: Any) -> None:
    """A generator gives one seed for all refits, and what is left out makes each its own."""
    model, trace = fitted
    wrapper = aq.leave_out(trace, model, draws=20, random_seed=np.random.default_rng(5), **QUICK)
    fits = [wrapper.sample(wrapper.sel_observations(i)[0]) for i in (0, 1, 0)]
    assert fits[0].attrs["random_seed"] == fits[2].attrs["random_seed"]
    assert fits[0].attrs["random_seed"] != fits[1].attrs["random_seed"]
    np.testing.assert_array_equal(fits[0].posterior["mu"], fits[2].posterior["mu"])


def test_what_is_said_of_a_refit_says_which(fitted: Any) -> None:
    model, trace = fitted
    wrapper = aq.leave_out(trace, model, draws=20, chains=1, tune=100)
    with pytest.warns(aq.ConvergenceWarning, match="the refit without observations 0, 2 of 'y': "):
        wrapper.sample(wrapper.sel_observations([0, 2])[0])


@pytest.mark.parametrize("idx", [6, -1, [0, 0], [], [0.5], "a", [[0, 1]]])
def test_what_is_no_observation_is_refused(fitted: Any, idx: Any) -> None:
    model, trace = fitted
    with pytest.raises(aq.ModelError, match=r"observations of 'y' (is|are) |which observations"):
        aq.leave_out(trace, model).sel_observations(idx)


def test_options_that_are_none_are_refused(fitted: Any) -> None:
    model, trace = fitted
    with pytest.raises(TypeError, match=r"leave_out\(\) takes no argument 'drows'.*draws="):
        aq.leave_out(trace, model, drows=3)
    with pytest.raises(TypeError, match="use tune="):
        aq.leave_out(trace, model, warmup=3)
    with pytest.raises(aq.ModelError, match="refits have no store"):
        aq.leave_out(trace, model, store="run.zarr")
    with pytest.raises(aq.ModelError, match="var_name='x' is no observed variable; it can be 'y'"):
        aq.leave_out(trace, model, var_name="x")
    with pytest.raises(aq.ModelError, match="drawn given other data of 'y'"):
        aq.leave_out(trace, normal_mean(np.zeros(6)))


def test_models_of_which_nothing_can_be_left_out() -> None:
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        y = aq.Normal("y", x, 1, observed=[0.1, 0.2])
        aq.Normal("w", y + 1, 1, observed=[1.0, 1.2])
    trace = trace_of(model, x=np.zeros(3))
    with pytest.raises(aq.ModelError, match=r"several observed variables \('y', 'w'\)"):
        aq.leave_out(trace, model)
    with pytest.raises(aq.ModelError, match="'y' cannot be left out, because 'w' depends on"):
        aq.leave_out(trace, model, var_name="y")
    aq.leave_out(trace, model, var_name="w")
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        y = aq.Data("y", [0.1, 0.2, 0.4])
        aq.Normal("z", x * y[:-1], 1, observed=y[1:])
    with pytest.raises(aq.ModelError, match="'z' cannot be left out, because 'z' is computed"):
        aq.leave_out(trace_of(model, x=np.zeros(3)), model)


def test_data_that_can_be_replaced_can_be_left_out() -> None:
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        y = aq.Data("y", [0.1, 0.2, 0.4])
        aq.Normal("z", x, 1, observed=y)
    wrapper = aq.leave_out(trace_of(model, x=np.zeros(3)), model)
    kept, _ = wrapper.sel_observations(1)
    want = stats.norm.logpdf([0.3, 0.1, 0.4], [0, 0.3, 0.3]).sum()
    np.testing.assert_allclose(kept.model.density().evaluate([0.3]), want)


def test_an_improper_walk_cannot_be_left_out_whole() -> None:
    with aq.Model() as model:
        s = aq.HalfNormal("s", 1)
        aq.GaussianRandomWalk("y", sigma=s, init_dist=aq.Flat.dist(), observed=[0.1, 0.2, 0.4])
    wrapper = aq.leave_out(trace_of(model, s=np.ones(3)), model)
    with pytest.raises(aq.ModelError, match=r"observation 0 of 'y' cannot .* improper"):
        wrapper.sel_observations(0)


def test_switched_labels_are_said_before_draws_are_moved(rng: np.random.Generator) -> None:
    y = np.concatenate([rng.normal(-4, 1, 8), rng.normal(4, 1, 8)])
    with aq.Model():
        mu = aq.Normal("mu", 0, 5, shape=2)
        aq.NormalMixture("y", [0.5, 0.5], mu, 1, observed=y)
        trace = aq.sample(
            50, chains=2, random_seed=1, progressbar=False, label_switching="permute", **QUICK
        )
        wrapper = aq.leave_out(trace)
    with pytest.warns(aq.AliquotWarning, match="labels switch within this trace"):
        wrapper.moment_matching()
