"""Runs with a store: what they give, and how they go on after whatever ended them."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray

import aliquot as aq
from aliquot.errors import AliquotWarning, ModelError, PartialResultWarning, StorageError
from aliquot.inference import stored
from tests.inference import durable

QUIET: dict[str, Any] = {"progressbar": False, "compute_convergence_checks": False}


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commit as often as can be."""
    monkeypatch.setattr(stored, "SECONDS", 0.0)
    monkeypatch.setattr(stored, "SHARE", 0.0)


def same(one: xarray.DataTree, other: xarray.DataTree) -> None:
    assert set(one.children) == set(other.children)
    for group in one.children:
        for name in one[group].variables:
            first, second = one[group][name], other[group][name]
            assert first.dims == second.dims, name
            assert first.dtype == second.dtype, name
            assert first.values.tobytes() == second.values.tobytes(), name


@pytest.mark.parametrize("name", ["classic", "two_modes", "many", "labels"])
def test_a_store_changes_no_draw(name: str, tmp_path: Path) -> None:
    options = durable.OPTIONS[name] | {"draws": 300, "tune": 300, "random_seed": 3} | QUIET
    model = durable.MODELS[name]()
    kept = {"keep_warmup": True}
    inside = aq.sample(**options, **kept, model=model)
    outside = aq.sample(**options, **kept, model=model, store=tmp_path / "run.zarr")
    same(inside, outside)
    stored_groups = aq.open_run(tmp_path / "run.zarr")
    for group in outside.children:
        for variable in outside[group].variables:
            assert np.array_equal(
                stored_groups[group][variable].values, outside[group][variable].values
            )
    assert stored_groups.attrs["partial"] == 0
    assert set(stored_groups.children) >= {"unconstrained_posterior", "warmup_posterior"}


