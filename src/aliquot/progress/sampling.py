"""The display of sampling: a row for each chain."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from aliquot.progress.display import Display
from aliquot.progress.format import duration, rate, seconds_taken
from aliquot.progress.surface import Show, choose_surface

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_MOST_ROWS = 12
# What is over before anybody has looked need not be mentioned.
_SHORTEST_COMPILATION = 0.1
_WORDS = {"warm-up": "tuning"}
_COLOURS = {"tuning": "yellow", "sampling": "cyan", "done": "green", "stopped": "red"}


class ChainProgress(Protocol):
    """Where one chain stands."""

    @property
    def chain(self) -> int:
        """The number of the chain."""

    @property
    def done(self) -> int:
        """Draws done, those of tuning included."""

    @property
    def total(self) -> int:
        """Draws to do, those of tuning included."""

    @property
    def tuning(self) -> bool:
        """Whether the chain is still adapting."""

    @property
    def draws_per_second(self) -> float:
        """The rate so far."""

    @property
    def step_size(self) -> float:
        """The present step size."""

    @property
    def divergences(self) -> int:
        """Draws after tuning that diverged."""

    @property
    def leapfrogs(self) -> int:
        """Leapfrog steps so far."""


class SamplingView:
    """The state of all chains, and how to show it.

    Parameters
    ----------
    chains
        How many there are.
    total
        Draws each is to do, those of tuning included.
    clock
        Returns a time in seconds.
    """

    def __init__(
        self, chains: int, total: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.chains: int = chains
        self.total: int = total
        self.stage: str | None = None
        self.latest: Sequence[ChainProgress] = ()
        self.over = False
        self._clock = clock
        self._began = clock()
        self._ended: float | None = None
        self._finished: dict[int, float] = {}
        self._first: tuple[int, float] | None = None
        self._last = self._began
        self._compiling_since: float | None = None
        self.compile_seconds: float | None = None

    def note(self, latest: Sequence[ChainProgress]) -> None:
        """Take the news of all chains."""
        self.latest = latest
        self.stage = None
        self._last = self._clock()
        self._note_compiling(any(self.phase(item) == "compiling" for item in latest))
        if self._first is None and self.done:
            self._first = self.done, self._last
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
            now = self._clock() if self._ended is None else self._ended
            return f"compiling for {seconds_taken(now - self._compiling_since)}"
        if self.compile_seconds is None or self.compile_seconds < _SHORTEST_COMPILATION:
            return ""
        return f"compiled in {seconds_taken(self.compile_seconds)}"

    def end(self) -> None:
        """Stop the clock."""
        self.over, self._ended = True, self._clock()

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning, until the end."""
        return (self._clock() if self._ended is None else self._ended) - self._began

    def elapsed_of(self, item: ChainProgress) -> float:
        """Return the seconds until a chain was done, or until now."""
        return self._finished.get(item.chain, self.elapsed)

    @property
    def done(self) -> int:
        """Draws done by all chains."""
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
        if self.stage is not None:
            return self.stage
        given = getattr(item, "phase", None) or ("warm-up" if item.tuning else "sampling")
        return _WORDS.get(given, given)

    def overall_phase(self) -> str:
        """Say in a word what most of the work is now."""
        if self.stage is not None or not self.latest:
            return "stopped" if self.over else self.stage or "compiling"
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

    def overall_rate(self) -> float:
        """Return draws per second, all chains together, compilation left out where possible."""
        done, since = self._first or (0, self._began)
        if self.done == done:
            done, since = 0, self._began
        seconds = self._last - since
        return (self.done - done) / seconds if seconds > 0 else 0.0

    @property
    def divergences(self) -> int:
        """Draws that diverged, in all chains."""
        return sum(item.divergences for item in self.latest)

    def line(self) -> str:
        """Return the present state as a line of text."""
        whole = self.chains * self.total
        if not self.done:
            return (
                f"Sampling {_chains(self.chains)}: {self.overall_phase()}, "
                f"elapsed {duration(self.elapsed)}"
            )
        share = 100 * self.done // whole if whole else 0
        return (
            f"Sampling {_chains(self.chains)}: {share}% ({self.done:,} of {whole:,} draws), "
            f"{self.overall_phase()}, {rate(self.overall_rate())} draws/s, "
            f"{_divergences(self.divergences)}, elapsed {duration(self.elapsed)}, "
            f"remaining {duration(self.overall_remaining())}"
        )

    def closing_line(self) -> str:
        """Return the final state as a line of text."""
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
        """Return the table of chains for rich."""
        from aliquot.progress.table import chains_table

        return chains_table(self, width, _MOST_ROWS, _COLOURS)


class SamplingDisplay(Display):
    """The display of sampling; see :func:`sampling_progress`."""

    def __init__(self, view: SamplingView, show: Show, console: Console | None = None) -> None:
        super().__init__(view, choose_surface(show, console))
        self._state = view

    def update(self, chains: Sequence[ChainProgress]) -> None:
        """Take the news of all chains. Cheap: it can be called at any rate."""
        self._state.note(chains)

    def phase(self, name: str) -> None:
        """Say what is going on before the first draw, such as ``"compiling"``."""
        self._state.stage = name

    def __exit__(self, *error: object) -> None:
        self._state.end()
        super().__exit__(*error)  # type: ignore[arg-type]


def sampling_progress(
    chains: int, total: int, show: Show = True, *, console: Console | None = None
) -> SamplingDisplay:
    """Return a context that shows how sampling goes.

    Parameters
    ----------
    chains
        How many chains there are.
    total
        Draws that each is to do, those of tuning included.
    show
        True: a live display on a terminal or in a notebook, and otherwise a plain line every five
        seconds and at the end, on the standard error stream. False: nothing. Or one of
        ``"terminal"``, ``"notebook"``, ``"plain"``.
    console
        A console of rich to draw on, in place of the standard error stream.

    Examples
    --------
    >>> with sampling_progress(chains=4, total=2_000, show=False) as display:
    ...     display.phase("compiling")
    ...     display.update([])  # objects as ChainProgress describes
    """
    return SamplingDisplay(SamplingView(chains, total), show, console)


def _chains(count: int) -> str:
    return f"{count} chain{'' if count == 1 else 's'}"


def _divergences(count: int) -> str:
    return f"{count:,} divergence{'' if count == 1 else 's'}"
