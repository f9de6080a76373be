"""Posterior predictive checks: what was observed, among what the model would give instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from aliquot.plots import style
from aliquot.reporting.numbers import measured
from aliquot.reporting.pictures import written

# Whole numbers get a bar each up to this many.
MOST_BARS = 60
# Up to so many answers have their names below the bars, in so many letters all together.
MOST_ANSWERS, LETTERS = 12, 90
# Of the replications, at either end.
FAR = 0.025
STATISTICS: Mapping[str, Callable[..., np.ndarray]] = {
    "mean": np.nanmean,
    "standard deviation": np.nanstd,
    "least": np.nanmin,
    "greatest": np.nanmax,
}


@dataclass(frozen=True)
class Check:
    """One observed variable, held against replications of it."""

    name: str
    figure: Figure
    # For each statistic its name, that of the data, the interval of the replications', in which
    # share of them it is at least as great, and whether the data's is far out at either end.
    rows: list[tuple[str, str, str, float, bool]]


def check_of(
    name: str,
    observed: np.ndarray,
    replicated: np.ndarray,
    prob: float,
    answers: Sequence[str] | None = None,
) -> Check | None:
    """Compare data (n,) with replications (draws, n); None where there are no numbers to compare.

    `answers` are the names of what the numbers, 0 and so on, stand for.

    >>> rng = np.random.default_rng(0)
    >>> check = check_of("y", rng.poisson(3, 50), rng.poisson(3, (100, 50)), 0.9)
    >>> [row[0] for row in check.rows]
    ['mean', 'standard deviation', 'least', 'greatest']
    """
    seen = np.isfinite(observed)
    if not seen.any() or observed.shape != replicated.shape[1:]:
        return None
    data, draws = observed[seen].astype(float), replicated[:, seen].astype(float)
    draws = draws[np.isfinite(draws).all(axis=1)]
    if not len(draws):
        return None
    ends = (0.5 - prob / 2, 0.5 + prob / 2)
    rows = []
    for statistic, compute in STATISTICS.items():
        own, others = float(compute(data)), compute(draws, axis=1)
        if not np.ptp(others) and others[0] == own:
            continue  # such as the least of zeros and ones
        low, high = np.quantile(others, ends).tolist()
        scale = float(others.std())
        if np.all(others == np.round(others)):
            scale = 30.0  # whole numbers need no digits
        between = f"{measured(low, scale)} to {measured(high, scale)}"
        share = float(np.mean(others >= own))
        far = min(share, float(np.mean(others <= own))) < FAR
        rows.append((statistic, measured(own, scale), between, share, far))
    return Check(name, _figure(name, data, draws, ends, answers), rows)


def _bins(data: np.ndarray, draws: np.ndarray) -> tuple[np.ndarray, bool]:
    """Give the edges of bins, and whether each holds one whole number."""
    low, high = np.quantile(draws, (0.002, 0.998))
    low, high = min(low, data.min()), max(high, data.max())
    whole = bool(np.all(data == np.round(data)) and np.all(draws == np.round(draws)))
    if whole:
        step = int(np.ceil((high - low + 1) / MOST_BARS))
        return np.arange(low, high + step + 0.5, step) - 0.5, step == 1
    width = 2 * float(np.subtract(*np.quantile(data, (0.75, 0.25)))) * len(data) ** (-1 / 3)
    wanted = (high - low) / width if width else 10
    return np.linspace(low, high, int(np.clip(wanted, 16, 50)) + 1), False


def _figure(
    name: str,
    data: np.ndarray,
    draws: np.ndarray,
    ends: tuple[float, float],
    answers: Sequence[str] | None,
) -> Figure:
    edges, single = _bins(data, draws)
    middle, width = (edges[:-1] + edges[1:]) / 2, edges[1] - edges[0]
    counts = np.array([np.histogram(one, edges)[0] for one in draws])
    low, high = np.quantile(counts, ends, axis=0)
    with style.styled():
        figure = style.new_figure(2.3)
        axes = figure.add_axes((0.085, 0.19, 0.9, 0.74))
        axes.bar(middle, np.histogram(data, edges)[0], 0.9 * width, color=style.FAINT)
        axes.vlines(middle, low, high, color=style.BLUE, lw=1.6)
        axes.plot(middle, counts.mean(axis=0), "o", ms=3.2, mew=0, color=style.BLUE)
        axes.set(xlabel=written(name), ylabel="observations", ylim=(0, 1.12 * axes.get_ylim()[1]))
        if answers is not None and len(answers) <= MOST_ANSWERS:
            axes.set_xticks(
                range(len(answers)), [_short(answer, len(answers)) for answer in answers]
            )
        else:
            axes.xaxis.set_major_locator(MaxNLocator(9, integer=single))
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    return figure


def _short(answer: str, count: int) -> str:
    """Shorten an answer's name, so that all of them fit below their bars."""
    most = max(LETTERS // count - 1, 4)
    return written(answer if len(answer) <= most else f"{answer[: most - 1]}…")
