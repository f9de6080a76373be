"""Tempered runs with a store: how they go on after whatever ended them, and when they end."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray

import aliquot as aq
from aliquot.errors import ConvergenceWarning, ModelError, PartialResultWarning, StorageError
from aliquot.inference import stored
from aliquot.storage import RunStore, writing
from aliquot.tempering import pool
from aliquot.tempering import run as run_module
from aliquot.tempering.chain import LOG_RATIO, REPLICA
from tests.inference import durable
from tests.inference.test_resume import same as same_arrays
from tests.inference.test_resume import wait_for

QUIET: dict[str, Any] = {"progressbar": False, "compute_convergence_checks": False}
SHORT: dict[str, Any] = QUIET | {
    "sampler": "tempered",
    "draws": 35,
    "tune": 70,
    "chains": 2,
    "random_seed": 5,
}
SAID = (
    *("beta", "swap_acceptance", "barrier", "round_trips", "reference", "draws", "tuning_steps"),
    *("log_evidence", "log_evidence_error", "log_evidence_effective", "log_evidence_rhat"),
)
CASES = ("far", "mixed", "labels", "far from a fit")


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commit often, and move blocks of few rungs, however quick."""
    monkeypatch.setattr(stored, "SECONDS", 0.03)
    monkeypatch.setattr(stored, "SHARE", 0.0)
    monkeypatch.setattr(pool, "_PROGRESS_SECONDS", 0.003)
    monkeypatch.setattr(run_module, "WORTH_SECONDS", 0.0)


def case(name: str) -> tuple[aq.Model, dict[str, Any]]:
    """Give a model, and how it is sampled."""
    model, options = durable.MODELS[name.split()[0]](), dict(SHORT)
    if name == "labels":
        options["label_switching"] = "permute"
    if name.endswith("a fit"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # its tails do not matter here
            options["init"] = aq.fit(
                method="laplace", model=model, random_seed=1, progressbar=False
            )
    return model, options | {"model": model}


def same(one: xarray.DataTree, other: xarray.DataTree) -> None:
    same_arrays(one, other)
    for name in SAID:
        assert one.attrs.get(name) == other.attrs.get(name), name


def stopping(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let runs stop after as many blocks as the list says."""
    left, take = [0], pool.BlockPool._take

    def counted(self: pool.BlockPool) -> Any:
        left[0] -= 1
        if left[0] == 0 and self._stop is not None:
            self._stop.set()
        return take(self)

    monkeypatch.setattr(pool.BlockPool, "_take", counted)
    return left


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_stopped_at_any_block_it_goes_on_to_the_same(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C again and again: before anything is drawn, within rounds, between them, later."""
    model, options = case(name)
    options |= {"keep_warmup": True, "cores": 4}
    whole = aq.sample(**options)
    same(whole, aq.sample(**options, store=tmp_path / "whole.zarr"))
    assert "log_evidence" in whole.attrs
    seen = aq.open_run(tmp_path / "whole.zarr")
    assert (seen.attrs["partial"], seen.attrs["barrier"]) == (0, whole.attrs["barrier"])
    rungs = whole.sample_stats.sizes["replica_dim_0"]
    assert seen.sample_stats["log_ratio"].shape == (2, 35, 3, rungs)
    rng, left = random.Random(1), stopping(monkeypatch)
    store, stops, warm = tmp_path / "run.zarr", 0, 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PartialResultWarning)
        while True:
            left[0] = rng.choice([1, rng.randint(1, 100), rng.randint(1, 700)])
            try:
                if store.exists():
                    found = aq.resume(store, model=model, cores=4, **QUIET)
                else:
                    found = aq.sample(**options, store=store)
            except KeyboardInterrupt:  # before the first draw
                stops += 1
                continue
            if not found.attrs["partial"]:
                break
            stops += 1
            warm += not found.posterior.sizes["draw"]
            assert aq.open_run(store).attrs["partial"] == 1
    assert warm > 1
    assert stops > warm
    same(whole, found)
    assert durable.differing(tmp_path / "whole.zarr", store) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["labels", "far from a fit"])
