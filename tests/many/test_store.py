"""Many fits in a store: whole at any moment, gone on with by the same call."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import optax
import pytest
import xarray as xr

import aliquot as aq
from aliquot.many import engine as engines
from aliquot.storage import many as storage
from tests.inference import durable
from tests.many import models
from tests.many.test_fit_many import SHORT, same, seeded, sets

pytestmark = pytest.mark.filterwarnings("ignore::aliquot.AliquotWarning")
LENGTHS = (20, 22, 24)


@pytest.fixture
def at_once(monkeypatch):
    """Write down after each fit what has ended."""
    monkeypatch.setattr(storage, "SECONDS", 0.0)
    monkeypatch.setattr(storage, "SHARE", 0.0)


def fit(path: Path | None, count: int = 8, **changed: Any) -> xr.DataTree:
    data = changed.pop("datasets", None) or sets(count, *LENGTHS)
    options = {**SHORT, "cores": 1, **changed}
    return aq.fit_many(options.pop("build", models.mixture), data, store=path, **options)


def fit_in_a_process(path: str) -> None:
    fit(Path(path), 60)


def test_a_store_holds_what_is_given_without_one(tmp_path, at_once):
    stored = fit(tmp_path / "many.zarr")
    plain = fit(None)
    assert same(stored, plain)
    table, other = stored["fits"].to_dataset(), plain["fits"].to_dataset()
    for name in ("status", "reason", "random_seed", "rhat", "ess_bulk"):
        assert table[name].values.tolist() == other[name].values.tolist()
    opened = xr.open_datatree(tmp_path / "many.zarr", engine="zarr")
    assert same(opened, plain) and opened.attrs["partial"] == 0
    assert fit(tmp_path / "many.zarr").identical(stored)


def test_the_same_call_goes_on_and_gives_the_same_bits(tmp_path, at_once, monkeypatch):
    whole = fit(None)
    path = tmp_path / "many.zarr"
    begun: list[int] = []
    one = engines.Fits._one

    def failing(self: Any, number: int, hand: Any) -> None:
        begun.append(number)
        if len(begun) % 4 == 0:
            raise SystemError("the machine stops")
        one(self, number, hand)

    monkeypatch.setattr(engines.Fits, "_one", failing)
    for _ in range(10):
        try:
            found = fit(path)
            break
        except SystemError:
            partial = aq.open_run(path)
            assert partial.attrs["partial"] == 1
            fitted = partial["fits"]["status"].values != "pending"
            assert np.isfinite(partial.posterior["means"].values[fitted]).all()
    assert same(found, whole)
    assert len(begun) < 8 + 4, "what had been fitted was fitted again"


@pytest.mark.slow
def test_a_process_that_is_killed_loses_what_it_was_at(tmp_path):
    path = tmp_path / "many.zarr"
    work = f"from tests.many import test_store; test_store.fit_in_a_process({str(path)!r})"
    code = f"{seeded()}\n{work}"
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code], env=durable.environment()
    )
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.2)
        seen = aq.open_run(path) if path.is_dir() else xr.DataTree()
        # Read by another process while it is written to: what is said to be there is there.
        if "fits" in seen.children:
            ended = seen["fits"]["status"].values != "pending"
            assert np.isfinite(seen.posterior["means"].values[ended]).all()
            if ended.sum() >= 3:
                break
    process.send_signal(signal.SIGKILL)
    process.wait()
    found = fit(path, 60)
    assert same(found, fit(None, 60))


def test_a_damaged_chunk_is_fitted_again(tmp_path, at_once):
    path = tmp_path / "many.zarr"
    whole = fit(path)
    (path / "posterior" / "means" / "c.2.0.0.0").write_bytes(b"half")
    (path / "sample_stats" / "lp" / "c.5.0.0").unlink()
    assert same(fit(path), whole)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"count": 7}, "8 data sets"),
        ({"tune": 50}, "'tune': 60"),
        ({"draws": 30}, "shape was"),
        ({"random_seed": 2}, "random_seed was 1"),
        ({"build": models.normal}, "model was"),
        ({"method": "tempered"}, "method was 'nuts'"),
    ],
)
def test_other_fits_are_refused_with_what_differs(tmp_path, changed, said):
    path = tmp_path / "many.zarr"
    fit(path)
    with pytest.raises(aq.ModelError, match=said):
        fit(path, **changed)


def test_other_data_are_named_and_a_store_without_a_seed_keeps_its_own(tmp_path):
    path = tmp_path / "many.zarr"
    data = dict(zip("abcd", sets(4), strict=True))
    first = fit(path, datasets=data, random_seed=None)
    assert fit(path, datasets=data, random_seed=None).identical(first)
    with pytest.raises(aq.ModelError, match="the data of b are others"):
        fit(path, datasets={**data, "b": data["c"]}, random_seed=None)


def test_numbers_in_expressions_and_options_tell_fits_apart(tmp_path):
    def build(data: Any) -> None:
        slope = aq.Normal("slope", 0, 1)
        aq.Normal("obs", slope * data["x"], 1, observed=data["y"])

    path = tmp_path / "many.zarr"
    data = [models.pairs(np.random.default_rng(i), 5) for i in range(2)]
    adam = {"method": "advi", "n": 50, "optimizer": optax.adam(0.01)}
    given = {"draws": 20, "random_seed": 1, "progressbar": False, "store": path}
    first = aq.fit_many(build, data, **adam, **given)
    again = {**adam, "optimizer": optax.adam(0.01)}
    assert aq.fit_many(build, data, **again, **given).identical(first)
    data[1] = {**data[1], "x": data[1]["x"] + 1.0}
    with pytest.raises(aq.ModelError, match="the data of 1 are others"):
        aq.fit_many(build, data, **adam, **given)
    with pytest.raises(aq.ModelError, match="options was"):
        aq.fit_many(build, data[:1] * 2, **{**adam, "n": 60}, **given)


def test_what_is_no_store_of_many_fits_is_refused(tmp_path):
    with aq.Model():
        models.normal(np.zeros(3))
        aq.sample(
            30,
            tune=30,
            store=tmp_path / "run.zarr",
            progressbar=False,
            random_seed=1,
            compute_convergence_checks=False,
        )
    with pytest.raises(aq.StorageError, match="one run or fit, not of many"):
        fit(tmp_path / "run.zarr")
    fit(tmp_path / "many.zarr")
    with aq.Model():
        models.normal(np.zeros(3))
        with pytest.raises(aq.StorageError, match="many fits"):
            aq.resume(tmp_path / "many.zarr")
    with pytest.raises(aq.StorageError, match="no store"):
        (tmp_path / "other").mkdir()
        fit(tmp_path / "other")


def test_a_second_writer_is_refused(tmp_path):
    path = tmp_path / "many.zarr"
    fit(path)
    store = storage.ManyStore.open(path)
    try:
        with pytest.raises(aq.StorageError, match="being written to"):
            fit(path)
    finally:
        store.close()


def test_a_full_disk_names_the_file_and_keeps_what_is_there(tmp_path, at_once, monkeypatch):
    path = tmp_path / "many.zarr"
    whole = fit(None)
    calls, full = durable.filling_disk(monkeypatch)
    for room in (0, 1, 30, 60):
        full[0] = calls[0] + room
        with pytest.raises(aq.StorageError, match="no room"):
            fit(path)
    full[0] = 10**9
    assert same(fit(path), whole)
