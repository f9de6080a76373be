"""NumPy's matrices on one thread: for as long as it is asked for, and no longer."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from aliquot import blas
from aliquot.mcmc.run import sample
from aliquot.mcmc.settings import NUTSSettings


@pytest.fixture
def threads():
    found = blas._openblas()
    if found is None:
        pytest.skip("NumPy's library is not OpenBLAS")
    before = found.get()
    found.set(2)
    yield found
    found.set(before)


def test_one_thread_for_as_long_as_anyone_asks_for_it(threads):
    with blas.one_thread():
        assert threads.get() == 1
        with blas.one_thread():
            assert threads.get() == 1
        assert threads.get() == 1
    assert threads.get() == 2


def test_an_error_ends_it(threads):
    @blas.on_one_thread
    def fails():
        assert threads.get() == 1
        raise ValueError("of its own")

    with pytest.raises(ValueError, match="of its own"):
        fails()
    assert threads.get() == 2


def test_uses_in_threads_may_end_in_any_order(threads):
    began, end = threading.Event(), threading.Event()

    def other():
        with blas.one_thread():
            began.set()
            end.wait()

    thread = threading.Thread(target=other)
    with blas.one_thread():
        thread.start()
        began.wait()
    assert threads.get() == 1
    end.set()
    thread.join()
    assert threads.get() == 2


def test_chains_run_on_one_thread_each(threads):
    seen = []

    def look(progress):
        seen.append(threads.get())

    settings = NUTSSettings(draws=20, tune=20)
    sample(
        lambda x, data: -0.5 * (x @ x),
        (),
        np.zeros((2, 3)),
        settings=settings,
        seed=1,
        on_progress=look,
    )
    assert seen
    assert set(seen) == {1}
    assert threads.get() == 2


def test_without_openblas_nothing_is_changed(threads, monkeypatch):
    monkeypatch.setattr(blas, "_openblas", lambda: None)
    with blas.one_thread():
        assert threads.get() == 2
