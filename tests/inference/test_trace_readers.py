"""What reads a trace goes by names: of dims, of labels, and of the data that labels belong to."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray
from scipy import stats
from scipy.special import logsumexp

import aliquot as aq
from aliquot.errors import AliquotWarning, ModelError, ShapeError, SupportError
from aliquot.results import build_tree

READERS: list[Callable[..., Any]] = [
    aq.recover,
    aq.sample_posterior_predictive,
    aq.compute_log_likelihood,
]
X, Y = np.array([0.0, 0.1, 0.2, 0.3]), np.array([-5.0, 5.0, 5.0, -5.0])


def rows_model() -> aq.Model:
    """Labels row by row, and deterministics along the rows with and without them."""
    with aq.Model(coords={"k": ["low", "high"]}) as model:
        x = aq.Data("x", X, dims="row")
        y = aq.Data("y", Y, dims="row")
        mu = aq.Normal("mu", [-5.0, 5.0], 1, dims="k")
        z = aq.Categorical("z", p=[0.5, 0.5], dims="row")
        line = aq.Deterministic("line", 2 * x, dims="row")
        aq.Deterministic("level", mu[z] + line, dims="row")
        aq.Normal("obs", mu[z], 0.5, dims="row", observed=y)
    return model


def rows_trace(model: aq.Model, draws: int = 40) -> Any:
    line = np.broadcast_to(2 * X, (1, draws, 4))
    return build_tree(
        posterior={"mu": np.broadcast_to([-5.0, 5.0], (1, draws, 2)), "line": line},
        observed_data={"obs": Y},
        constant_data={"x": X, "y": Y},
        dims={"mu": ["k"], "line": ["row"], "obs": ["row"], "x": ["row"], "y": ["row"]},
        coords={"k": ["low", "high"]},
    )


@pytest.fixture
def model() -> aq.Model:
    return rows_model()


@pytest.fixture
def recovered(model: aq.Model) -> Any:
    return aq.recover(rows_trace(model), model, random_seed=1)


@pytest.mark.parametrize("rows", [2, 7])
@pytest.mark.parametrize("saved", [False, True])
def test_new_rows_come_alone(
    model: aq.Model, recovered: Any, rows: int, saved: bool, tmp_path: Path
) -> None:
    if saved:
        recovered.to_netcdf(tmp_path / "trace.nc")
        recovered = xarray.open_datatree(tmp_path / "trace.nc").load()
    x, y = np.arange(rows, dtype=float), np.full(rows, 5.0)
    model.set_data({"x": x, "y": y})
    with warnings.catch_warnings():
        warnings.simplefilter("error", AliquotWarning)
        again = aq.recover(recovered, model, random_seed=2)
        predicted = aq.sample_posterior_predictive(again, model=model, random_seed=3)
    posterior = again.posterior
    assert posterior["z"].shape == (1, 40, rows) and posterior["z"].dtype.kind == "i"
    assert np.all(posterior["z"] == 1)
    np.testing.assert_allclose(posterior["line"][0, 0], 2 * x)
    np.testing.assert_allclose(posterior["level"][0, 0], 5 + 2 * x)
    assert again.state_probabilities["z"].shape == (1, 40, rows, 2)
    np.testing.assert_array_equal(again.observed_data["obs"], y)
    np.testing.assert_array_equal(again.constant_data["x"], x)
    # 40 draws of rows that are 5 with noise 0.5.
    mean = predicted.posterior_predictive["obs"].mean().item()
    assert abs(mean - 5) < 4.5 * 0.5 / np.sqrt(40 * rows)


@pytest.mark.parametrize("saved", [False, True])
@pytest.mark.parametrize("name", ["y", "x"])
def test_labels_of_other_rows_are_not_used(
    recovered: Any, model: aq.Model, saved: bool, name: str, tmp_path: Path
) -> None:
    if saved:
        recovered.to_netcdf(tmp_path / "trace.nc")
        recovered = xarray.open_datatree(tmp_path / "trace.nc").load()
    with warnings.catch_warnings():
        warnings.simplefilter("error", AliquotWarning)
        same = aq.sample_posterior_predictive(recovered, model=model, random_seed=1)
    assert np.all(np.sign(same.posterior_predictive["obs"]) == np.sign(Y))
    if name == "x":  # enters nothing that the labels were drawn from
        model.set_data({"x": X + 1})
        with warnings.catch_warnings():
            warnings.simplefilter("error", AliquotWarning)
            aq.sample_posterior_predictive(recovered, model=model, random_seed=1)
        return
    model.set_data({"y": -Y})
    with pytest.warns(AliquotWarning, match=r"'z' was recovered from other data \('y' changed"):
        fresh = aq.sample_posterior_predictive(recovered, model=model, random_seed=1)
    high = (fresh.posterior_predictive["obs"].values[0] > 0).sum()
    assert stats.binomtest(int(high), 160, 0.5).pvalue > 1e-5
    # Part of the draws, and a thinned trace, still know where they come from.
    some = recovered.copy()
    some["posterior"] = xarray.DataTree(recovered.posterior.to_dataset().isel(draw=slice(3, 9)))
    with pytest.warns(AliquotWarning, match="recovered from other data"):
        aq.sample_posterior_predictive(some, model=model, random_seed=1)
    with pytest.warns(AliquotWarning, match="left out z, level"):
        only = aq.recover(recovered, model, kind="probabilities")
    assert "z" not in only.posterior
    np.testing.assert_allclose(only.state_probabilities["z"][0, 0, :, 1], Y < 0, atol=1e-12)


def test_labels_of_groups_stay_those_of_the_groups() -> None:
    """New rows of known groups are predicted with what is known of the groups."""
    with aq.Model() as model:
        group = aq.Data("group", np.array([0, 0, 1, 1, 1]))
        x = aq.Data("x", np.zeros(5))
        mu = aq.Normal("mu", [-50.0, 50.0], 1)
        z = aq.Categorical("z", p=[0.5, 0.5], shape=2)
        aq.Normal("obs", mu[z[group]] + x, 1, observed=[-50.0, -51.0, 49.0, 50.0, 51.0])
    trace = build_tree(posterior={"mu": np.broadcast_to([-50.0, 50.0], (1, 30, 2))})
    trace = aq.recover(trace, model, random_seed=1)
    model.set_data({"group": np.array([1, 0, 1]), "x": np.ones(3)})
    with warnings.catch_warnings():
        warnings.simplefilter("error", AliquotWarning)
        found = aq.sample_posterior_predictive(trace, model=model, random_seed=1)
    assert np.all((found.posterior_predictive["obs"] > 0) == [True, False, True])


def square_model() -> aq.Model:
    with aq.Model(coords={"old": ["a", "b"], "new": ["c", "d"], "step": range(5)}) as model:
        P = aq.Dirichlet("P", np.ones(2), dims=("old", "new"))
        z = aq.MarkovChain("z", P=P, init=[0.9, 0.1], dims="step")
        aq.Normal("obs", 2.0 * z, 1, dims="step", observed=[0.1, 1.2, 0.4, 2.0, 2.2])
    return model


ORDERS = [
    lambda ds: ds.transpose("new", "draw", "old", "chain", ...),
    lambda ds: ds.isel(new=[1, 0]),
    lambda ds: ds.sel(old=["b", "a"]).transpose("draw", "chain", "new", "old", ...),
]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("reader", READERS)
def test_the_order_of_dims_and_labels_does_not_matter(reader: Any, order: Any) -> None:
    model = square_model()
    P = np.broadcast_to([[0.9, 0.1], [0.4, 0.6]], (2, 6, 2, 2))
    trace = build_tree(posterior={"P": P}, dims={"P": ["old", "new"]}, coords=dict(model.coords))
    turned = trace.copy()
    turned["posterior"] = xarray.DataTree(order(trace.posterior.to_dataset()))
    extra = {} if reader is aq.compute_log_likelihood else {"random_seed": 1}
    one, other = (reader(t, model=model, **extra) for t in (trace, turned))
    for group in set(one.children) - {"observed_data"}:
        for name, array in one[group].data_vars.items():
            if name == "P" and reader is not aq.recover:
                continue  # the trace's own, left as it is
            theirs = other[group][name]
            if name == "P":
                theirs = theirs.sel(old=["a", "b"], new=["c", "d"])
            np.testing.assert_allclose(theirs.transpose(*array.dims), array, atol=1e-14)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda ds: ds.rename(old="row"), "P: .*'row' is not known.*'old' is missing"),
        (lambda ds: ds.isel(old=0, drop=True), "P: .*'old' is missing"),
        (lambda ds: ds.expand_dims("more"), "P: .*'more' is not known"),
        (lambda ds: ds.stack(both=("old", "new")), "P: .*'both' is not known"),
        (lambda ds: ds.isel(chain=0), "no dim 'chain'.*isel"),
        (lambda ds: ds.stack(sample=("chain", "draw")), "no dim 'chain'.*unstack"),
        (lambda ds: ds.assign_coords(old=["a", "q"]), "P: .*'old' has a label 'b'"),
        (lambda ds: ds.assign(P=ds.P.where(ds.draw != 3)), r"P is not finite.*chain 0, draw 3"),
        (lambda ds: ds.assign(P=2 * ds.P), "P: the posterior holds .*none of its values"),
    ],
)
@pytest.mark.parametrize("reader", READERS)
def test_what_cannot_be_read_is_refused_by_name(reader: Any, change: Any, words: str) -> None:
    model = square_model()
    P = np.full((2, 6, 2, 2), 0.5)
    trace = build_tree(posterior={"P": P}, dims={"P": ["old", "new"]}, coords=dict(model.coords))
    trace["posterior"] = xarray.DataTree(change(trace.posterior.to_dataset()))
    with pytest.raises((ModelError, ShapeError, SupportError), match=words):
        reader(trace, model=model)


def test_a_state_that_there_is_not(model: aq.Model, recovered: Any) -> None:
    bad = recovered.copy()
    ds = recovered.posterior.to_dataset()
    bad["posterior"] = xarray.DataTree(ds.assign(z=xarray.where(ds.draw == 5, 7, ds.z)))
    for reader in (aq.sample_posterior_predictive, aq.compute_log_likelihood, aq.filled_components):
        with pytest.raises(SupportError, match=r"z: the posterior holds 7 .*draw 5.*0 to 1"):
            reader(bad, model=model)
    with pytest.raises(SupportError, match="holds 7"):
        aq.recover(bad, model, kind="probabilities")
    assert set(np.unique(aq.recover(bad, model, random_seed=1).posterior["z"])) == {0, 1}


def test_draws_at_which_the_data_are_impossible() -> None:
    with aq.Model() as model:
        p = aq.Beta("p", 1, 1)
        z = aq.Bernoulli("z", p, shape=2)
        aq.Bernoulli("obs", p * z, observed=[1, 0])
    trace = build_tree(posterior={"p": np.array([[0.5, 0.0, 0.5]])})
    with pytest.raises(ModelError, match=r"1 of 3 draws have no density \(\(chain 0, draw 1\)"):
        aq.recover(trace, model)


def test_a_deterministic_has_no_probabilities(model: aq.Model) -> None:
    for kind in ("probabilities", "most_probable"):
        with pytest.raises(ModelError, match="'level' is computed from discrete variables"):
            aq.recover(rows_trace(model), model, kind=kind, var_names="level")


def test_a_point_is_a_trace_of_one_draw(model: aq.Model) -> None:
    kinds = ("probabilities", "draws", "most_probable")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mode = aq.find_map(model=model, random_seed=1)
    for point in (mode, {"mu": [-5.0, 5.0]}):
        tree = aq.recover(point, model, kind=kinds, random_seed=1)
        assert tree.posterior["z"].shape == (1, 1, 4)
        np.testing.assert_array_equal(tree.most_probable["z"][0, 0], Y > 0)
        np.testing.assert_allclose(tree.state_probabilities["z"][0, 0, :, 1], Y > 0, atol=1e-12)
        np.testing.assert_allclose(tree.posterior["line"][0, 0], 2 * X)
    for wrong, words in (
        ({}, "no value of 'mu'"),
        ({"mu": [0.0, 1.0], "z": 1}, "'z' is discrete and summed out"),
        ({"mu": [0.0, np.nan]}, "mu: .*not finite"),
        ({"mu": [0.0, 1.0, 2.0]}, r"mu: .*\(3,\), the variable \(2,\)"),
    ):
        with pytest.raises((ModelError, ShapeError, SupportError), match=words):
            aq.recover(wrong, model)


P2, INIT, MEANS = np.array([[0.8, 0.2], [0.3, 0.7]]), np.array([0.6, 0.4]), np.array([-1.0, 1.2])
NAN = np.nan


def _by_enumeration(known: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute log p(each value | all others) over all paths: of y, and of the known states."""
    paths = np.array(list(itertools.product(range(2), repeat=len(y))))
    log_p = np.log(INIT[paths[:, 0]]) + np.log(P2[paths[:, :-1], paths[:, 1:]]).sum(1)
    each = stats.norm.logpdf(y, MEANS[paths], 1)
    fits = np.isnan(known) | (paths == known)

    def total(without_y: int = -1, without_z: int = -1) -> float:
        terms = np.delete(each, without_y, 1) if without_y >= 0 else each
        kept = np.delete(fits, without_z, 1) if without_z >= 0 else fits
        return float(logsumexp(np.where(kept.all(1), log_p + terms.sum(1), -np.inf)))

    seen = np.flatnonzero(~np.isnan(known))
    return (
        np.array([total() - total(without_y=t) for t in range(len(y))]),
        np.array([total() - total(without_z=int(t)) for t in seen]),
    )


