"""Runs that do not end before they are told to, however fast or slow the machine is."""

from __future__ import annotations

import time
from typing import Any

import pytest

from aliquot.mcmc.run import WorkerPool

# Only a run that is never told to end waits so long; it then goes on, and its test fails.
_LONGEST_SECONDS = 600


def hold(monkeypatch: pytest.MonkeyPatch, past: int) -> None:
    """Let each chain wait once it is past so many draws, until the run has been told to end.

    With as many workers as chains, or vectorised, all of them get there.
    """
    absorb = WorkerPool._absorb
    end = time.monotonic() + _LONGEST_SECONDS

    def held(self: WorkerPool, chains: Any, reports: Any, seconds: float) -> None:
        absorb(self, chains, reports, seconds)
        while all(chain.done > past for chain in chains) and not self._stopped():
            if self._halt.wait(0.01) or time.monotonic() > end:
                break

    monkeypatch.setattr(WorkerPool, "_absorb", held)
