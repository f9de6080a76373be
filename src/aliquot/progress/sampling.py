"""The display of sampling: a row for each chain."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from aliquot.progress.display import Display
from aliquot.progress.format import duration, rate, seconds_taken
from aliquot.progress.output import Show, choose_output
from aliquot.progress.view import ProgressView

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from aliquot.mcmc.result import ChainProgress

_MOST_ROWS = 12
# What is over before anybody has looked need not be mentioned.
_SHORTEST_COMPILATION = 0.1
_COLOURS = {"tuning": "yellow", "sampling": "cyan", "done": "green", "stopped": "red"}


class SamplingView(ProgressView):
    """The state of all chains, and how to show it; `clock` gives seconds.

    Each chain is to do `total` draws, those of tuning included.
    """

    def __init__(
        self, chains: int, total: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(clock)
        self.chains: int = chains
        self.total: int = total
        self.latest: Sequence[ChainProgress] = ()
        self._finished: dict[int, float] = {}
        self._compiling_since: float | None = None
        self.compile_seconds: float | None = None

    def note(self, latest: Sequence[ChainProgress]) -> None:
        """Take the news of all chains."""
        self.latest = latest
        # A warm-up may end early.
        self.total = max((item.total for item in latest), default=self.total)
        self._note_time()
        self._note_compiling(any(self.phase(item) == "compiling" for item in latest))
        for item in latest:
            if item.done >= item.total > 0 and item.chain not in self._finished:
                self._finished[item.chain] = self._last - self._began

    def _note_compiling(self, compiling: bool) -> None:
        if compiling and self._compiling_since is None:
            self._compiling_since = self._last
        elif not compiling and self._compiling_since is not None and self.compile_seconds is None:
            self.compile_seconds = self._last - self._compiling_since

    def compilation(self) -> str:
        """Say how long the compilation is taking or took; nothing where it took no time."""
        if self._compiling_since is not None and self.compile_seconds is None:
            return f"compiling for {seconds_taken(self.now - self._compiling_since)}"
        if self.compile_seconds is None or self.compile_seconds < _SHORTEST_COMPILATION:
            return ""
        return f"compiled in {seconds_taken(self.compile_seconds)}"

    def elapsed_of(self, item: ChainProgress) -> float:
        """Return the seconds until a chain was done, or until now."""
        return self._finished.get(item.chain, self.elapsed)

    @property
    def done(self) -> int:
        return sum(item.done for item in self.latest)

    @property
    def complete(self) -> bool:
        """Whether all chains are done."""
        return len(self.latest) > 0 and all(item.done >= item.total for item in self.latest)

    def phase(self, item: ChainProgress) -> str:
        """Say in a word what a chain is doing."""
        if item.done >= item.total:
            return "done"
        if self.over:
            return "stopped"
        return "tuning" if item.phase == "warm-up" else item.phase

    def overall_phase(self) -> str:
        """Say in a word what most of the work is now."""
        if not self.latest:
            return "stopped" if self.over else "compiling"
        phases = [self.phase(item) for item in self.latest]
        known = ("stopped", "compiling", "tuning", "sampling", "done")
        return next((phase for phase in known if phase in phases), phases[0])

    def remaining(self, item: ChainProgress) -> float:
        """Return the seconds that a chain still needs at its rate, NaN if that is not known."""
        left = item.total - item.done
        if left <= 0:
            return 0.0
        return left / item.draws_per_second if item.draws_per_second > 0 else float("nan")

    def overall_remaining(self) -> float:
        """Return the seconds until the last chain is done, NaN if that is not known."""
        times = [self.remaining(item) for item in self.latest]
        return max(times) if times and not any(t != t for t in times) else float("nan")

    @property
    def divergences(self) -> int:
        """Draws that diverged, in all chains."""
        return sum(item.divergences for item in self.latest)

    def line(self) -> str:
        whole = self.chains * self.total
        if not self.done:
            return (
                f"Sampling {_chains(self.chains)}: {self.overall_phase()}, "
                f"elapsed {duration(self.elapsed)}"
            )
        share = 100 * self.done // whole if whole else 0
        return (
            f"Sampling {_chains(self.chains)}: {share}% ({self.done:,} of {whole:,} draws), "
            f"{self.overall_phase()}, {rate(self.rate)} draws/s, "
            f"{_divergences(self.divergences)}, elapsed {duration(self.elapsed)}, "
            f"remaining {duration(self.overall_remaining())}"
        )

    def closing_line(self) -> str:
        taken = seconds_taken(self.elapsed)
        if self.complete:
            overall = self.done / self.elapsed if self.elapsed > 0 else 0.0
            return (
                f"Sampled {_chains(self.chains)}: {self.done:,} draws in {taken} "
                f"({rate(overall)} draws/s), {_divergences(self.divergences)}"
                + (f", {self.compilation()}" if self.compilation() else "")
            )
        whole = self.chains * self.total
        return (
            f"Sampling stopped at {self.done:,} of {whole:,} draws after {taken}, "
            f"{_divergences(self.divergences)}"
        )

    def renderable(self, width: int) -> RenderableType:
        from aliquot.progress.table import chains_table

        return chains_table(self, width, _MOST_ROWS, _COLOURS)


def sampling_progress(
    chains: int, total: int, show: Show = True, *, console: Console | None = None
) -> Display:
    """Return a context that shows how chains go, each to do `total` draws, tuning included.

    `show` is True for a live display on a terminal or in a notebook, and otherwise a plain line
    every five seconds and at the end, on the standard error stream; False for nothing; or one of
    ``"terminal"``, ``"notebook"``, ``"plain"``. A `console` of rich may be given to draw on.

    >>> with sampling_progress(chains=4, total=2_000, show=False) as display:
    ...     display.update([])
    """
    return Display(SamplingView(chains, total), choose_output(show, console))


def _chains(count: int) -> str:
    return f"{count} chain{'' if count == 1 else 's'}"


def _divergences(count: int) -> str:
    return f"{count:,} divergence{'' if count == 1 else 's'}"
