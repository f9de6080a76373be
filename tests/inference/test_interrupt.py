"""Ctrl-C that Python loses."""

from __future__ import annotations

import signal
import threading
from typing import Any

import pytest

import aliquot as aq
from aliquot.errors import PartialResultWarning
from aliquot.inference.interrupt import interrupts


class Lost:
    """Presses Ctrl-C while it is destroyed, where Python drops the KeyboardInterrupt."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_is_lost_is_noticed() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interrupts() as pressed:
        Lost()
        assert pressed.is_set()
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_is_raised_as_ever() -> None:
    with pytest.raises(KeyboardInterrupt), interrupts():
        signal.raise_signal(signal.SIGINT)


def test_the_first_of_two_may_be_only_noticed() -> None:
    with pytest.raises(KeyboardInterrupt), interrupts(at_once=False) as pressed:
        signal.raise_signal(signal.SIGINT)
        assert pressed.is_set()
        signal.raise_signal(signal.SIGINT)


def test_outside_the_main_thread_nothing_changes() -> None:
    handlers = []

    def look() -> None:
        with interrupts():
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert handlers == [signal.getsignal(signal.SIGINT)]


def test_another_handler_stays_in_charge() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts() as pressed:
            signal.raise_signal(signal.SIGINT)
            assert not pressed.is_set()
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.fixture
def model() -> aq.Model:
    with aq.Model() as model:
        aq.Normal("x", 0, 1)
    return model


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_lost_interrupt_ends_a_run(model: aq.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    import aliquot.inference.nuts as module

    original = module.run_chains

    def run_chains(*args: Any, **kwargs: Any) -> Any:
        shown = kwargs["on_progress"]

        def press(chains: Any) -> None:
            shown(chains)
            if chains[0].done:
                Lost()

        return original(*args, **kwargs | {"on_progress": press})

    monkeypatch.setattr(module, "run_chains", run_chains)
    with pytest.warns(PartialResultWarning):
        part = aq.sample(300_000, chains=1, random_seed=1, progressbar=False, model=model)
    assert part.attrs["partial"] == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_lost_interrupt_ends_a_fit(model: aq.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    from aliquot.progress.display import Display

    monkeypatch.setattr(Display, "update", lambda *_: Lost() and None)
    with pytest.warns(PartialResultWarning, match="call fit"):
        approx = aq.fit(1_000_000, random_seed=1, progressbar=False, model=model)
    assert len(approx.hist) < 1_000_000


def test_threads_that_work_for_another_stop_with_it():
    with interrupts(at_once=False) as leader:
        heard: list[bool] = []

        def work() -> None:
            with leader.leading(), interrupts() as own:
                leader.set()
                heard.append(own.is_set())
            with interrupts() as alone:
                heard.append(alone.is_set())

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert heard == [True, False]
        with leader.leading(), interrupts() as later:
            assert later.is_set()


def test_a_check_of_a_fit_that_is_interrupted_loses_nothing(monkeypatch):
    def pressed(self):
        raise KeyboardInterrupt

    with aq.Model() as model:
        aq.Normal("x", 1, 2)
    monkeypatch.setattr(aq.Approximation, "_checked", pressed)
    with pytest.warns(aq.PartialResultWarning, match="how good it is is not known"):
        approx = aq.fit(500, method="advi", model=model, random_seed=1, progressbar=False)
    assert approx.sample(10).posterior["x"].shape == (1, 10)
