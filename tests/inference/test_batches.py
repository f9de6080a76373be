"""Fits of one batch of rows an iteration: unbiased, reproducible, durable, and refused in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

import aliquot as aq
from aliquot.density.streamed.batches import DensityInBatches
from aliquot.errors import AliquotWarning, ModelError
from aliquot.inference.batched import read_batches
from aliquot.inference.stored_fit import StoredFit
from aliquot.precision import float64
from aliquot.variational import approximation

QUIET: dict[str, Any] = {"progressbar": False}
ROWS = 1003
pytestmark = pytest.mark.filterwarnings("ignore::aliquot.errors.ConvergenceWarning")

Add = Callable[[str, np.ndarray], Any]


def in_memory(name: str, array: np.ndarray) -> Any:
    return aq.Data(name, array)


def on_disk(folder: Path) -> Add:
    def add(name: str, array: np.ndarray) -> Any:
        np.save(folder / f"{name}.npy", array)
        return aq.Data.from_numpy(folder / f"{name}.npy", name=name)

    return add


def mixture(add: Add, rows: int = ROWS) -> aq.Model:
    rng = np.random.default_rng(0)
    values = np.where(rng.random(rows) < 0.4, -1.5, 2.0) + rng.normal(size=rows)
    with aq.Model() as model:
        y = add("y", values)
        w = aq.Dirichlet("w", np.ones(2))
        means = aq.Normal("means", 0, 5, shape=2, transform=aq.transforms.ordered, initval=[-1, 1])
        sigma = aq.HalfNormal("sigma", 2)
        aq.NormalMixture("obs", w=w, mu=means, sigma=sigma, observed=y)
    return model


def labels(add: Add, rows: int = ROWS) -> aq.Model:
    rng = np.random.default_rng(1)
    values = np.where(rng.random(rows) < 0.4, -1.5, 2.0) + rng.normal(size=rows)
    with aq.Model() as model:
        y = add("y", values)
        w = aq.Beta("w", 1, 1)
        means = aq.Normal("means", 0, 5, shape=2, initval=[-1, 1])
        z = aq.Bernoulli("z", w, shape=rows)
        aq.Normal("obs", means[z], 1.0, observed=y)
    return model


def groups(add: Add, rows: int = ROWS) -> aq.Model:
    rng = np.random.default_rng(2)
    x, g = rng.normal(2.0, 3.0, size=(rows, 3)), rng.integers(0, 7, rows)
    counts = rng.poisson(np.exp(0.1 * x[:, 0] + rng.normal(size=7)[g] * 0.5))
    with aq.Model() as model:
        covariates, group, observed = add("x", x), add("g", g), add("n", counts)
        slopes = aq.Normal("slopes", 0, 1, shape=3)
        scale = aq.HalfNormal("scale", 1)
        effects = aq.Normal("effects", 0, scale, shape=7)
        standard = (covariates - covariates.mean(axis=0)) / covariates.std(axis=0)
        aq.Poisson("obs", np.exp(effects[group] + standard @ slopes), observed=observed)
    return model


def sequences(add: Add, rows: int = 203) -> aq.Model:
    """Rows of which each is a series: it is seen whole, or not."""
    rng = np.random.default_rng(3)
    with aq.Model() as model:
        y = add("y", np.cumsum(rng.normal(0.2, 1.5, size=(rows, 6)), axis=1))
        drift = aq.Normal("drift", 0, 1)
        sigma = aq.HalfNormal("sigma", 2)
        aq.GaussianRandomWalk("obs", mu=drift, sigma=sigma, observed=y)
    return model


MODELS = {"mixture": mixture, "labels": labels, "groups": groups, "sequences": sequences}


def mean_of_an_epoch(batches: DensityInBatches, flat: np.ndarray) -> tuple[float, np.ndarray]:
    found = []
    with float64():
        each = jax.jit(jax.vmap(jax.value_and_grad(batches.log_density), in_axes=(None, 0)))
        for first in range(0, batches.epoch, batches.at_once):
            count = min(batches.at_once, batches.epoch - first)
            values, gradients = each(flat, batches.take(first, count))
            both = np.column_stack([np.asarray(values), np.asarray(gradients)])
            found.append(both[:count])
    batches.close()
    mean = np.concatenate(found).mean(axis=0)
    return float(mean[0]), mean[1:]


@pytest.mark.parametrize(
    ("place", "size"), [("memory", 17), ("memory", 400), ("memory", 10**4), ("disk", 59)]
)
@pytest.mark.parametrize("name", MODELS)
def test_the_mean_over_an_epoch_is_exact(name: str, size: int, place: str, tmp_path: Path) -> None:
    """1003 is 17 times 59: batches of equal sizes, and, of 400 and for sequences, others."""
    model = MODELS[name](in_memory if place == "memory" else on_disk(tmp_path))
    density = model.density()
    size = min(size, model.rows.total if model.rows else model["obs"].shape[0])
    batches = read_batches(model, density, size, 1, "aq.ADVI")
    flat = density.start + np.random.default_rng(4).normal(size=density.size) * 0.3
    value, gradient = mean_of_an_epoch(batches, flat)
    exact = MODELS[name](in_memory).density()
    with float64():
        at = jax.jit(jax.value_and_grad(exact.log_density))(flat, exact.data)
    expected, slopes = float(at[0]), np.asarray(at[1])
    assert value == pytest.approx(expected, rel=1e-11)
    assert np.abs(gradient - slopes).max() <= 1e-10 * np.abs(slopes).max()


def test_batches_of_more_rows_than_a_model_is_written_with() -> None:
    model = labels(in_memory, 20_011)
    density = model.density()
    batches = read_batches(model, density, 9000, 1, "aq.ADVI")
    assert batches.epoch == 3
    flat = density.start + 0.1
    value, gradient = mean_of_an_epoch(batches, flat)
    with float64():
        at = jax.jit(jax.value_and_grad(density.log_density))(flat, density.data)
    assert value == pytest.approx(float(at[0]), rel=1e-11)
    assert np.allclose(gradient, np.asarray(at[1]), rtol=1e-9, atol=1e-7)


@pytest.mark.parametrize("groups", [64, 128, 320])
def test_lengths_that_batches_could_have_are_told_from_rows(groups: int, tmp_path: Path) -> None:
    """As many groups as rows that a model of small batches would be written with."""
    rng = np.random.default_rng(8)
    group, y = rng.integers(0, groups, ROWS), rng.normal(size=ROWS)

    def written(add: Add) -> aq.Model:
        with aq.Model() as model:
            observed, of_row = add("y", y), add("g", group)
            effects = aq.Normal("effects", 0, 1, shape=groups)
            aq.Normal("obs", effects[of_row], 1.0, observed=observed)
        return model

    flat, exact = rng.normal(size=groups), written(in_memory).density()
    for add in (in_memory, on_disk(tmp_path)):
        model = written(add)
        batches = read_batches(model, model.density(), 100, 1, "aq.ADVI")
        value, _ = mean_of_an_epoch(batches, flat)
        assert value == pytest.approx(exact.evaluate(flat), rel=1e-12)


def test_arrays_in_expressions_of_rows_from_a_disk_are_rows(tmp_path: Path) -> None:
    """What a user writes beside data on a disk is read with them, in each batch its own rows."""
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=ROWS), rng.normal(size=ROWS)

    def written(add: Add) -> aq.Model:
        with aq.Model() as model:
            observed = add("y", y)
            slope = aq.Normal("slope", 0, 1)
            aq.Normal("obs", x * slope, 1.0, observed=observed)
        return model

    model, exact = written(on_disk(tmp_path)), written(in_memory).density()
    batches = read_batches(model, model.density(), 100, 1, "aq.ADVI")
    value, _ = mean_of_an_epoch(batches, np.array([0.7]))
    assert value == pytest.approx(exact.evaluate([0.7]), rel=1e-12)


# Fits ---------------------------------------------------------------------------------------------


def regression(rows: int = 2000) -> tuple[aq.Model, np.ndarray, np.ndarray]:
    """A conjugate one, with the precision (d, d) and the mean (d,) of its posterior."""
    rng = np.random.default_rng(6)
    x = rng.normal(size=(rows, 3)) @ np.array([[1.0, 0.5, 0.0], [0.0, 1.0, 0.3], [0.0, 0.0, 1.0]])
    y = x @ [0.5, -1.0, 2.0] + rng.normal(size=rows)
    with aq.Model() as model:
        covariates = aq.Data("x", x)
        slopes = aq.Normal("slopes", 0, 2, shape=3)
        aq.Normal("obs", covariates @ slopes, 1.0, observed=y)
    precision = x.T @ x + np.eye(3) / 4
    return model, precision, np.linalg.solve(precision, x.T @ y)


def divergence(approx: aq.Approximation, precision: np.ndarray, mean: np.ndarray) -> float:
    """How much larger KL(q | p) is than that of the exact mean-field optimum, in nats."""
    away, ratio = approx.mean - mean, np.diag(precision) * approx.std**2
    return float(0.5 * away @ precision @ away + 0.5 * (ratio - 1 - np.log(ratio)).sum())


@pytest.mark.parametrize(("size", "most"), [(None, 0.05), (2000, 0.05), (200, 0.1), (20, 1.0)])
def test_the_optimum_is_the_exact_mean_field_one(size: int | None, most: float) -> None:
    """Were rows counted once too often or too rarely, a standard deviation would be far off.

    What is left is noise, which falls with the size of a batch: over seeds, 0.003 nats with all
    rows, 0.007 with a tenth and 0.07 with a hundredth. Twice the weight would make it 0.3.
    """
    model, precision, mean = regression()
    approx = aq.ADVI(model=model, random_seed=1, batch_size=size).fit(5000, check=False, **QUIET)
    assert divergence(approx, precision, mean) < most


def test_full_rank_fits_take_batches() -> None:
    model, precision, mean = regression()
    approx = aq.fit(
        5000, method="fullrank_advi", model=model, random_seed=1, batch_size=200, **QUIET
    )
    ratio = precision @ approx.covariance
    away = approx.mean - mean
    kl = 0.5 * (away @ precision @ away + np.trace(ratio) - 3 - np.linalg.slogdet(ratio)[1])
    assert kl < 0.25  # over seeds, 0.02
    assert approx.density is model.density()


@pytest.mark.parametrize(
    ("criterion", "most"),
    [(aq.RelativeChange(1e-3, window=300), 1.0), (aq.ParameterChange(0.2, interval=300), 1.0)],
    ids=repr,
)
def test_a_fit_does_not_stop_before_it_is_there(criterion: Any, most: float) -> None:
    """From 30 units off, in batches whose losses differ by hundreds of nats.

    RelativeChange tolerates three thousandths of a loss of about 2,900 nats.
    """
    model, precision, mean = regression()
    approx = aq.fit(
        40_000,
        method="advi",
        model=model,
        random_seed=1,
        batch_size=40,
        start={"slopes": [30.0, -30.0, 30.0]},
        convergence=criterion,
        every=100,
        check=False,
        **QUIET,
    )
    assert approx.stopped is not None
    assert divergence(approx, precision, mean) < most


def test_what_comes_out_is_checked_against_all_rows() -> None:
    model = labels(in_memory)
    approx = aq.fit(4000, method="advi", model=model, random_seed=1, batch_size=100, **QUIET)
    assert approx.density is model.density()
    assert approx.quality is not None
    assert approx.quality.good
    drawn = approx.sample(200, corrected=True, random_seed=1)
    assert drawn.attrs["pareto_k"] < 0.7
    assert drawn.posterior["means"].shape == (1, 200, 2)
    # The loss is that of all rows: its mean is minus the ELBO.
    last = approx.hist[-1000:]
    error = last.std() / np.sqrt(last.size)
    assert abs(last.mean() + approx.quality.elbo.value) < 5 * error + 0.5


def test_rows_on_a_disk_are_gone_through_for_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log ratios are those of the exact density of all rows, as the model in memory has it."""
    monkeypatch.setattr(approximation, "CHECKED", 200)
    monkeypatch.setattr(approximation, "FEWEST_CHECKED", 200)
    model = groups(on_disk(tmp_path), 300)
    approx = aq.fit(3000, method="advi", model=model, random_seed=1, batch_size=50, **QUIET)
    assert approx.quality is not None
    assert approx.density is model.density()
    points, log_ratios = approx._weighed(approx.q, 200)
    exact = groups(in_memory, 300).density()
    heights = [exact.evaluate(point) for point in points]
    assert np.allclose(log_ratios + approx.q.log_density(points), heights, rtol=1e-10)
    assert approx.quality.elbo.value == pytest.approx(log_ratios.mean())
    drawn = approx.sample(20, corrected=True, random_seed=1)
    assert drawn.attrs["pareto_k"] < 0.7


