"""Runs that end when they are precise enough."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aliquot as aq
from aliquot.diagnostics import check
from aliquot.errors import ModelError, PartialResultWarning
from aliquot.inference.until import FLOOR
from tests.inference import durable

QUIET: dict[str, Any] = {"progressbar": False, "compute_convergence_checks": False}


@pytest.mark.parametrize("name", ["classic", "two_modes", "labels"])
def test_it_ends_when_it_is_precise_and_not_before(name: str) -> None:
    model = durable.MODELS[name]()
    until = aq.Until(ess=1500)
    trace = aq.sample(until=until, random_seed=1, model=model, **QUIET)
    assert trace.attrs["stopped"] == "precise"
    assert trace.attrs["partial"] == 0
    draws = trace.posterior.sizes["draw"]
    looks = until.looks(100_000, 4)
    assert draws in looks
    assert trace.attrs["draws"] == draws
    assert json.loads(trace.attrs["until"])["ess"] == 1500
    for look in [each for each in looks if each <= draws]:
        facts = check(trace.isel(draw=slice(look))).facts
        free = bool(model.symmetries(explain=False).coupled)
        assert until.met(facts, free) == (look == draws)


@pytest.mark.parametrize("name", ["classic", "two_modes"])
def test_the_draws_are_those_of_a_run_of_that_length(name: str) -> None:
    model = durable.MODELS[name]()
    trace = aq.sample(until=aq.Until(), random_seed=2, model=model, cores=2, **QUIET)
    again = aq.sample(until=aq.Until(), random_seed=2, model=model, cores=1, **QUIET)
    once = aq.sample(100_000, random_seed=2, model=model, **QUIET)
    assert trace.posterior.sizes == again.posterior.sizes
    for variable in trace.posterior.data_vars:
        draws = trace.posterior[variable].values
        assert (draws == again.posterior[variable].values).all()
        assert (draws == once.posterior[variable].values[:, : draws.shape[1]]).all()


def test_a_store_and_interruptions_do_not_move_the_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aliquot.inference.until import Look

    model, until = durable.classic(), aq.Until(ess=3000)
    whole = aq.sample(until=until, random_seed=3, model=model, **QUIET)
    enough = Look.enough

    def interrupted(self: Look, run: Any) -> bool:
        if enough(self, run):
            return True
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Look, "enough", interrupted)
        with pytest.raises(KeyboardInterrupt):
            aq.sample(until=until, random_seed=3, model=model, store=tmp_path / "run.zarr", **QUIET)
    found = aq.resume(tmp_path / "run.zarr", model=model, **QUIET)
    assert found.attrs["stopped"] == "precise"
    assert (found.posterior["means"].values == whole.posterior["means"].values).all()
    again = aq.resume(tmp_path / "run.zarr", model=model, **QUIET)
    assert again.posterior.sizes == whole.posterior.sizes
    more = aq.resume(tmp_path / "run.zarr", draws=4000, model=model, **QUIET)
    assert more.posterior.sizes["draw"] == 4000


def test_time_ends_a_run(tmp_path: Path) -> None:
    model = durable.classic()
    until = aq.Until(ess=1e9, seconds=2)
    store = tmp_path / "run.zarr"
    trace = aq.sample(10**6, until=until, random_seed=1, model=model, store=store, **QUIET)
    assert trace.attrs["stopped"] == "time"
    assert 0 < trace.posterior.sizes["draw"] < 10**6
    assert trace.attrs["draws"] == trace.posterior.sizes["draw"]
    assert aq.open_run(store).posterior.sizes == trace.posterior.sizes


def test_all_draws_may_not_be_enough() -> None:
    trace = aq.sample(400, until=aq.Until(ess=1e6), random_seed=1, model=durable.classic(), **QUIET)
    assert trace.attrs["stopped"] == "draws"
    assert trace.posterior.sizes["draw"] == 400


def test_looks() -> None:
    for ess in (1.0, 400.0, 10_000.0):
        looks = aq.Until(ess=ess).looks(10**6, 4)
        assert looks[0] >= max(FLOOR, ess / 4)
        assert all(look % 10 == 0 for look in looks)
        ratio = np.array(looks[1:]) / np.array(looks[:-1])
        assert (ratio > 1.2).all()
        assert (ratio < 1.3).all()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"ess": 0}, "ess must be a number above 0"),
        ({"ess": np.nan}, "ess must be"),
        ({"rhat": 1.0}, "rhat must be a number above 1"),
        ({"seconds": "1h"}, "seconds must be a number above 0; got '1h'"),
        ({"seconds": True}, "seconds must be"),
    ],
)
def test_what_cannot_be_reached_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        aq.Until(**wrong)


def test_what_is_no_until_is_refused() -> None:
    with pytest.raises(ModelError, match="until must be an"):
        aq.sample(until=400, model=durable.classic(), **QUIET)  # type: ignore[arg-type]


def test_interrupted_it_is_partial(monkeypatch: pytest.MonkeyPatch) -> None:
    from aliquot.inference.until import Look

    def stops(self: Look, run: Any) -> bool:
        import signal

        signal.raise_signal(signal.SIGINT)
        return False

    monkeypatch.setattr(Look, "enough", stops)
    with pytest.warns(PartialResultWarning):
        trace = aq.sample(until=aq.Until(), model=durable.classic(), progressbar=False)
    assert trace.attrs["partial"] == 1
