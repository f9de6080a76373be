"""The search for cyclic garbage is put off, and taken up again as it was."""

from __future__ import annotations

import gc
import threading

import pytest

from aliquot.compilation.collection import uncollected


@pytest.fixture(autouse=True)
def collecting():
    """Begin and end with the search on."""
    gc.enable()
    yield
    gc.enable()


def test_it_is_off_inside_and_on_again_after_an_error():
    with pytest.raises(ValueError), uncollected():
        assert not gc.isenabled()
        raise ValueError
    assert gc.isenabled()


def test_it_stays_off_for_a_user_who_has_it_off():
    gc.disable()
    with uncollected():
        pass
    assert not gc.isenabled()


def test_it_is_off_until_the_last_thread_is_done():
    entered, leave = threading.Event(), threading.Event()

    def other():
        with uncollected():
            entered.set()
            leave.wait()

    thread = threading.Thread(target=other)
    with uncollected():
        thread.start()
        assert entered.wait(600)
    assert not gc.isenabled()
    leave.set()
    thread.join()
    assert gc.isenabled()
