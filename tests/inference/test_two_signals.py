"""Ctrl-C, again and again, at any moment of a run in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import aliquot as aq
from tests.inference import durable

SCRIPT = """
import sys, warnings
import numpy as np
import aliquot as aq
from tests.inference import durable

warnings.simplefilter("ignore")
model = durable.classic()
print("begun", flush=True)
trace = aq.sample(2_000_000, model=model, random_seed=1, progressbar=False, store=sys.argv[1])
print("kept", trace.posterior.sizes["draw"], trace.attrs["partial"], flush=True)
"""


def begun(store: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(store)],
        env=durable.environment() | {"ALIQUOT_CACHE": "off"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


@pytest.mark.slow
@pytest.mark.parametrize("first", [0.0, 0.3, 1.0, 2.5])
def test_two_interrupts_while_it_is_compiled(tmp_path: Path, first: float) -> None:
    """Nothing is drawn yet: it ends by KeyboardInterrupt, or with what it has, and in order."""
    process = begun(tmp_path / "run.zarr")
    for pause in (first, 0.1, 0.1):
        time.sleep(pause)
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=600)
    assert "terminate called" not in err
    assert process.returncode in (0, 1, -signal.SIGINT, 130), err
    if process.returncode:
        assert "KeyboardInterrupt" in err
    else:
        assert out.startswith("kept")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_while_it_draws_keep_what_it_has(tmp_path: Path, number: int) -> None:
    store = tmp_path / "run.zarr"
    process = begun(store)
    end = time.monotonic() + 600
    while not (store.exists() and aq.open_run(store).posterior.sizes["draw"]):
        assert time.monotonic() < end
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    for _ in range(5):  # one to stop, four while it closes
        if process.poll() is None:
            process.send_signal(number)
        time.sleep(0.02)
    out, err = process.communicate(timeout=600)
    assert "terminate called" not in err
    # A signal that comes once the result is there ends the script as it would any other.
    if process.returncode == 0:
        assert out.startswith("kept")
    kept = aq.open_run(store)
    assert kept.posterior.sizes["draw"] > 0
    assert kept.attrs["partial"] == (kept.posterior.sizes["draw"] < 2_000_000)
