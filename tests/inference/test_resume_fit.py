"""Fits with a store: what they give, and how they go on after whatever ended them."""

from __future__ import annotations

import json
import os
import random
import signal
import time
import warnings
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import optax
import pytest

import aliquot as aq
from aliquot.errors import AliquotWarning, ConvergenceWarning, ModelError, StorageError
from aliquot.inference import stored_fit
from aliquot.progress.display import Display
from aliquot.storage import FitStore
from aliquot.variational.gaussians.parts import to_parts
from aliquot.variational.stochastic import fit as engine
from tests.inference import durable

QUIET: dict[str, Any] = {"progressbar": False}
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Record as often as can be, and let a call of the program be short."""
    monkeypatch.setattr(stored_fit, "SECONDS", 0.0)
    monkeypatch.setattr(stored_fit, "SHARE", 0.0)
    monkeypatch.setattr(engine, "CALL_SECONDS", 0.002)


def same(one: aq.Approximation, other: aq.Approximation) -> None:
    for name in ("method", "family", "seed", "partial", "stopped", "quality", "permuting"):
        assert repr(getattr(one, name)) == repr(getattr(other, name)), name
    assert one.quality == other.quality
    assert one.hist.tobytes() == other.hist.tobytes()
    for first, second in ((one.q, other.q), (one.mean_field, other.mean_field)):
        assert (first is None) == (second is None)
        if first is not None and second is not None:
            arrays, others = to_parts(first), to_parts(second)
            assert list(arrays) == list(others)
            assert all(arrays[name].tobytes() == others[name].tobytes() for name in arrays)
    drawn = [each.sample(50, random_seed=1).posterior for each in (one, other)]
    assert all((drawn[0][name].values == drawn[1][name].values).all() for name in drawn[0])


STOCHASTIC: dict[str, dict[str, Any]] = {
    "mean field": {"n": 500, "method": "advi", "every": 100},
    "full rank": {"n": 333, "method": "fullrank_advi", "n_samples": 3, "every": 50},
    "start": {
        "n": 300,
        "method": "advi",
        "start": {"means": [-3.0, 3.0]},
        "label_switching": "permute",
    },
    "parameters": {
        "n": 2000,
        "method": "advi",
        "every": 40,
        "convergence": aq.ParameterChange(0.3, interval=100),
    },
    "loss": {
        "n": 2000,
        "method": "advi",
        "every": 40,
        "convergence": aq.RelativeChange(0.02, window=100),
    },
    "unchecked": {"n": 300, "method": "advi", "check": False},
    "batches": {"n": 300, "method": "advi", "batch_size": 7, "every": 50},
    "batches, full rank": {"n": 200, "method": "fullrank_advi", "batch_size": 30, "n_samples": 2},
    "batches, loss": {
        "n": 3000,
        "method": "advi",
        "batch_size": 50,
        "every": 40,
        "convergence": aq.RelativeChange(0.3, window=100),
    },
}


@pytest.mark.parametrize("name", STOCHASTIC)
def test_stopped_at_any_iteration_it_goes_on_to_the_same(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C again and again, before or after some call of the program."""
    options = STOCHASTIC[name] | {"random_seed": 4, "model": durable.classic()} | QUIET
    whole = aq.fit(**options)
    if "convergence" in options:
        assert whole.stopped
    rng = random.Random(2)
    run, left = engine.VariationalFit._run, [0]

    def counted(self: Any, *arguments: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        run(self, *arguments)
        if left[0] == 1:
            left[0] = 10**9
            raise KeyboardInterrupt

    monkeypatch.setattr(engine.VariationalFit, "_run", counted)
    store, stops = tmp_path / "fit", 0
    while True:
        left[0] = rng.randint(1, 12)
        try:
            found = (
                aq.resume(store, model=options["model"], **QUIET)
                if store.exists()
                else aq.fit(**options, store=store)
            )
        except KeyboardInterrupt:  # before the first iteration
            stops += 1
            continue
        if not found.partial:
            break
        stops += 1
        assert found.stopped == "interrupted"
    assert stops
    same(whole, found)
    left[0] = 1  # it is there: nothing is run
    same(whole, aq.resume(store, model=options["model"], **QUIET))
    assert not list(store.rglob(".new-*"))


@pytest.mark.parametrize("criterion", [None, aq.ParameterChange(0.01, interval=100)], ids=repr)
def test_interrupted_at_any_moment_it_goes_on_to_the_same(
    criterion: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C wherever the program is, once the first iterations are done.

    Before that, and in the check, it may come in the middle of what JAX does, which does not always
    bear it.
    """
    model, store = durable.classic(), tmp_path / "fit"
    options = {"n": 3000, "random_seed": 1, "every": 10, "convergence": criterion, "check": False}
    whole = aq.fit(**options, model=model, **QUIET)
    rng, stops = random.Random(3), 0
    update = Display.update

    def armed(self: Any, done: int, *arguments: Any) -> None:
        if signal.getitimer(signal.ITIMER_REAL)[0] == 0.0:
            signal.setitimer(signal.ITIMER_REAL, rng.uniform(0.0001, 0.01))
        update(self, done, *arguments)

    def press(*_: Any) -> None:
        if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:  # a fit is running
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Display, "update", armed)
    before = signal.signal(signal.SIGALRM, press)
    try:
        while True:
            try:
                found = (
                    aq.resume(store, model=model, **QUIET)
                    if store.exists()
                    else aq.fit(**options, model=model, store=store, **QUIET)
                )
            except KeyboardInterrupt:  # while the result was written
                stops += 1
                continue
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            if not found.partial:
                break
            stops += 1
    finally:
        signal.signal(signal.SIGALRM, before)
    assert stops
    same(whole, found)


@pytest.mark.slow
@pytest.mark.parametrize("name", durable.FITS)
def test_killed_at_any_moment_it_goes_on_to_the_same(name: str, tmp_path: Path) -> None:
    began = time.monotonic()
    assert durable.killed_after(600, name, tmp_path / "whole")
    took = time.monotonic() - began
    store, rng = tmp_path / "fit", random.Random(os.getpid())
    for how in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
        durable.killed_after(rng.uniform(0.3, 0.9) * took, name, store, how)
    assert durable.killed_after(600, name, store)
    model = durable.MODELS[name.split()[0]]()
    same(*(aq.resume(tmp_path / each, model=model, **QUIET) for each in ("whole", "fit")))


@pytest.mark.parametrize(
    ("method", "model"),
    [
        *product(["laplace", "dadvi", "fullrank", "pathfinder"], ["labels", "two_modes"]),
        *product(["dadvi", "fullrank", None], ["many"]),
        (None, "classic"),
    ],
)
def test_deterministic_fits_are_kept(
    method: str | None, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aliquot.inference import deterministic

    built = durable.MODELS[model]()
    options = {"method": method, "random_seed": 3, "restarts": 2, "model": built} | QUIET
    inside = aq.fit(**options)
    outside = aq.fit(**options, store=tmp_path / "fit")
    same(inside, outside)
    monkeypatch.setattr(deterministic.Fitting, "run", None)
    found = aq.resume(tmp_path / "fit", model=durable.MODELS[model](), **QUIET)
    same(inside, found)
    if inside.quality is not None and inside.quality.good:
        drawn = [each.sample(50, corrected=True, random_seed=2) for each in (inside, found)]
        assert drawn[0].attrs["log_evidence"] == drawn[1].attrs["log_evidence"]


def test_a_deterministic_fit_that_was_interrupted_is_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aliquot.inference import deterministic

    model, store = durable.classic(), tmp_path / "fit"
    options = {"method": "laplace", "random_seed": 3, "start": {"means": [-2.0, 4.0]}} | QUIET
    whole = aq.fit(**options, model=model)
    with monkeypatch.context() as patch:
        patch.setitem(
            deterministic.DETERMINISTIC,
            "laplace",
            lambda *_: signal.raise_signal(signal.SIGINT) or 1 / 0,
        )
        with pytest.raises(ZeroDivisionError):
            aq.fit(**options, model=model, store=store)
    same(whole, aq.resume(store, model=model, **QUIET))


def test_more_iterations(tmp_path: Path) -> None:
    model, store = durable.classic(), tmp_path / "fit"
    options = {"method": "advi", "random_seed": 1, "model": model, "every": 70} | QUIET
    aq.fit(200, **options, store=store)
    longer = aq.resume(store, model=model, iterations=777, **QUIET)
    same(longer, aq.fit(777, **options))
    same(longer, aq.resume(store, model=model, **QUIET))
    with pytest.raises(ModelError, match="iterations=100 is fewer"):
        aq.resume(store, model=model, iterations=100, **QUIET)


def test_more_iterations_than_a_criterion_asked_for(tmp_path: Path) -> None:
    model, store = durable.classic(), tmp_path / "fit"
    options = {"method": "advi", "random_seed": 1, "model": model, "every": 50} | QUIET
    short = aq.fit(5000, **options, convergence=aq.RelativeChange(0.02, window=100), store=store)
    assert short.stopped
    assert len(short.hist) < 2000
    longer = aq.resume(store, model=model, iterations=2000, **QUIET)
    same(longer, aq.fit(2000, **options))


def test_a_fit_that_had_begun_in_memory(tmp_path: Path) -> None:
    model = durable.classic()
    once, twice = (aq.ADVI(model=model, random_seed=1) for _ in range(2))
    whole = once.fit(450, **QUIET)
    twice.fit(150, **QUIET)
    same(whole, twice.fit(300, store=tmp_path / "fit", **QUIET))
    same(whole, aq.resume(tmp_path / "fit", model=model, **QUIET))


def test_the_users_own_functions_are_asked_for(tmp_path: Path) -> None:
    model, store = durable.classic(), tmp_path / "fit"
    optimizer = optax.chain(optax.clip_by_global_norm(10.0), optax.adam(0.01))
    calls: list[int] = []

    def enough(approx: Any, hist: np.ndarray, i: int) -> None:
        calls.append(i)
        if i == 250:
            raise StopIteration("seen enough")

    def broken(approx: Any, hist: np.ndarray, i: int) -> None:
        if i == 150:
            raise ZeroDivisionError

    options = {"method": "advi", "random_seed": 1, "model": model, "every": 50, "n": 400} | QUIET
    whole = aq.fit(**options, callbacks=[enough], optimizer=optimizer)
    assert whole.stopped == "a callback stopped it: seen enough"
    with pytest.raises(ZeroDivisionError):
        aq.fit(**options, callbacks=[broken], optimizer=optimizer, store=store)
    with pytest.raises(ModelError, match="optimizer of its own"):
        aq.resume(store, model=model, callbacks=[enough], **QUIET)
    with pytest.raises(ModelError, match="begun with callbacks"):
        aq.resume(store, model=model, optimizer=optimizer, **QUIET)
    for other in (optax.sgd(0.01), optax.chain(optax.clip_by_global_norm(10.0), optax.adam(0.02))):
        with pytest.raises(ModelError, match="not the one that the fit was begun with"):
            aq.resume(store, model=model, optimizer=other, callbacks=[enough], **QUIET)
    calls.clear()
    given = {"optimizer": optimizer, "callbacks": [enough]}
    found = aq.resume(store, model=model, **given, **QUIET)
    same(whole, found)
    # The look that failed was not a look: it is had again.
    assert calls == [150, 200, 250]
    same(whole, aq.resume(store, model=model, **QUIET))  # which needs neither


def test_what_cannot_be_stored_is_refused(tmp_path: Path) -> None:
    class Own(aq.RelativeChange):
        pass

    model, store = durable.classic(), tmp_path / "fit"
    with pytest.raises(ModelError, match="cannot be written down"):
        aq.fit(100, model=model, convergence=Own(), store=store, **QUIET)
    with pytest.raises(ModelError, match="restarts"):
        aq.fit(method="advi", restarts=2, model=model, store=store, **QUIET)
    with pytest.raises(ValueError, match="n=0"):
        aq.fit(0, model=model, store=store, **QUIET)
    assert not list(tmp_path.iterdir())
    aq.fit(100, model=model, store=store, **QUIET)
    for method in ("advi", "laplace"):
        with pytest.raises(StorageError, match="exists"):
            aq.fit(method=method, model=model, store=store, **QUIET)


def test_runs_and_fits_are_told_apart(tmp_path: Path) -> None:
    model, store, run = durable.classic(), tmp_path / "fit", tmp_path / "run.zarr"
    aq.fit(method="laplace", model=model, store=store, **QUIET)
    aq.sample(20, tune=50, model=model, store=run, compute_convergence_checks=False, **QUIET)
    with pytest.raises(StorageError, match=r"is the store of a fit.*aq\.resume\("):
        aq.open_run(store)
    for of_runs in ({"draws": 10}, {"cores": 1}):
        with pytest.raises(ModelError, match="is of a run, and this is the store of a fit"):
            aq.resume(store, model=model, **of_runs)
    for of_fits in ({"iterations": 10}, {"optimizer": optax.sgd(1.0)}, {"callbacks": [print]}):
        with pytest.raises(ModelError, match="is of a fit, and this is the store of a run"):
            aq.resume(run, model=model, **of_fits)
        with pytest.raises(ModelError, match="which is deterministic"):
            aq.resume(store, model=model, **of_fits)


def test_another_model_or_other_data_are_refused(tmp_path: Path) -> None:
    def build(mean: float = 0.0, data: Any = (1.0, 2.0)) -> aq.Model:
        with aq.Model() as model:
            x = aq.Normal("x", mean, 1)
            y = aq.Data("y", np.array(data))
            aq.Normal("obs", x, 1.0, observed=y)
        return model

    for method in ("advi", "laplace"):
        store = tmp_path / method
        aq.fit(method=method, model=build(), store=store, **QUIET)
        with pytest.raises(ModelError, match="not the model of the run: 'x' was ~ Normal"):
            aq.resume(store, model=build(mean=1.0), **QUIET)
        with pytest.raises(ModelError, match="data of 'y' are not those of the run"):
            aq.resume(store, model=build(data=(1.0, 3.0)), **QUIET)
        file = store / ".aliquot" / "run.json"
        said = json.loads(file.read_text())
        said["identity"]["processor"] = "an abacus"
        file.write_text(json.dumps(said))
        with pytest.warns(AliquotWarning, match="the processor is another one"):
            aq.resume(store, model=build(), **QUIET)
    advi, changed = aq.ADVI(model=(model := build())), tmp_path / "changed"
    with model:
        aq.set_data({"y": np.zeros(2)})
    with pytest.raises(ModelError, match="data replaced"):
        advi.fit(10, store=changed, **QUIET)
    assert not changed.exists()


def test_a_damaged_state_is_fitted_again(tmp_path: Path) -> None:
    model, store = durable.classic(), tmp_path / "fit"
    options = {"method": "advi", "n": 300, "random_seed": 1, "model": model} | QUIET
    whole = aq.fit(**options, store=store)
    own = store / ".aliquot"
    states = sorted(own.glob("state-*.npz"), key=lambda file: int(file.stem[6:]))
    assert len(states) == 2
    (own / "result.npz").unlink()
    states[-1].write_bytes(states[-1].read_bytes()[:-100])
    with pytest.warns(AliquotWarning, match="damaged"):
        same(whole, aq.resume(store, model=model, **QUIET))
    (own / "result.npz").write_bytes(b"nothing")
    same(whole, aq.resume(store, model=model, **QUIET))
    for file in own.glob("*.npz"):
        file.write_bytes(b"")
    with pytest.raises(StorageError, match="no state of the fit"):
        aq.resume(store, model=model, **QUIET)


@pytest.mark.parametrize("method", ["advi", "dadvi"])
def test_where_warnings_are_errors_the_fit_is_kept(method: str, tmp_path: Path) -> None:
    model, store = durable.two_modes(), tmp_path / "fit"
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        with pytest.raises(ConvergenceWarning):
            aq.fit(method=method, model=model, random_seed=1, store=store, **QUIET)
    assert FitStore.open(store).result() is not None
    with pytest.warns(ConvergenceWarning):
        found = aq.resume(store, model=model, **QUIET)
    assert found.quality is not None
    assert not found.quality.good


def test_one_fit_at_a_time(tmp_path: Path) -> None:
    model, store = durable.classic(), tmp_path / "fit"
    aq.fit(method="laplace", model=model, store=store, **QUIET)
    held = FitStore.open(store)
    with pytest.raises(StorageError, match="written to by another run"):
        aq.resume(store, model=model, **QUIET)
    held.close()
    held = FitStore.open(store)
    del held  # which is all that an interrupt may leave of it
    aq.resume(store, model=model, **QUIET)


@pytest.mark.parametrize("method", ["advi", "laplace"])
def test_a_full_disk_keeps_what_was_fitted(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full at each write in turn; with room again the fit goes on to the same."""
    model = durable.classic()
    options = {"method": method, "random_seed": 2, "model": model} | QUIET
    if method == "advi":
        options["n"] = 300
    whole = aq.fit(**options)
    calls, full = durable.filling_disk(monkeypatch)
    aq.fit(**options, store=tmp_path / "count")
    for number, at in enumerate({0, 1, 2, calls[0] // 2, calls[0] - 2, calls[0] - 1}):
        store = tmp_path / str(number)
        calls[0], full[0] = 0, at
        if at < 0:
            continue
        try:
            aq.fit(**options, store=store)
        except StorageError as error:
            assert "no room left" in str(error)
        full[0] = 10**9
        if store.exists():
            same(whole, aq.resume(store, model=model, **QUIET))
        else:
            same(whole, aq.fit(**options, store=store))
