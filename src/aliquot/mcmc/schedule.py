"""What the warm-up does after each draw, as one number of flags a draw.

The compiled program obeys the flags and knows nothing of windows, so that any warm-up, of any
length, runs without a new compilation.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntFlag

import numpy as np

from aliquot.mcmc.settings import NUTSSettings


class Flag(IntFlag):
    """What to do with one draw."""

    NONE = 0
    ADAPT_STEP = 1  # move the step size by dual averaging
    COLLECT = 2  # add the draw and its gradient to the running variances
    UPDATE_METRIC = 4  # set the metric from the running variances
    SWITCH = 8  # after that, let the background window take the place of the foreground window
    CLEAR = 16  # after that, empty both windows
    RESTART_STEP = 32  # after that, start dual averaging again from the present step size
    FINISH_STEP = 64  # set the step size to its average, for good
    EVALUATE = 128  # not a draw: find the log density and the gradient where the chain stands
    SEARCH = 256  # not a draw: one leapfrog step that doubles or halves the step size
    SHORT = 512  # make fewer doublings at most: the metric may still be far from fitting


# Dual averaging needs some ten draws before its proposal is better than the step size that it began
# with.
_SHORTEST_STEP_ADAPTATION = 10
# With fewer draws than this behind it, a variance is worse than what came before it.
_SHORTEST_WINDOW = 5
# With fewer draws than this behind it, it is worse than what a fit has said of the posterior.
_SHORTEST_KNOWN = 40
# With so many draws behind it, a dense metric is nearly right, and is not made as often.
_KNOWN = 90
# The part of the warm-up in which the chain may still be on its way to where the mass is.
_EARLY = 0.3


def flags(settings: NUTSSettings, *, known: bool = False) -> np.ndarray:
    """Return the flags (tune + draws,) of each draw, int32.

    With a metric that is `known` to begin with, the first draws do not touch it.
    """
    out = np.zeros(settings.tune + settings.draws, np.int32)
    tune = settings.tune
    if tune < _SHORTEST_STEP_ADAPTATION:
        return out
    out[:tune] = Flag.ADAPT_STEP
    out[: int(_EARLY * tune)] |= Flag.SHORT
    out[tune - 1] |= Flag.FINISH_STEP
    if settings.metric == "adapt_diag_grad":
        _overlapping_windows(out, tune)
    else:
        windows = _dense_windows if settings.metric == "adapt_full" else _stan_windows
        for start, stop in windows(tune):
            out[start:stop] |= Flag.COLLECT
            out[stop - 1] |= Flag.UPDATE_METRIC | Flag.CLEAR | Flag.RESTART_STEP
            if known and stop - start < _SHORTEST_KNOWN:
                out[stop - 1] &= ~(Flag.UPDATE_METRIC | Flag.RESTART_STEP)
    if known and settings.metric == "adapt_diag_grad":
        out[: min(_SHORTEST_KNOWN, tune)] &= ~Flag.UPDATE_METRIC
    return out


def dense_windows(settings: NUTSSettings, *, known: bool = False) -> dict[int, int]:
    """Return, for each draw after which the host sets a dense metric, where its window began."""
    if settings.metric != "adapt_full" or settings.tune < _SHORTEST_STEP_ADAPTATION:
        return {}
    shortest = _SHORTEST_KNOWN if known else 0
    return {
        stop: start for start, stop in _dense_windows(settings.tune) if stop - start >= shortest
    }


def _overlapping_windows(out: np.ndarray, tune: int) -> None:
    """Set the flags of a metric that is updated on every draw, after Seyboldt et al. (2026).

    The foreground window makes the metric; the background window, which began later, replaces it
    when it is long enough: every 10 draws in the first 30 per cent of the warm-up, every 80 after
    it. The last 15 per cent adapts the step size alone.
    """
    last = tune - max(int(np.ceil(0.15 * tune)), 1)
    early = int(_EARLY * tune)
    out[:last] |= Flag.COLLECT
    out[min(_SHORTEST_WINDOW, last) : last] |= Flag.UPDATE_METRIC
    background = 0
    for draw in range(last):
        background += 1
        length = 10 if draw < early else 80
        if background >= length and draw + length <= last:
            out[draw] |= Flag.SWITCH
            background = 0


def _stan_windows(tune: int) -> Iterator[tuple[int, int]]:
    """Yield Stan's windows: 75 draws before them, from 25 draws on doubling, 50 draws after.

    A short warm-up has one window, between 15 per cent at its start and 10 per cent at its end.
    """
    first, window, last = 75, 25, 50
    if tune < first + window + last:
        first, last = int(0.15 * tune), max(int(0.1 * tune), _SHORTEST_STEP_ADAPTATION)
        window = tune - first - last
    return _doubling_windows(first, window, tune - last)


def _dense_windows(tune: int) -> Iterator[tuple[int, int]]:
    """Yield the windows of a dense metric: each the second half of the draws so far.

    So what came on the way to the mass is soon forgotten: one such draw in a window can be worth
    more to its covariance than all others. The windows end ever further apart, by a third each
    time, and by as much as there is once a metric is known: each costs the host a factorisation,
    which in a hundred coordinates takes as long as a thousand leapfrog steps. The last 15 per cent
    of the draws is left to the step size.
    """
    last = max(int(0.15 * tune), min(20, tune // 5), _SHORTEST_STEP_ADAPTATION)
    end = tune - last
    stop = min(2 * _SHORTEST_STEP_ADAPTATION, end)
    while end - stop // 2 >= _SHORTEST_WINDOW:
        third = max(stop // 3, _SHORTEST_STEP_ADAPTATION)
        # A window after which there is no room for another takes what is left.
        stop = stop if stop + third <= end else end
        yield stop // 2, stop
        if stop == end:
            return
        stop = min(stop + third if stop < _KNOWN else 2 * stop, end)


def _doubling_windows(start: int, window: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the start and the end of each window from `start` to `end`, if there is room."""
    if end - start < _SHORTEST_WINDOW:
        return
    while start < end:
        # A window whose successor would not fit takes what is left.
        stop = start + window if start + 3 * window <= end else end
        yield start, stop
        start, window = stop, 2 * window