def test_what_is_on_the_disk_at_any_write_goes_on_to_the_same(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a kill would leave: the folder as it is before a file is replaced."""
    model, options = case(name)
    store = tmp_path / "run.zarr"
    replace, calls, rng = writing.replace, [0], random.Random(2)

    def copying(*arguments: Any, **named: Any) -> None:
        calls[0] += 1
        if store.exists() and rng.random() < 0.03:
            shutil.copytree(store, tmp_path / f"killed-{calls[0]}")
        replace(*arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(writing, "replace", copying)
        whole = aq.sample(**options, store=store)
    killed = sorted(tmp_path.glob("killed-*"), key=lambda path: int(path.name.split("-")[1]))
    some = [killed[0], *rng.sample(killed[1:-1], 4), killed[-1]]
    for left in some:
        same(whole, aq.resume(left, model=model, **QUIET))
        assert durable.differing(store, left) == []


@pytest.mark.slow
def test_killed_it_goes_on_to_the_same(tmp_path: Path) -> None:
    name, store = "far tempered", tmp_path / "run.zarr"
    process = subprocess.Popen(
        durable.command(name, store), env=durable.environment(), stderr=subprocess.PIPE
    )
    try:
        wait_for(lambda: store.exists() and aq.open_run(store).posterior.sizes["draw"] > 0)
        process.send_signal(signal.SIGSTOP)
        seen = aq.open_run(store)  # another process may look
        assert seen.attrs["partial"] == 1
        assert seen.sample_stats["replica"].shape[:2] == seen.posterior["x"].shape
        with pytest.raises(StorageError, match="written to by another run"):
            aq.resume(store, model=durable.far(), **QUIET)
    finally:
        process.kill()
        process.communicate()
    assert durable.killed_after(600, name, store)
    assert durable.killed_after(600, name, tmp_path / "whole.zarr")
    assert durable.differing(tmp_path / "whole.zarr", store) == []


def test_more_draws_are_those_of_a_longer_run(tmp_path: Path) -> None:
    """Of a run that has ended, and of one that was stopped while its ladder was made."""
    model, options = case("far")
    once = aq.sample(**options | {"draws": 90})
    aq.sample(**options, store=tmp_path / "run.zarr")
    same(once, aq.resume(tmp_path / "run.zarr", draws=90, model=model, **QUIET))
    with pytest.raises(ModelError, match="draws=50 is fewer"):
        aq.resume(tmp_path / "run.zarr", draws=50, model=model, **QUIET)
    again = aq.resume(tmp_path / "run.zarr", model=model, **QUIET)
    same(once, again)


def test_a_run_that_ended_before_its_first_draw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fit is in the store, start values are not: then an error says so."""
    from aliquot.tempering.chain import TemperedChain

    model, options = case("far from a fit")
    whole = aq.sample(**options)
    values = {name: value for name, value in options.items() if name != "init"}

    def stops(*arguments: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(TemperedChain, "begin", stops)
        with pytest.raises(KeyboardInterrupt):
            aq.sample(**options, store=tmp_path / "fit.zarr")
        with pytest.raises(KeyboardInterrupt):
            aq.sample(**values, initvals={"x": -3.0}, store=tmp_path / "values.zarr")
    shutil.copytree(tmp_path / "fit.zarr", tmp_path / "damaged.zarr")
    same(whole, aq.resume(tmp_path / "fit.zarr", model=model, **QUIET))
    with pytest.raises(ModelError, match=r"ended before its first draw, .* start values"):
        aq.resume(tmp_path / "values.zarr", model=model, **QUIET)
    (tmp_path / "damaged.zarr" / ".aliquot" / "fit.npz").write_bytes(b"?")
    with pytest.raises(StorageError, match=r"fit.npz is damaged"):
        aq.resume(tmp_path / "damaged.zarr", model=model, **QUIET)


def test_rungs_that_another_machine_would_have_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was killed between making room for draws on its ladder and the first of them."""
    model, options = case("far")
    whole, store = aq.sample(**options), tmp_path / "run.zarr"
    stopping(monkeypatch)[0] = 200
    with pytest.warns(PartialResultWarning, match="still in their warm-up"):
        aq.sample(**options, store=store)
    held = RunStore.open(store)
    rungs = whole.sample_stats.sizes["replica_dim_0"] + 2
    other = {LOG_RATIO: np.zeros((0, 3, rungs)), REPLICA: np.zeros((0, rungs), np.int16)}
    stored.StoredRun(held, model.density())._make_room_for(other)
    held.close()
    assert aq.open_run(store).sample_stats["replica"].shape == (2, 0, rungs)
    same(whole, aq.resume(store, model=model, **QUIET))


def test_start_values_are_not_needed_to_go_on(tmp_path: Path) -> None:
    model, options = case("far")
    whole = aq.sample(**options | {"draws": 50}, initvals={"x": -3.0})
    aq.sample(**options, initvals={"x": -3.0}, store=tmp_path / "run.zarr")
    same(whole, aq.resume(tmp_path / "run.zarr", draws=50, model=model, **QUIET))


def test_it_ends_when_it_is_precise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the same draw whatever the cores, with a store and an interruption at a look."""
    from aliquot.inference.until import Look

    model, options = case("far")
    # At the first look draws would have to be better than independent ones.
    until = aq.Until(ess=700, rhat=1.05)
    first, options = until.looks(5_000, 2)[0], options | {"draws": 5_000, "until": until}
    trace = aq.sample(**options, cores=1)
    draws = trace.posterior.sizes["draw"]
    assert trace.attrs["stopped"] == "precise"
    assert first < draws < 5_000
    assert trace.attrs["draws"] == draws
    once = aq.sample(**{**options, "draws": draws, "until": None})
    same(trace, once)
    enough = Look.enough

    def interrupted(self: Look, run: Any) -> bool:
        if enough(self, run):
            return True
        raise KeyboardInterrupt

    store = tmp_path / "run.zarr"
    with monkeypatch.context() as patch:
        patch.setattr(Look, "enough", interrupted)
        with pytest.warns(PartialResultWarning):
            part = aq.sample(**options, cores=2, store=store)
    assert part.posterior.sizes["draw"] == first
    same(trace, aq.resume(store, model=model, **QUIET))
    longer = aq.resume(store, draws=draws + 20, model=model, **QUIET)
    assert longer.posterior.sizes["draw"] == draws + 20
    assert (longer.posterior["x"][:, :draws].values == trace.posterior["x"].values).all()


def test_very_many_draws_stay_in_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The evidence is that of every so many, and chains keep none that is recorded."""
    from aliquot.tempering.run import TemperedRun

    _, options = case("far")
    options |= {"draws": 700, "tune": 60}
    whole = aq.sample(**options)
    monkeypatch.setattr(stored, "MOST_NUMBERS", 6_000)
    runs, result = [], TemperedRun.result
    monkeypatch.setattr(
        TemperedRun, "result", lambda self, *args: (runs.append(self), result(self, *args))[1]
    )
    tree = aq.sample(**options, store=tmp_path / "run.zarr")
    assert not isinstance(tree.posterior["x"].variable._data, np.ndarray)
    assert tree.posterior["x"].values.tobytes() == whole.posterior["x"].values.tobytes()
    assert "log_ratio" not in tree.sample_stats
    assert all(chain.rows.first == chain.done for chain in runs[0]._chains)
    for name in ("round_trips", "swap_acceptance", "beta"):
        assert tree.attrs[name] == whole.attrs[name]
    apart = abs(tree.attrs["log_evidence"] - whole.attrs["log_evidence"])
    assert 0 < apart < 6 * tree.attrs["log_evidence_error"]