@pytest.mark.parametrize(
    "known",
    [
        [0, NAN, NAN, 1, NAN],
        [0, NAN, NAN, NAN, NAN],
        [[0, NAN, 1, NAN], [NAN, NAN, NAN, NAN], [0, 1, 1, 0]],
    ],
)
def test_the_pointwise_likelihood_of_a_partly_observed_chain(known: Any, rng: Any) -> None:
    known = np.array(known)
    y = rng.normal(size=known.shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", aq.ImputationWarning)
        with aq.Model() as model:
            mu = aq.Normal("mu", MEANS, 1)
            z = aq.MarkovChain("z", P=P2, init=INIT, shape=known.shape, observed=known)
            aq.Normal("y", mu[z], 1, observed=y)
    trace = build_tree(posterior={"mu": np.broadcast_to(MEANS, (1, 2, 2))})
    found = aq.compute_log_likelihood(trace, model=model).log_likelihood
    pairs = zip(np.atleast_2d(known), np.atleast_2d(y), strict=True)
    of_y, of_z = zip(*itertools.starmap(_by_enumeration, pairs), strict=True)
    np.testing.assert_allclose(found["y"][0, 0].values.ravel(), np.ravel(of_y), atol=1e-12)
    np.testing.assert_allclose(found["z"][0, 1], np.concatenate(of_z), atol=1e-12)
    np.testing.assert_array_equal(found["z_observed"], np.flatnonzero(~np.isnan(known)))