@pytest.mark.parametrize("name", ["classic", "two_modes", "many", "labels"])
def test_stopped_at_any_draw_it_goes_on_to_the_same(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C again and again, after some calls of the program each time."""
    from aliquot.mcmc import chain, workers

    monkeypatch.setattr(chain, "_CALL_SECONDS", 0.0)  # one leapfrog step a call: within draws, too
    monkeypatch.setattr(workers, "_PROGRESS_SECONDS", 0.001)
    options = durable.OPTIONS[name] | {"draws": 60, "tune": 120, "random_seed": 5} | QUIET
    model = durable.MODELS[name]()
    whole = aq.sample(**options, model=model, store=tmp_path / "whole.zarr")
    rng = random.Random(1)
    absorb = workers.WorkerPool._absorb
    left = [0]

    def counted(self: Any, *arguments: Any) -> None:
        absorb(self, *arguments)
        left[0] -= 1
        if left[0] == 0:
            self._stop.set()

    monkeypatch.setattr(workers.WorkerPool, "_absorb", counted)
    store, stops = tmp_path / "run.zarr", 0
    while True:
        left[0] = rng.randint(1, 700)
        try:
            with pytest.warns() as said:
                aq_warn()
                if store.exists():
                    found = aq.resume(store, model=model, **QUIET)
                else:
                    found = aq.sample(**options, model=model, store=store)
        except KeyboardInterrupt:  # before the first draw
            stops += 1
            continue
        if not any(issubclass(w.category, PartialResultWarning) for w in said):
            break
        stops += 1
        assert found.attrs["partial"] == 1
        assert aq.open_run(store).attrs["partial"] == 1
    assert stops
    same(whole, found)
    assert durable.differing(tmp_path / "whole.zarr", store) == []


def aq_warn() -> None:
    """So that there is at least one warning to be recorded."""
    import warnings

    warnings.warn("none", UserWarning, stacklevel=1)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["classic", "two_modes"])
def test_killed_at_any_moment_it_goes_on_to_the_same(name: str, tmp_path: Path) -> None:
    began = time.monotonic()
    assert durable.killed_after(600, name, tmp_path / "whole.zarr")
    took = time.monotonic() - began
    store, rng = tmp_path / "run.zarr", random.Random(os.getpid())
    for _ in range(4):
        if durable.killed_after(rng.uniform(0.3, 0.9) * took, name, store):
            break
    assert durable.killed_after(600, name, store)
    assert durable.differing(tmp_path / "whole.zarr", store) == []
    assert not list(store.rglob(".new-*"))


def test_more_draws_of_a_run_that_has_ended(tmp_path: Path) -> None:
    model = durable.classic()
    short = aq.sample(150, random_seed=1, model=model, store=tmp_path / "run.zarr", **QUIET)
    longer = aq.resume(tmp_path / "run.zarr", draws=400, model=model, **QUIET)
    once = aq.sample(400, random_seed=1, model=model, **QUIET)
    same(longer, once)
    assert (longer.posterior["means"][:, :150].values == short.posterior["means"].values).all()
    assert longer.attrs["draws"] == 400
    with pytest.raises(ModelError, match="draws=100 is fewer"):
        aq.resume(tmp_path / "run.zarr", draws=100, model=model, **QUIET)
    again = aq.resume(tmp_path / "run.zarr", model=model, **QUIET)
    same(longer, again)


def test_another_model_or_other_data_are_refused(tmp_path: Path) -> None:
    def build(mean: float = 0.0, data: Any = (1.0, 2.0), scale: float = 1.0) -> aq.Model:
        with aq.Model() as model:
            x = aq.Normal("x", mean, 1)
            y = aq.Data("y", np.array(data))
            aq.Normal("obs", x, scale, observed=y)
        return model

    store = tmp_path / "run.zarr"
    aq.sample(20, tune=50, model=build(), store=store, **QUIET)
    with pytest.raises(ModelError, match=r"not the model of the run: 'x' was ~ Normal"):
        aq.resume(store, model=build(mean=1.0), **QUIET)
    with pytest.raises(ModelError, match="data of 'y' are not those of the run"):
        aq.resume(store, model=build(data=(1.0, 3.0)), **QUIET)
    with pytest.raises(ModelError, match="'obs'"):
        aq.resume(store, model=build(scale=2.0), **QUIET)
    aq.resume(store, model=build(), **QUIET)


def test_a_changed_function_is_noticed(tmp_path: Path) -> None:
    def build(power: float) -> aq.Model:
        with aq.Model() as model:
            x = aq.Normal("x", 0, 1)
            aq.Potential("p", aq.lift(lambda v: -(v**power))(x))
        return model

    aq.sample(20, tune=50, model=build(4.0), store=tmp_path / "run.zarr", **QUIET)
    with pytest.raises(ModelError, match="computed in another way"):
        aq.resume(tmp_path / "run.zarr", model=build(2.0), **QUIET)


def test_another_version_or_processor_is_said(tmp_path: Path) -> None:
    model, store = durable.classic(), tmp_path / "run.zarr"
    aq.sample(20, tune=50, model=model, store=store, **QUIET)
    file = store / ".aliquot" / "run.json"
    said = json.loads(file.read_text())
    said["identity"]["software"]["jax"] = "0.1.0"
    said["identity"]["processor"] = "an abacus"
    file.write_text(json.dumps(said))
    with pytest.warns(AliquotWarning, match=r"'jax' was 0.1.0, and is .*processor is another one"):
        aq.resume(store, model=model, **QUIET)


def test_damaged_chunks_are_drawn_again(tmp_path: Path) -> None:
    model, store = durable.classic(), tmp_path / "run.zarr"
    aq.sample(3000, random_seed=1, model=model, store=store, **QUIET)
    whole = aq.sample(9000, random_seed=1, model=model, **QUIET)
    aq.resume(store, draws=9000, model=model, **QUIET)
    for name, damage in {
        "sample_stats/lp": lambda file: file.write_bytes(file.read_bytes()[:1000]),
        "posterior/means": lambda file: file.write_bytes(b"\1" + file.read_bytes()[1:]),
        "unconstrained_posterior/means_ordered__": lambda file: file.unlink(),
    }.items():
        chunks = sorted((store / name).glob("c.1.*"), key=str)
        damage([file for file in chunks if file.is_file()][-1])
        with pytest.warns(AliquotWarning, match="damaged.*drawn again"):
            found = aq.resume(store, model=model, **QUIET)
        same(whole, found)


def test_one_run_at_a_time(tmp_path: Path) -> None:
    store = tmp_path / "run.zarr"
    process = subprocess.Popen(
        durable.command("classic", store), env=durable.environment(), stderr=subprocess.PIPE
    )
    try:
        wait_for(lambda: store.exists())
        seen = aq.open_run(store)  # another process may look
        assert seen.attrs["partial"] in (0, 1)
        if process.poll() is None:
            process.send_signal(signal.SIGSTOP)
            with pytest.raises(StorageError, match="written to by another run"):
                aq.resume(store, model=durable.classic(), **QUIET)
    finally:
        process.kill()
        process.communicate()
    with pytest.raises(StorageError, match="exists"):
        aq.sample(10, model=durable.classic(), store=store, **QUIET)


def test_two_runs_of_one_process(tmp_path: Path) -> None:
    from aliquot.storage import RunStore

    model, store = durable.classic(), tmp_path / "run.zarr"
    aq.sample(20, tune=50, model=model, store=store, **QUIET)
    held = RunStore.open(store)
    with pytest.raises(StorageError, match="written to by another run"):
        aq.resume(store, model=model, **QUIET)
    held.close()
    aq.resume(store, model=model, **QUIET)


@pytest.mark.slow
def test_read_while_it_grows(tmp_path: Path) -> None:
    """Whatever is read from outside is whole: as many of each, no draw that is not there."""
    store = tmp_path / "run.zarr"
    process = subprocess.Popen(
        durable.command("classic", store), env=durable.environment(), stderr=subprocess.PIPE
    )
    lengths = set()
    wait_for(lambda: store.exists() or process.poll() is not None)
    while process.poll() is None:
        seen = xarray.open_datatree(store, engine="zarr")
        lengths.add((seen.warmup_posterior.sizes["draw"], seen.posterior.sizes["draw"]))
        assert dict(seen.posterior.sizes) == {**seen.sample_stats.sizes, "component": 2}
        means = seen.posterior["means"].values
        assert np.isfinite(means).all()
        assert (means[..., 1] > means[..., 0]).all()
        assert (seen.posterior["draw"].values == np.arange(means.shape[1])).all()
        assert (seen.sample_stats["n_steps"].values > 0).all()
    assert process.wait() == 0, process.communicate()
    whole = aq.open_run(store)
    assert whole.attrs["partial"] == 0
    assert len(lengths) > 1


def test_a_full_disk_keeps_what_was_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full at each write in turn; with room again the run goes on to the same."""
    model = durable.classic()
    options = {"draws": 400, "tune": 100, "random_seed": 2, "model": model} | QUIET
    whole = aq.sample(**options)
    calls, full = durable.filling_disk(monkeypatch)
    aq.sample(**options, store=tmp_path / "count.zarr")
    total, ended = calls[0], 0
    for number, at in enumerate(np.linspace(0, total - 1, 12).astype(int)):
        store = tmp_path / f"{number}.zarr"
        calls[0], full[0] = 0, int(at)
        try:
            aq.sample(**options, store=store)
        except StorageError as error:
            assert "no room left" in str(error)
            ended += 1
        full[0] = 10**9
        if store.exists():
            found = aq.resume(store, model=model, **QUIET)
        else:
            found = aq.sample(**options, store=store)
        same(whole, found)
    assert ended >= 6


def test_a_store_that_cannot_be_made(tmp_path: Path) -> None:
    model = durable.classic()
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        aq.sample(10, model=model, store=tmp_path / "file" / "run.zarr", **QUIET)
    with pytest.raises(StorageError, match="exists"):
        aq.sample(10, model=model, store=tmp_path / "file", **QUIET)
    with pytest.raises(StorageError, match="must be the path of a folder"):
        aq.sample(10, model=model, store=3, **QUIET)  # type: ignore[arg-type]
    for what in (aq.open_run, lambda path: aq.resume(path, model=model)):
        with pytest.raises(StorageError, match="no such folder"):
            what(tmp_path / "none.zarr")
        with pytest.raises(StorageError, match="no store of a run"):
            what(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_a_run_that_starts_at_a_fit_goes_on(tmp_path: Path) -> None:
    model, store = durable.classic(), tmp_path / "run.zarr"
    fit = aq.fit(method="laplace", model=model, progressbar=False)
    options = {"draws": 100, "tune": 100, "random_seed": 2, "model": model, "init": fit} | QUIET
    whole = aq.sample(**options)
    aq.sample(**options | {"draws": 50}, store=store)
    same(whole, aq.resume(store, model=model, draws=100, **QUIET))


def test_draws_that_are_exact_are_stored_at_once(tmp_path: Path) -> None:
    with aq.Model() as model:
        z = aq.Categorical("z", p=[0.3, 0.7], shape=5)
        aq.Normal("y", 2.0 * z, 1.0, observed=np.ones(5))
    tree = aq.sample(50, model=model, random_seed=1, store=tmp_path / "run.zarr", **QUIET)
    seen = aq.open_run(tmp_path / "run.zarr")
    assert (seen.posterior["z"].values == tree.posterior["z"].values).all()
    with pytest.raises(ModelError, match="exact"):
        aq.resume(tmp_path / "run.zarr", model=model)


def test_more_draws_than_are_looked_at_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Very many draws stay in the store; the checks read some of them."""
    model, store = durable.classic(), tmp_path / "run.zarr"
    options = {"draws": 3000, "random_seed": 2, "model": model, "progressbar": False}
    monkeypatch.setattr(stored, "MOST_NUMBERS", 50_000)
    tree = aq.sample(**options, store=store)
    whole = aq.sample(**options)
    assert tree.posterior.sizes["draw"] == 3000
    assert not isinstance(tree.posterior["means"].variable._data, np.ndarray)
    assert (tree.posterior["means"].values == whole.posterior["means"].values).all()


def wait_for(event: Any, seconds: float = 300.0) -> None:
    end = time.monotonic() + seconds
    while not event():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_run_that_is_stopped_before_it_has_gone_on_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Restored chains wait for their moves: what is recorded meanwhile must not lack them."""
    from aliquot.inference.beginning import StartingPlan

    model, store = durable.two_modes(), tmp_path / "run.zarr"
    options = {"draws": 2000, "random_seed": 4, "model": model} | QUIET
    whole = aq.sample(**options)
    aq.sample(**options | {"draws": 700}, store=store)
    warmed = StartingPlan.warmed

    def stops(*arguments: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(StartingPlan, "warmed", stops)
    with pytest.raises(KeyboardInterrupt):
        aq.resume(store, draws=2000, model=model, **QUIET)
    monkeypatch.setattr(StartingPlan, "warmed", warmed)
    same(whole, aq.resume(store, draws=2000, model=model, **QUIET))


@pytest.mark.parametrize("how", ["closed", "full"])
def test_a_terminal_that_has_gone_away_is_not_worth_a_run(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Path("/dev/full")
    if how == "full" and not full.exists():
        pytest.skip("this system has no device that is full")
    stream = (full if how == "full" else Path(os.devnull)).open("w")
    if how == "closed":
        stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    trace = aq.sample(20, tune=50, random_seed=1, model=durable.labels(), progressbar=True)
    assert trace.posterior.sizes["draw"] == 20
    monkeypatch.undo()
    if how == "full":
        with pytest.raises(OSError, match="No space left"):
            stream.close()


def test_where_warnings_are_errors_the_store_is_whole(tmp_path: Path) -> None:
    import warnings

    store = tmp_path / "run.zarr"
    with warnings.catch_warnings(), pytest.raises(AliquotWarning):
        warnings.simplefilter("error")
        aq.sample(5, tune=50, model=durable.classic(), store=store, progressbar=False)
    assert aq.open_run(store).attrs["partial"] == 0


def test_ctrl_c_during_the_checks_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    import aliquot.inference.run_result as module

    def judged(*arguments: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        raise AssertionError

    monkeypatch.setattr(module, "judge", judged)
    with pytest.warns(PartialResultWarning, match="checks were interrupted"):
        trace = aq.sample(30, tune=50, model=durable.classic(), progressbar=False)
    assert trace.posterior.sizes["draw"] == 30
    assert trace.attrs["partial"] == 0


@pytest.mark.parametrize("name", ["a/b", "", ".", "..", "a\0b", "__x", "zarr.json", "\ud800"])
def test_names_that_no_file_can_hold(name: str) -> None:
    with pytest.raises(ModelError, match="another name"), aq.Model(coords={name: [1, 2]}):
        pass
    with pytest.raises(ModelError), aq.Model():
        aq.Normal(name, 0, 1)


def test_labels_that_no_file_can_hold() -> None:
    with pytest.raises(ModelError, match="NUL"), aq.Model(coords={"c": ["a", "b\0c"]}):
        pass


def test_names_that_clash_in_results() -> None:
    with aq.Model():
        aq.Normal("x", 0, 1, shape=2)
        with pytest.raises(ModelError, match="'x_dim_0' is what results call an axis of 'x'"):
            aq.Normal("x_dim_0", 0, 1)
        aq.Normal("x_dim_1", 0, 1)  # x has no such axis
    with aq.Model() as model:
        aq.Normal("x_dim_0", 0, 1)
        with pytest.raises(ModelError, match="the axis of 'x' is called 'x_dim_0'"):
            aq.Normal("x", 0, 1, shape=2)
        aq.Normal("y", 0, 1, shape=2)
        with pytest.raises(ModelError, match="axis of 'y'"):
            model.add_dim("y_dim_0", 3)
    with aq.Model(coords={"x_dim_0": 3, "c": 2}):
        aq.Normal("x", 0, 1, dims="c")  # named, so that it does not clash


def test_the_user_s_settings_of_jax_do_not_matter(tmp_path: Path) -> None:
    import jax

    model, store = durable.two_modes(), tmp_path / "run.zarr"
    options = {"draws": 200, "random_seed": 4, "model": model} | QUIET
    whole = aq.sample(**options)
    with jax.transfer_guard("disallow"), jax.numpy_dtype_promotion("strict"):
        aq.sample(**options | {"draws": 100}, store=store)
        same(whole, aq.resume(store, draws=200, model=model, **QUIET))
        aq.sample(until=aq.Until(), random_seed=4, model=model, store=tmp_path / "other", **QUIET)