def test_the_same_seed_is_the_same_fit_however_it_is_cut() -> None:
    model = mixture(in_memory)

    def made(seed: int, *lengths: int) -> aq.ADVI:
        advi = aq.ADVI(model=model, random_seed=seed, batch_size=70)
        for length in lengths:
            advi.fit(length, check=False, **QUIET)
        return advi

    whole, cut, other = made(3, 400), made(3, 7, 193, 200), made(4, 400)
    assert whole.hist.tobytes() == cut.hist.tobytes()
    assert whole.approx.mean.tobytes() == cut.approx.mean.tobytes()
    assert whole.hist.tobytes() != other.hist.tobytes()


def test_rows_from_a_disk_and_from_memory_are_the_same_fit(tmp_path: Path) -> None:
    fits = [
        aq.ADVI(model=labels(add), random_seed=1, batch_size=50).fit(300, check=False, **QUIET)
        for add in (in_memory, on_disk(tmp_path))
    ]
    assert np.allclose(fits[0].hist, fits[1].hist, rtol=1e-6)
    assert np.allclose(fits[0].mean, fits[1].mean, atol=1e-6)


def test_columns_of_a_parquet_file(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    rng = np.random.default_rng(7)
    group = np.sort(rng.integers(0, 3, 5000))  # sorted: batches have to mix them
    y = np.array([-2.0, 0.0, 2.0])[group] + rng.normal(size=5000)
    parquet.write_table(pa.table({"y": y, "g": group}), tmp_path / "d.parquet", row_group_size=700)
    with aq.Model() as model:
        observed = aq.Data.from_parquet(tmp_path / "d.parquet", "y")
        groups = aq.Data.from_parquet(tmp_path / "d.parquet", "g")
        means = aq.Normal("means", 0, 5, shape=3)
        aq.Normal("obs", means[groups], 1.0, observed=observed)
    approx = aq.fit(3000, model=model, random_seed=1, batch_size=100, **QUIET)
    exact = [y[group == g].sum() / ((group == g).sum() + 1 / 25) for g in range(3)]
    assert approx.method == "ADVI"
    assert np.abs(approx.mean - exact).max() < 1.5 * approx.std.max()


# Stores -------------------------------------------------------------------------------------------


def test_a_store_knows_the_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, model = tmp_path / "fit", mixture(on_disk(tmp_path))
    options = {"model": model, "random_seed": 1, "check": False, **QUIET}
    whole = aq.fit(500, method="advi", batch_size=40, **options)
    first = aq.fit(200, method="advi", batch_size=40, store=store, **options)
    assert first.hist.tobytes() == whole.hist[:200].tobytes()
    longer = aq.resume(store, model=model, iterations=500, **QUIET)
    assert longer.hist.tobytes() == whole.hist.tobytes()
    assert longer.mean.tobytes() == whole.mean.tobytes()
    # Another order of the rows would be another fit.
    described = StoredFit.options.fget  # type: ignore[attr-defined]

    def other(self: StoredFit) -> dict[str, Any]:
        options: dict[str, Any] = described(self)
        return options | {"batches": options["batches"] | {"together": 3}, "iterations": 600}

    monkeypatch.setattr(StoredFit, "options", property(other))
    with pytest.raises(ModelError, match="rows would come in other batches"):
        aq.resume(store, model=model, **QUIET)


def test_a_store_refuses_other_rows_of_the_same_file(tmp_path: Path) -> None:
    model = mixture(on_disk(tmp_path))
    aq.fit(
        50, model=model, random_seed=1, batch_size=40, store=tmp_path / "fit", check=False, **QUIET
    )
    values = np.load(tmp_path / "y.npy")
    values[[500, 501]] = values[[501, 500]]

    def changed(name: str, array: np.ndarray) -> Any:
        np.save(tmp_path / "other.npy", values)
        return aq.Data.from_numpy(tmp_path / "other.npy", name=name)

    with pytest.raises(ModelError, match="'y' are not those"):
        aq.resume(tmp_path / "fit", model=mixture(changed), iterations=60, **QUIET)


# Refusals -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, -3, 2.5, "100", True])
def test_what_is_no_size_is_refused(size: Any) -> None:
    with pytest.raises(ModelError, match="batch_size must be a whole number of at least 1"):
        aq.ADVI(model=mixture(in_memory), batch_size=size)


def test_more_than_all_rows_are_all_rows() -> None:
    model = mixture(in_memory)
    with pytest.warns(
        AliquotWarning, match=r"batch_size=5,000 is more than the model's 1,003 rows"
    ):
        advi = aq.ADVI(model=model, random_seed=1, batch_size=5000)
    approx = advi.fit(20, check=False, **QUIET)
    same = aq.ADVI(model=model, random_seed=1, batch_size=ROWS).fit(20, check=False, **QUIET)
    assert approx.hist.tobytes() == same.hist.tobytes()


@pytest.mark.parametrize("method", ["laplace", "fullrank", "dadvi", "pathfinder"])
def test_other_methods_take_no_batches(method: str) -> None:
    with pytest.raises(ModelError, match="batch_size= is for the stochastic methods"):
        aq.fit(method=method, model=mixture(in_memory), batch_size=10, **QUIET)


def refused(model: aq.Model, match: str) -> None:
    with pytest.raises(ModelError, match=match):
        aq.ADVI(model=model, batch_size=2)


def test_models_without_rows_are_refused() -> None:
    with aq.Model() as model:
        aq.Normal("x", 0, 1)
    refused(model, "batch_size= is of rows of observed variables, and the model has none")
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        aq.Normal("y", x, 1, observed=2.0)
    refused(model, "the observed 'y' is one number")


def test_observed_variables_of_different_lengths_are_refused_by_name() -> None:
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        aq.Normal("first", x, 1, observed=np.zeros(5))
        aq.Normal("second", x, 1, observed=np.zeros(7))
    refused(model, r"differ in their number of rows \('first' 5, 'second' 7\)")


def test_missing_observations_are_refused() -> None:
    with pytest.warns(aq.errors.ImputationWarning), aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        aq.Normal("y", x, 1, observed=[0.3, np.nan, 1.0])
    refused(model, "1 values of 'y' are missing")


def test_a_parameter_for_each_row_is_refused() -> None:
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1, shape=30)
        aq.Normal("y", x, 1, observed=np.zeros(30))
    refused(model, "'x' has a value for each of the 30 rows")


