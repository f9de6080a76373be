from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from aliquot.mcmc.machine import shortened
from aliquot.mcmc.schedule import Flag, dense_windows, flags
from aliquot.mcmc.settings import NUTSSettings

METRICS = ["adapt_diag_grad", "adapt_diag", "adapt_full"]


def has(values, flag):
    return (values & int(flag)) != 0


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("tune", [0, 1, 9, 10, 11, 16, 20, 30, 100, 149, 150, 151, 1000, 2000])
def test_laws_of_every_schedule(metric, tune):
    settings = NUTSSettings(draws=5, tune=tune, metric=metric)
    values = flags(settings)
    assert values.shape == (tune + 5,)
    assert not values[tune:].any()
    if tune < 10:
        assert not values.any()
        assert dense_windows(settings) == {}
        return
    assert has(values[:tune], Flag.ADAPT_STEP).all()
    assert np.flatnonzero(has(values, Flag.FINISH_STEP)).tolist() == [tune - 1]
    # The step size has the last draws to itself.
    assert not has(values[tune - min(50, max(1, tune // 20)) : tune], Flag.UPDATE_METRIC).any()
    # Where its adaptation begins again, there are draws enough for it to end well.
    assert not has(values[max(tune - 10, 0) : tune], Flag.RESTART_STEP).any()


def window_ends(settings):
    return (np.flatnonzero(has(flags(settings), Flag.CLEAR)) + 1).tolist()


def test_windows_of_stan():
    # The manual: 75 draws, windows of 25, 50, 100, 200, 500, then 50 draws.
    assert window_ends(NUTSSettings(tune=1000, metric="adapt_diag")) == [100, 150, 250, 450, 950]


@pytest.mark.parametrize("tune", [20, 30, 100, 1000])
def test_dense_windows_are_the_second_half_of_what_there_is(tune):
    settings = NUTSSettings(tune=tune, metric="adapt_full")
    windows = dense_windows(settings)
    assert sorted(windows) == window_ends(settings)
    assert all(start == stop // 2 for stop, start in windows.items() if stop != max(windows))
    lengths = [stop - start for stop, start in sorted(windows.items())]
    assert lengths == sorted(lengths)
    assert lengths[-1] >= 0.25 * tune
    # Fewer of them once there are draws enough, and none so late that its metric is long out of
    # date before the next.
    ends = sorted(windows)
    assert all(b <= max(2 * a, a + 20) for a, b in pairwise(ends[:-1]))
    assert len(ends) <= 9


def test_overlapping_windows():
    values = flags(NUTSSettings(tune=1000))
    switches = np.flatnonzero(has(values, Flag.SWITCH)) + 1
    assert np.diff(switches[switches <= 300]).tolist() == [10] * 29
    late = np.diff(switches[switches >= 300])
    assert late.tolist() == [80] * len(late)
    # The foreground is never left with a window that is about to end too short.
    assert switches[-1] <= 850 - 80
    assert np.flatnonzero(has(values, Flag.COLLECT)).tolist() == list(range(850))


def test_early_trajectories_are_short_in_the_warm_up_alone():
    out = flags(NUTSSettings(tune=100, draws=10))
    short = np.flatnonzero(out & Flag.SHORT)
    assert short.tolist() == list(range(30))
    assert shortened(10) == 7
    assert shortened(6) == 5
    assert shortened(3) == 3
