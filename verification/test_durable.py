"""Runs that are killed at random moments, under load, and on a disk that is really full."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import aliquot as aq
from tests.inference import durable

KILLS = 50
BUSY = "while True: sum(range(100_000))"


@contextmanager
def load(processes: int) -> Iterator[None]:
    """Keep processors busy."""
    busy = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


@pytest.mark.parametrize(
    "name",
    [
        *("classic", "two_modes", "many", "labels"),
        *("far tempered", "mixed tempered", "labels tempered"),
    ],
)
def test_killed_at_random_moments(verified, tmp_path: Path, name: str) -> None:
    with load(os.cpu_count() or 1):
        began = time.monotonic()
        assert durable.killed_after(3600, name, tmp_path / "whole.zarr")
        took = time.monotonic() - began
        rng, kills, runs, wrong = random.Random(), 0, 0, []
        while kills < KILLS:
            store = tmp_path / f"{runs}.zarr"
            while not durable.killed_after(rng.uniform(0.1, 1.0) * took, name, store):
                kills += 1
            wrong += durable.differing(tmp_path / "whole.zarr", store)
            shutil.rmtree(store)
            runs += 1
    verified(
        what=f"{name.replace('_', ' ')}: {kills} times SIGKILL at random moments, under load",
        against="the same run, never interrupted, bit for bit",
        cases=runs,
        worst=f"{len(wrong)} arrays differ",
    )
    assert not wrong


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_disk_that_is_full(verified, tmp_path: Path) -> None:
    """A tmpfs of many sizes: full while the store is made, in the warm-up, later, at the end."""
    name = "classic"
    assert durable.killed_after(3600, name, tmp_path / "whole.zarr")
    kilobytes = sum(f.stat().st_size for f in (tmp_path / "whole.zarr").rglob("*")) // 1024
    ended, said = 0, set()
    sizes = [40, 100, 200, 400, *(int(kilobytes * part) for part in (0.2, 0.4, 0.6, 0.8, 0.95))]
    for size in sizes:
        disk = tmp_path / f"disk {size}"
        disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(disk)]
        if subprocess.run(mount, check=False).returncode:
            pytest.skip("no small disk can be mounted here")
        try:
            run = subprocess.run(
                durable.command(name, disk / "run.zarr"),
                env=durable.environment(),
                capture_output=True,
                text=True,
                check=False,
            )
            if run.returncode:
                last = run.stderr.strip().splitlines()[-1]
                assert "StorageError" in last, run.stderr
                assert "no room left on the disk" in last
                said.add(last.split(":")[0])
            subprocess.run(["mount", "-o", f"remount,size={3 * kilobytes}k", str(disk)], check=True)
            assert durable.killed_after(3600, name, disk / "run.zarr")
            assert durable.differing(tmp_path / "whole.zarr", disk / "run.zarr") == []
            ended += bool(run.returncode)
        finally:
            subprocess.run(["umount", str(disk)], check=True)
    verified(
        what="a small tmpfs that fills while a run is written, then has room again",
        against="the same run on a disk with room, bit for bit",
        cases=len(sizes),
        worst=f"0 arrays differ; {ended} ended with an error that names the file",
    )
    assert ended >= 6


def test_stopping_early_biases_little(verified) -> None:
    """`Until` on posteriors that are known: what stopping when it looks precise does to means."""
    import numpy as np

    repeats, found = 600, {}
    for label, until in {
        "ess 400": aq.Until(ess=400),
        "ess 1,000": aq.Until(ess=1000),
    }.items():
        errors, spreads, sizes = [], [], []
        for dims in (1, 5):
            with aq.Model() as model:
                x = aq.Normal("x", 0, 1, shape=dims)
                aq.Normal("y", x.sum(), 1.0, observed=0.0)
            exact = 1.0 - 1.0 / (dims + 1)
            for seed in range(repeats):
                trace = aq.sample(
                    until=until,
                    tune=200,
                    init="jitter+adapt_diag",
                    random_seed=seed,
                    model=model,
                    progressbar=False,
                    compute_convergence_checks=False,
                )
                draws = trace.posterior["x"].values[..., 0]
                errors.append(draws.mean() / np.sqrt(exact))
                spreads.append(draws.var() / exact - 1)
                sizes.append(draws.size)
        found[label] = (
            np.mean(spreads) / (np.std(spreads) / np.sqrt(len(spreads))),
            float(np.mean(spreads)),
            float(np.mean(errors) * np.sqrt(len(errors)) / np.std(errors)),
        )
    worst = "; ".join(
        f"{label}: variance {100 * bias:+.2f}% ({z:+.1f} standard errors), mean {mean:+.1f}"
        for label, (z, bias, mean) in found.items()
    )
    verified(
        what="Until: bias of posterior variances and means where a run ends when it looks precise",
        against="exact normal posteriors",
        cases=2 * 2 * repeats,
        worst=worst,
    )
    # A tenth of a standard deviation's Monte Carlo error at 400 draws is what matters to nobody.
    assert all(abs(bias) < 0.01 for _, bias, _ in found.values())
    assert all(abs(mean) < 4.5 for _, _, mean in found.values())