def test_a_discrete_variable_that_rows_share_is_refused_with_the_reason() -> None:
    with aq.Model() as model:
        z = aq.Bernoulli("shared", 0.5)
        x = aq.Normal("x", 0, 1)
        aq.Normal("y", x + z, 1, observed=np.zeros(30))
    refused(model, "'shared', discrete and not of one row each: what is summed out over all rows")


def test_a_discrete_variable_that_no_row_depends_on_is_no_obstacle() -> None:
    with aq.Model() as model:
        z = aq.Bernoulli("z", 0.3)
        x = aq.Normal("x", 2.0 * z, 1)
        aq.Normal("y", x, 1, observed=np.linspace(0, 1, 30))
    batches = read_batches(model, model.density(), 10, 1, "aq.ADVI")
    value, _ = mean_of_an_epoch(batches, np.array([0.4]))
    assert value == pytest.approx(model.density().evaluate([0.4]), rel=1e-12)


def test_rows_that_depend_on_each_other_are_refused() -> None:
    with aq.Model() as model:
        sigma = aq.HalfNormal("sigma", 1)
        aq.GaussianRandomWalk("walk", sigma=sigma, observed=np.cumsum(np.ones(500)))
    refused(model, "cannot be taken a batch at a time|cannot be written with fewer rows")


def test_an_array_of_rows_in_an_expression_is_refused_with_what_to_do() -> None:
    x = np.linspace(0, 1, 300)
    with aq.Model() as model:
        slope = aq.Normal("slope", 0, 1)
        aq.Normal("y", x * slope, 1, observed=x)
    refused(model, r"array of all rows been written into an expression.*aq\.Data\.from_numpy")
