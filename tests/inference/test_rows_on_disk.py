"""Whole analyses of models whose rows lie on a disk, against the same with their data in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xarray
from scipy.stats import norm

import aliquot as aq

ROWS = 6_011
CHECKS_OFF = {"compute_convergence_checks": False, "progressbar": False}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, np.ndarray]]:
    """Two hidden groups in a column, known groups in another, in row groups of odd sizes."""
    rng = np.random.default_rng(0)
    group = rng.integers(0, 3, ROWS)
    hidden = rng.random(ROWS) < 0.4
    y = rng.normal(np.where(hidden, -2.0, 2.0) + np.array([0.0, 1.0, -0.5])[group], 1.0)
    path = tmp_path_factory.mktemp("rows") / "rows.parquet"
    pq.write_table(pa.table({"y": y, "group": group}), path, row_group_size=1_237)
    return path, {"y": y, "group": group}


def labelled(y: Any, group: Any) -> None:
    """Write a model with hidden labels and effects of groups, on data of either kind."""
    w = aq.Beta("w", 1, 1)
    means = aq.Normal("means", 0, 5, shape=2, transform=aq.transforms.ordered)
    effect = aq.Normal("effect", 0, 1, shape=2)
    shift = aq.math.concatenate([[0.0], effect])
    z = aq.Bernoulli("z", w, shape=len(y))
    aq.Normal("obs", means[z] + shift[group], 1, observed=y)


@pytest.fixture(scope="module")
def models(table: tuple[Path, dict[str, np.ndarray]]) -> tuple[aq.Model, aq.Model]:
    path, columns = table
    with aq.Model() as memory:
        labelled(aq.Data("y", columns["y"]), aq.Data("group", columns["group"]))
    with aq.Model() as disk:
        labelled(aq.Data.from_parquet(path, "y"), aq.Data.from_parquet(path, "group"))
    return memory, disk


@pytest.fixture(scope="module")
def trace(models: tuple[aq.Model, aq.Model]) -> xarray.DataTree:
    return aq.sample(
        60, tune=150, chains=2, random_seed=1, init="adapt_diag", model=models[1], **CHECKS_OFF
    )


def test_the_mode_and_the_log_likelihood_are_those_of_all_rows(models):
    memory, disk = models
    found, expected = aq.find_map(model=disk), aq.find_map(model=memory)
    for name in ("w", "means", "effect"):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-6, atol=1e-6)
    point = {name: expected[name] for name in ("w", "means", "effect")}
    in_memory = memory.log_likelihood(point)
    assert disk.log_likelihood(point) == pytest.approx(in_memory, rel=1e-12)


def test_a_run_has_no_rows_in_it(trace, models):
    assert set(trace.posterior.data_vars) == {"w", "means", "effect"}
    assert not {"observed_data", "constant_data"} & set(trace.children)
    assert not any(ROWS in array.shape for array in trace.posterior.data_vars.values())


def test_draws_are_of_the_posterior_of_all_rows(trace, models):
    # A Gaussian at the mode is close with thousands of rows: draws within its width of the mode.
    memory, _ = models
    at = aq.fit(method="laplace", model=memory, progressbar=False, check=False)
    drawn = at.sample(4_000, random_seed=1).posterior
    for name in ("w", "means", "effect"):
        mean = trace.posterior[name].mean(("chain", "draw")).values
        sd = drawn[name].std(("chain", "draw")).values
        expected = drawn[name].mean(("chain", "draw")).values
        # 120 draws of at least 20 effective ones: five standard errors, and the mode's own bias.
        assert np.all(np.abs(mean - expected) < sd * (5 / np.sqrt(20) + 0.3))


@pytest.mark.parametrize("method", ["laplace", "dadvi"])
def test_fits_are_those_in_memory(models, method):
    memory, disk = models
    on_disk = aq.fit(method=method, model=disk, random_seed=3, progressbar=False, check=False)
    there = aq.fit(method=method, model=memory, random_seed=3, progressbar=False, check=False)
    sd = np.sqrt(np.diag(np.atleast_2d(there.covariance)))
    assert np.all(np.abs(on_disk.mean - there.mean) < 0.2 * sd)


def test_a_store_is_resumed_to_the_same_draws(models, trace, tmp_path):
    _, disk = models
    settings = {"tune": 150, "chains": 2, "random_seed": 1, "init": "adapt_diag"}
    aq.sample(20, store=tmp_path / "run.zarr", model=disk, **settings, **CHECKS_OFF)
    longer = aq.resume(tmp_path / "run.zarr", model=disk, draws=60, progressbar=False)
    for name in trace.posterior.data_vars:
        np.testing.assert_array_equal(longer.posterior[name], trace.posterior[name])


def test_a_store_of_other_rows_is_refused(models, table, tmp_path):
    _, columns = table
    other = tmp_path / "other.parquet"
    y = columns["y"].copy()
    y[1234] += 1e-3  # a row that the model is hardly written with
    pq.write_table(pa.table({"y": y, "group": columns["group"]}), other)
    run = tmp_path / "run.zarr"
    aq.sample(2, tune=2, chains=1, init="adapt_diag", store=run, model=models[1], **CHECKS_OFF)
    with aq.Model() as changed:
        labelled(aq.Data.from_parquet(other, "y"), aq.Data.from_parquet(other, "group"))
    with pytest.raises(aq.ModelError, match="the data of 'y' are not those of the run"):
        aq.resume(run, model=changed, draws=4, progressbar=False)


def test_log_likelihoods_go_to_a_store(models, trace, tmp_path):
    memory, disk = models
    few = trace.isel(draw=slice(0, 5))
    with pytest.raises(aq.ModelError, match=r"6,011 rows, which lie on a disk.*give store="):
        aq.compute_log_likelihood(few, model=disk)
    found = aq.compute_log_likelihood(few, model=disk, store=tmp_path / "ll.zarr")
    expected = aq.compute_log_likelihood(few, model=memory).log_likelihood["obs"].values
    np.testing.assert_allclose(found.log_likelihood["obs"].values, expected, atol=1e-9)
    again = xarray.open_zarr(tmp_path / "ll.zarr", consolidated=False, chunks=None)
    assert again["obs"].shape == (2, 5, ROWS)
    with pytest.raises(aq.StorageError, match="is there already"):
        aq.compute_log_likelihood(few, model=disk, store=tmp_path / "ll.zarr")
    with pytest.raises(aq.ModelError, match="in memory, and so is the result: leave it out"):
        aq.compute_log_likelihood(few, model=memory, store=tmp_path / "other.zarr")


def test_observations_that_are_no_rows_are_written_once(tmp_path):
    rng = np.random.default_rng(4)
    y, few = rng.normal(size=5_000), rng.normal(size=3)
    np.save(tmp_path / "y.npy", y)
    with aq.Model() as model:
        rows = aq.Data.from_numpy(tmp_path / "y.npy", name="rows")
        mu = aq.Normal("mu", 0, 1)
        aq.Normal("many", mu, 1, observed=rows)
        aq.Normal("few", mu, 2, observed=few)
    point = {"mu": 0.3}
    trace = aq.fit(method="laplace", model=model, progressbar=False, check=False)
    trace = trace.sample(4, random_seed=1)
    found = aq.compute_log_likelihood(trace, model=model, store=tmp_path / "ll.zarr")
    mu = trace.posterior["mu"].values[..., None]
    ll = found.log_likelihood
    np.testing.assert_allclose(ll["many"].values, norm.logpdf(y, mu, 1), atol=1e-10)
    np.testing.assert_allclose(ll["few"].values, norm.logpdf(few, mu, 2), atol=1e-10)
    together = norm.logpdf(y, 0.3, 1).sum() + norm.logpdf(few, 0.3, 2).sum()
    assert model.log_likelihood(point) == pytest.approx(together, rel=1e-12)


def test_what_has_no_room_is_refused_before_it_is_computed(models, trace, tmp_path, monkeypatch):
    import shutil

    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(9, 9, 0))
    with pytest.raises(aq.StorageError, match=r"takes .* GB, and the disk of"):
        aq.compute_log_likelihood(trace, model=models[1], store=tmp_path / "ll.zarr")
    assert list(tmp_path.iterdir()) == []


def test_probabilities_of_labels_go_to_a_file(models, trace, table, tmp_path):
    _, disk = models
    _, columns = table
    few = trace.isel(draw=slice(0, 7))
    same = aq.recover(few, model=disk, store=tmp_path / "z.parquet")
    assert set(same.posterior.data_vars) == set(few.posterior.data_vars)
    found = pq.read_table(tmp_path / "z.parquet")
    assert found.column_names == ["p(z = 0)", "p(z = 1)", "z"]
    # By Bayes' rule, draw by draw.
    posterior = few.posterior.dataset.stack(s=("chain", "draw"))
    p = np.zeros(ROWS)
    for s in range(posterior.sizes["s"]):
        draw = posterior.isel(s=s)
        shift = np.concatenate([[0.0], draw["effect"].values])[columns["group"]]
        w, (low, high) = float(draw["w"]), draw["means"].values
        one = w * norm.pdf(columns["y"], high + shift, 1)
        p += one / (one + (1 - w) * norm.pdf(columns["y"], low + shift, 1))
    p /= posterior.sizes["s"]
    np.testing.assert_allclose(found["p(z = 1)"].to_numpy(), p, atol=1e-9)
    np.testing.assert_allclose(found["p(z = 0)"].to_numpy(), 1 - p, atol=1e-9)
    clear = np.abs(p - 0.5) > 1e-6
    np.testing.assert_array_equal(found["z"].to_numpy()[clear], (p > 0.5)[clear])
    with pytest.raises(aq.ModelError, match="of rows on a disk there are probabilities"):
        aq.recover(few, model=disk, kind="draws", store=tmp_path / "w.parquet")


@pytest.mark.parametrize(
    "use",
    [
        lambda trace, model: aq.sample_posterior_predictive(trace, model=model),
        lambda trace, model: aq.sample_prior_predictive(10, model=model),
        lambda trace, model: aq.leave_out(trace, model=model),
        lambda trace, model: aq.one_step_ahead(trace, model=model),
        lambda trace, model: aq.report(trace, model, "page.html"),
        lambda trace, model: aq.calibrate(model, simulations=10),
    ],
    ids=["posterior", "prior", "leave_out", "ahead", "report", "calibrate"],
)
def test_what_needs_rows_in_memory_is_refused_by_name(models, trace, use):
    with pytest.raises(aq.ModelError, match=r"the model's rows lie on a disk \(y, group: 6,011"):
        use(trace, models[1])


def test_what_is_computed_of_each_row_is_left_out_and_said(table):
    path, _ = table
    with aq.Model() as model:
        y = aq.Data.from_parquet(path, "y")
        mu = aq.Normal("mu", 0, 5)
        aq.Deterministic("residual", y - mu)
        aq.Deterministic("twice", 2 * mu)
        aq.Normal("obs", mu, 2, observed=y)
    with pytest.warns(aq.AliquotWarning, match="residual: computed from rows"):
        trace = aq.sample(5, tune=20, chains=1, init="adapt_diag", model=model, **CHECKS_OFF)
    assert set(trace.posterior.data_vars) == {"mu", "twice"}


def test_a_file_that_changes_ends_a_run_by_name(tmp_path):
    path = tmp_path / "rows.npy"
    np.save(path, np.random.default_rng(1).normal(size=300_000))
    with aq.Model() as model:
        y = aq.Data.from_numpy(path, name="y")
        mu = aq.Normal("mu", 0, 5)
        sigma = aq.HalfNormal("sigma", 1)
        aq.Normal("obs", mu, sigma, observed=y)
    model.density()
    np.save(path, np.zeros(300_001))
    with pytest.raises(aq.RowsError, match=r"rows\.npy"):
        aq.find_map(model=model)


def test_probabilities_of_hidden_sequences_are_lists_as_long_as_these(tmp_path):
    rng = np.random.default_rng(2)
    lengths = rng.integers(2, 6, 40)
    y = rng.normal(size=lengths.sum())
    table = pa.table({"y": y, "unit": np.repeat(np.arange(40), lengths)})
    pq.write_table(table, tmp_path / "sequences.parquet")

    def write(y: Any) -> None:
        moves = np.array([[0.8, 0.2], [0.3, 0.7]])
        means = aq.Normal("means", [-1, 1], 1)
        z = aq.MarkovChain("z", moves, init=[0.5, 0.5], shape=y.shape)
        aq.Normal("obs", means[z], 1, observed=y)

    with aq.Model() as disk:
        write(aq.Data.from_parquet(tmp_path / "sequences.parquet", "y", sequence="unit"))
    point = {"means": np.array([-0.8, 1.1])}
    aq.recover(point, model=disk, store=tmp_path / "z.parquet")
    found = pq.read_table(tmp_path / "z.parquet")
    ends = np.cumsum(lengths)
    for row in (0, 7, 39):
        one = y[ends[row] - lengths[row] : ends[row]]
        with aq.Model() as alone:
            write(aq.Data("y", one))
        expected = aq.recover(point, model=alone, kind="probabilities")
        p = expected.state_probabilities["z"].values[0, 0, :, 1]
        np.testing.assert_allclose(found["p(z = 1)"][row].as_py(), p, atol=1e-10)
    assert [len(row) for row in found["z"].to_pylist()] == lengths.tolist()


def test_states_are_named_by_their_values(tmp_path):
    y = np.random.default_rng(3).normal([2.0, 3.0, 4.0] * 100, 0.5)

    def write(y: Any) -> None:
        mu = aq.Normal("mu", 0, 1)
        count = aq.DiscreteUniform("count", 2, 4, shape=len(y))
        aq.Normal("obs", mu + count, 0.5, observed=y)

    with aq.Model() as memory:
        write(aq.Data("y", y))
    with aq.Model() as disk:
        write(aq.Data.from_numpy(y, name="y"))
    aq.recover({"mu": 0.1}, model=disk, store=tmp_path / "count.parquet")
    found = pq.read_table(tmp_path / "count.parquet")
    expected = aq.recover({"mu": 0.1}, model=memory, kind="probabilities")
    p = expected.state_probabilities["count"][0, 0]
    assert found.column_names == ["p(count = 2)", "p(count = 3)", "p(count = 4)", "count"]
    for state in (2, 3, 4):
        at = p.sel(count_state=state).values
        np.testing.assert_allclose(found[f"p(count = {state})"].to_numpy(), at, atol=1e-10)
    best = p["count_state"].values[p.values.argmax(axis=-1)]
    np.testing.assert_array_equal(found["count"].to_numpy(), best)


def test_a_model_of_discrete_variables_alone(tmp_path):
    y = np.random.default_rng(6).normal([-1.0, 1.0] * 150)
    with aq.Model() as disk:
        rows = aq.Data.from_numpy(y, name="rows")
        z = aq.Bernoulli("z", 0.4, shape=len(rows))
        aq.Normal("obs", 2 * z - 1, 1, observed=rows)
    trace = xarray.DataTree.from_dict(
        {"posterior": xarray.Dataset(coords={"chain": [0], "draw": [0, 1]})}
    )
    aq.recover(trace, model=disk, store=tmp_path / "z.parquet")
    one, zero = 0.4 * norm.pdf(y, 1, 1), 0.6 * norm.pdf(y, -1, 1)
    found = pq.read_table(tmp_path / "z.parquet")["p(z = 1)"].to_numpy()
    np.testing.assert_allclose(found, one / (one + zero), atol=1e-10)
