"""Tempered runs: right shares of modes and integrals, the same draws however they are computed."""

from __future__ import annotations

import _thread
import threading
from typing import Any

import numpy as np
import pytest

import aliquot.tempering.run as run_module
from aliquot.diagnostics.statistics import effective_size
from aliquot.evidence import stepping_stones
from aliquot.mcmc.settings import NUTSSettings
from aliquot.mcmc.starts import Jittered, NoStartError
from aliquot.precision import float64
from aliquot.tempering.chain import SCANS, TemperedChain
from aliquot.tempering.pool import BlockPool
from aliquot.tempering.run import sample_tempered
from tests.tempering.densities import LOG_INTEGRAL, SHARE, two_modes, wide

SHORT = NUTSSettings(draws=60, tune=80, metric="adapt_full")


def worth(function: np.ndarray) -> float:
    return float(effective_size(function[None])[0])


def run(settings: NUTSSettings = SHORT, *, size: int = 2, chains: int = 2, **kwargs: Any) -> Any:
    options: dict[str, Any] = {"seed": 1, "starts": Jittered(np.zeros(size), chains), **kwargs}
    return sample_tempered(two_modes, (), wide(size), settings=settings, chains=chains, **options)


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["adapt_full", "adapt_diag"])
def test_modes_have_their_shares(metric: Any) -> None:
    seed = int(np.random.default_rng(5).integers(2**31))
    found = run(NUTSSettings(draws=800, tune=400, metric=metric), chains=4, seed=seed)
    x = found.chains.positions[:, 400:]
    low = (x[..., 0] < 0).astype(float)
    error = np.sqrt(SHARE * (1 - SHARE) / worth(low))
    assert abs(low.mean() - SHARE) < 5 * error < 0.2
    # No draw has one coordinate in either mode, and within modes all are unit Gaussians.
    assert np.all((x < 0).all(axis=-1) == (x[..., 0] < 0))
    within = x - 20 * np.sign(x)
    assert abs(within.mean()) < 5 / np.sqrt(worth(within.mean(axis=-1)))
    assert abs((within**2).mean() - 1) < 5 * np.sqrt(2 / worth((within**2).mean(axis=-1)))
    # Rejections are about equal, and there are about twice as many rungs as their sum.
    rejections = 1 - found.acceptance.mean(axis=0)
    assert np.ptp(rejections) < 0.25
    assert 0.2 < rejections.mean() < 0.65
    assert found.trips[:, -1].min() > 20
    stones = stepping_stones(found.betas, found.log_ratios, worth)
    assert abs(stones.estimate.value - LOG_INTEGRAL) < 6 * stones.estimate.mcse < 0.6
    scale = found.chains.inverse_mass[0]
    diagonal = np.diag(scale) if scale.ndim == 2 else scale
    assert np.all((diagonal > 0.3) & (diagonal < 3))  # and not that between modes, 400


def test_shapes_and_statistics() -> None:
    found = run(keep := NUTSSettings(draws=50, tune=40, metric="adapt_full"), chains=3)
    chains, rungs = found.chains, len(found.betas)
    assert chains.positions.shape == (3, 90, 2)
    assert chains.completed.tolist() == [90, 90, 90]
    assert chains.draws == keep.draws
    assert chains.warmup_seconds <= chains.sampling_seconds
    assert found.acceptance.shape == (3, rungs - 1)
    assert found.log_ratios.shape == (3, 50 * SCANS, rungs)
    assert found.replicas.shape == (3, 50, rungs)
    assert np.all(np.sort(found.replicas, axis=-1) == np.arange(rungs))
    assert np.all(np.diff(found.trips, axis=1) >= 0)
    # What is said of the draws is of these very points.
    with float64():
        target = [float(two_modes(x, ())) for x in chains.positions[0, -5:]]
    np.testing.assert_allclose(chains.stats["lp"][0, -5:], target, rtol=1e-8)
    assert np.all(chains.stats["n_steps"] >= SCANS)


@pytest.mark.parametrize("cores", [2, 3, 7])
def test_draws_do_not_depend_on_the_cores(cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    one = run(cores=1)
    monkeypatch.setattr(run_module, "WORTH_SECONDS", 0.0)  # blocks of few rungs, however quick
    other = run(cores=cores)
    np.testing.assert_array_equal(one.chains.positions, other.chains.positions)
    np.testing.assert_array_equal(one.log_ratios, other.log_ratios)
    np.testing.assert_array_equal(one.betas, other.betas)


def test_seeds_and_chains_differ() -> None:
    one, other = run(seed=1), run(seed=2)
    assert not np.array_equal(one.chains.positions, other.chains.positions)
    assert not np.array_equal(one.chains.positions[0], one.chains.positions[1])


@pytest.mark.parametrize("tune", [0, 1, 7])
def test_short_warm_ups(tune: int) -> None:
    found = run(NUTSSettings(draws=20, tune=tune, metric="adapt_diag"))
    assert np.isfinite(found.chains.positions).all()
    assert found.chains.completed.tolist() == [20 + tune] * 2


def hold(monkeypatch: pytest.MonkeyPatch, past: int) -> None:
    """Let each chain wait once it is past so many draws, until the run has been told to end."""
    take = BlockPool._take

    def held(self: BlockPool) -> Any:
        job = take(self)
        while job is not None and job[0].done > past:
            with self._ready:
                if self._halt or (self._stop is not None and self._stop.is_set()):
                    return None
                self._ready.wait(0.01)
        return job

    monkeypatch.setattr(BlockPool, "_take", held)


@pytest.mark.parametrize("how", ["keyboard", "event"])
def test_an_interrupted_run_keeps_what_it_has(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stop, pressed = threading.Event(), []

    def on_progress(chains: Any) -> None:
        if all(chain.done > 100 for chain in chains) and not pressed:
            pressed.append(True)
            if how == "event":
                stop.set()
            else:
                _thread.interrupt_main()

    settings = NUTSSettings(draws=10_000, tune=80, metric="adapt_full")
    with monkeypatch.context() as patch:
        hold(patch, past=100)
        part = run(settings, cores=2, on_progress=on_progress, stop=stop)
    assert part.chains.interrupted
    assert np.all((part.chains.completed > 100) & (part.chains.completed < 10_080))
    whole = run(NUTSSettings(draws=20, tune=80, metric="adapt_full"))
    np.testing.assert_array_equal(part.chains.positions[:, :100], whole.chains.positions)


def test_an_error_in_a_thread_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: TemperedChain) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr(TemperedChain, "swap", fail)
    with pytest.raises(RuntimeError, match="out of luck"):
        run()


def test_where_the_reference_has_no_density_of_the_target_starts_are_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        run_module.BlockMover, "log_ratios", lambda self, points: np.full(len(points), -np.inf)
    )
    found = run(starts=Jittered(np.full(2, 20.0), 2))
    assert np.isfinite(found.chains.positions).all()


def test_no_start_is_an_error() -> None:
    with pytest.raises(NoStartError):
        sample_tempered(
            lambda x, data: x[0] * np.nan,
            (),
            wide(1),
            settings=SHORT,
            chains=1,
            seed=1,
            starts=Jittered(np.zeros(1), 1),
        )


def test_progress_is_told() -> None:
    seen: list[Any] = []
    run(on_progress=seen.append)
    assert {chain.phase for chain in seen[0]} == {"compiling"}
    assert [chain.done for chain in seen[-1]] == [140, 140]
    assert {chain.phase for chain in seen[-1]} == {"done"}
