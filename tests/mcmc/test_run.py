"""Running chains: what is given back, reproducibility, interruption, errors."""

from __future__ import annotations

import _thread
import threading

import numpy as np
import pytest

import aliquot.mcmc.run as run_module
from aliquot.mcmc.chain import NUTSChain
from aliquot.mcmc.run import sample
from aliquot.mcmc.settings import NUTSSettings
from tests.mcmc.densities import mixture_data, normal, ordered_mixture
from tests.mcmc.held import hold

DATA = mixture_data()
SHORT = NUTSSettings(draws=120, tune=130)
METRICS = ["adapt_diag_grad", "adapt_diag", "adapt_full"]


def run_mixture(settings=SHORT, chains=2, seed=1, **kwargs):
    return sample(
        ordered_mixture, DATA, np.zeros((chains, 2)), settings=settings, seed=seed, **kwargs
    )


def in_pieces(patch, draws=None, leapfrogs=None):
    """Cut runs into calls of so many draws or leapfrog steps at most."""
    made = NUTSChain.__init__

    def shorter(self, *arguments, **named):
        made(self, *arguments, **named)
        if draws is not None:
            self._stops = sorted({*self._stops, *range(draws, self.total, draws)})
        if leapfrogs is not None:
            self._budget = lambda: np.int32(leapfrogs)

    patch.setattr(NUTSChain, "__init__", shorter)


def assert_same(a, b):
    np.testing.assert_array_equal(a.positions, b.positions)
    for name in a.stats:
        np.testing.assert_array_equal(a.stats[name], b.stats[name], err_msg=name)
    np.testing.assert_array_equal(a.inverse_mass, b.inverse_mass)
    np.testing.assert_array_equal(a.step_size, b.step_size)


def test_what_comes_back():
    run = run_mixture()
    assert run.positions.shape == (2, 250, 2)
    kinds = {name: values.dtype.kind for name, values in run.stats.items()}
    assert kinds == {
        "lp": "f",
        "acceptance_rate": "f",
        "step_size": "f",
        "step_size_bar": "f",
        "tree_depth": "i",
        "n_steps": "i",
        "energy": "f",
        "energy_error": "f",
        "max_energy_error": "f",
        "diverging": "b",
        "reached_max_treedepth": "b",
    }
    assert all(values.shape == (2, 250) for values in run.stats.values())
    assert run.completed.tolist() == [250, 250]
    assert not run.interrupted
    assert run.sampling_seconds >= run.warmup_seconds > 0
    assert np.all(np.isfinite(run.positions))


def test_statistics_belong_to_their_draws():
    run = run_mixture()
    means = run.positions.copy()
    means[..., 1] = means[..., 0] + np.exp(means[..., 1])
    z = -0.5 * (DATA - means[..., None]) ** 2
    mixture = np.logaddexp(z[:, :, 0], z[:, :, 1]) - 0.5 * np.log(8 * np.pi)
    prior = (-0.5 * (means / 10) ** 2 - np.log(10 * np.sqrt(2 * np.pi))).sum(-1)
    lp = mixture.sum(-1) + prior + run.positions[..., 1]
    np.testing.assert_allclose(run.stats["lp"], lp, rtol=1e-10)
    # Energy is kinetic energy less log density, and kinetic energy is positive.
    assert np.all(run.stats["energy"] + run.stats["lp"] > 0)
    full = 2 ** run.stats["tree_depth"] - 1
    assert np.all((run.stats["n_steps"] >= full) & (run.stats["n_steps"] <= 2 * full + 1))
    assert np.all((run.stats["acceptance_rate"] >= 0) & (run.stats["acceptance_rate"] <= 1))


@pytest.mark.parametrize("metric", METRICS)
def test_same_bits_for_any_pieces_and_cores(metric, monkeypatch):
    settings = NUTSSettings(draws=120, tune=180, metric=metric)
    whole = run_mixture(settings, chains=3)
    for cores, pieces in (
        (1, {}),
        (2, {"draws": 7}),
        (3, {"leapfrogs": 1}),
        (2, {"draws": 50, "leapfrogs": 37}),
    ):
        with monkeypatch.context() as patch:
            in_pieces(patch, **pieces)
            assert_same(whole, run_mixture(settings, chains=3, cores=cores))


def test_chains_are_known_by_their_numbers():
    whole = run_mixture(chains=3)
    part = run_mixture(chains=2)
    np.testing.assert_array_equal(part.positions, whole.positions[:2])
    other = run_mixture(chains=1, seed=2)
    assert not np.any(whole.positions[0, 130:] == whole.positions[1, 130:])
    assert not np.any(whole.positions[0, 130:] == other.positions[0, 130:])


@pytest.mark.parametrize("metric", METRICS)
def test_vectorized_equals_threads(metric):
    # Rounding differs between the programs and chaos does the rest: a short run, the step given.
    settings = NUTSSettings(draws=12, tune=0, step_size=0.1, metric=metric)
    a = run_mixture(settings, chains=3)
    b = run_mixture(settings, chains=3, vectorized=True)
    np.testing.assert_allclose(a.positions, b.positions, rtol=1e-6)
    np.testing.assert_array_equal(a.stats["n_steps"], b.stats["n_steps"])
    np.testing.assert_allclose(a.stats["energy"], b.stats["energy"], rtol=1e-6)


def test_a_metric_in_blocks_is_the_whole_one():
    """Of so many coordinates one chain's program cuts the factor, that of several does not."""
    size, rng = 70, np.random.default_rng(5)
    factor = np.eye(size) + 0.3 * np.tril(rng.normal(size=(size, size))) / np.sqrt(size)
    scales = rng.uniform(0.5, 2.0, size)
    settings = NUTSSettings(draws=6, tune=0, step_size=0.2, metric="adapt_full")
    a, b = (
        sample(
            normal,
            scales,
            np.ones((2, size)),
            settings=settings,
            seed=1,
            scale=factor,
            vectorized=vectorized,
        )
        for vectorized in (False, True)
    )
    np.testing.assert_allclose(a.positions, b.positions, rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(a.stats["n_steps"], b.stats["n_steps"])
    for run in (a, b):
        np.testing.assert_allclose(run.inverse_mass, np.stack([factor @ factor.T] * 2), rtol=1e-12)


def test_vectorized_adapts_and_is_the_same_for_any_pieces(monkeypatch):
    whole = run_mixture(vectorized=True)
    assert whole.completed.tolist() == [250, 250]
    assert 0.6 < whole.stats["acceptance_rate"][:, 130:].mean() < 0.95
    for pieces in ({"draws": 13}, {"leapfrogs": 5}):
        with monkeypatch.context() as patch:
            in_pieces(patch, **pieces)
            assert_same(whole, run_mixture(vectorized=True))


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("tune", [0, 1, 10, 12, 16, 20])
def test_short_warm_ups(metric, tune):
    run = run_mixture(NUTSSettings(draws=50, tune=tune, metric=metric))
    assert run.completed.tolist() == [50 + tune] * 2
    assert np.all(np.isfinite(run.positions))
    assert np.all((run.step_size > 0.01) & (run.step_size < 50))
    assert run.stats["acceptance_rate"][:, tune:].mean() > 0.2


def test_greatest_depth_is_kept():
    settings = NUTSSettings(draws=50, tune=0, max_treedepth=3, step_size=1e-6)
    run = run_mixture(settings)
    assert np.all(run.stats["tree_depth"] == 3)
    assert np.all(run.stats["n_steps"] == 7)
    assert np.all(run.stats["reached_max_treedepth"])
    assert np.all(run.step_size == np.exp(np.log(1e-6)))


def test_energy_error_is_small_with_small_steps():
    run = run_mixture(NUTSSettings(draws=50, tune=0, step_size=1e-2))
    assert np.abs(run.stats["max_energy_error"]).max() < 0.1
    assert run.stats["acceptance_rate"].min() > 0.9


def test_progress_begins_with_compiling_and_ends_complete():
    seen = []
    main = threading.current_thread()

    def on_progress(chains):
        assert threading.current_thread() is main
        seen.append(chains)

    settings = NUTSSettings(draws=30_000, tune=500)
    run = run_mixture(settings, on_progress=on_progress)
    assert {chain.phase for chain in seen[0]} == {"compiling"}
    assert {chain.phase for chain in seen[-1]} == {"done"}
    assert [chain.done for chain in seen[-1]] == [30_500, 30_500]
    assert sum(chain.leapfrogs for chain in seen[-1]) == run.stats["n_steps"].sum()
    assert [c.divergences for c in seen[-1]] == run.stats["diverging"][:, 500:].sum(1).tolist()
    done = [sum(chain.done for chain in chains) for chains in seen]
    assert done == sorted(done)


@pytest.mark.parametrize("how", ["keyboard", "event"])
@pytest.mark.parametrize("vectorized", [False, True])
def test_an_interrupted_run_keeps_what_it_has(how, vectorized, monkeypatch):
    stop, interrupted = threading.Event(), []
    settings = NUTSSettings(draws=300_000, tune=100)

    def on_progress(chains):
        if all(chain.done > 150 for chain in chains) and not interrupted:
            interrupted.append(True)
            if how == "event":
                stop.set()
            else:
                _thread.interrupt_main()

    with monkeypatch.context() as patch:
        hold(patch, past=150)
        part = run_mixture(
            settings, cores=2, on_progress=on_progress, stop=stop, vectorized=vectorized
        )
    assert part.interrupted
    assert np.all((part.completed > 150) & (part.completed < 300_100))
    count = min(int(part.completed.min()), 2000)
    whole = run_mixture(NUTSSettings(draws=count - 100, tune=100), vectorized=vectorized)
    np.testing.assert_array_equal(part.positions[:, :count], whole.positions)


def test_an_error_in_a_thread_reaches_the_caller(monkeypatch):
    def fail(self, report, seconds):
        raise RuntimeError("out of luck")

    monkeypatch.setattr(NUTSChain, "absorb", fail)
    with pytest.raises(RuntimeError, match="out of luck"):
        run_mixture()


def test_an_error_in_the_callback_reaches_the_caller(monkeypatch):
    def on_progress(chains):
        if chains[0].done:
            raise RuntimeError("no screen")

    threads = set(threading.enumerate())  # others' may end meanwhile
    hold(monkeypatch, past=0)
    with pytest.raises(RuntimeError, match="no screen"):
        run_mixture(NUTSSettings(draws=300_000, tune=0), cores=2, on_progress=on_progress)
    assert set(threading.enumerate()) <= threads


def test_more_chains_than_cores_move_together(monkeypatch):
    spread = []
    absorb = run_module.WorkerPool._absorb

    def watched(self, *args):
        absorb(self, *args)
        done = [chain.done for chain in self._chains]
        spread.append(max(done) - min(done))

    # With one worker the order of calls is a matter of the rule alone, not of the machine's load.
    monkeypatch.setattr(run_module.WorkerPool, "_absorb", watched)
    settings = NUTSSettings(draws=2_000, tune=0, step_size=0.5)
    in_pieces(monkeypatch, draws=100)
    run_mixture(settings, chains=5, cores=1)
    assert len(spread) >= 5 * 2_000 / 100
    assert max(spread) <= 200


@pytest.mark.parametrize(
    "message, starts",
    [
        (r"no coordinates \(d = 0\)", np.zeros((2, 0))),
        ("at least one chain", np.zeros((0, 2))),
        (r"starts must have shape \(chains, d\), got \(2,\)", np.zeros(2)),
    ],
)
def test_what_is_refused(message, starts):
    with pytest.raises(ValueError, match=message):
        sample(normal, np.ones(2), starts, settings=SHORT, seed=1)
