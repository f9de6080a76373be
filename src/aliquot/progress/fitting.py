"""The display of a variational fit: one bar with the running average loss."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from aliquot.progress.display import Display
from aliquot.progress.format import duration, rate, seconds_taken, significant
from aliquot.progress.output import Show, choose_output
from aliquot.progress.view import ProgressView

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_COLOURS = {"fitting": "cyan", "done": "green", "stopped": "red"}
_WIDEST_BAR = 40


class FitView(ProgressView):
    """How far a fit of n iterations has come, and how to show it; `clock` gives seconds."""

    def __init__(
        self,
        n: int,
        name: str = "Fit",
        clock: Callable[[], float] = time.monotonic,
        unit: str = "iterations",
        loss: str = "average loss",
    ) -> None:
        super().__init__(clock)
        self.n = n
        self.name = name
        self.unit = unit
        self.loss = loss
        self.iteration = 0
        self.average_loss = math.nan

    @property
    def done(self) -> int:
        return self.iteration

    def note(self, iteration: int, average_loss: float) -> None:
        """Take how many iterations are done and what the loss is on average."""
        self.iteration, self.average_loss = iteration, float(average_loss)
        self._note_time()

    @property
    def phase(self) -> str:
        """What is going on, in a word."""
        if self.iteration >= self.n:
            return "done"
        if self.over:
            return "stopped"
        return "fitting" if self.iteration else "compiling"

    @property
    def remaining(self) -> float:
        """Seconds still needed, NaN if that is not known."""
        return (self.n - self.iteration) / self.rate if self.rate > 0 else math.nan

    def line(self) -> str:
        if not self.iteration:
            return f"{self.name}: {self.phase}, elapsed {duration(self.elapsed)}"
        share = 100 * self.iteration // max(self.n, 1)
        return (
            f"{self.name}: {share}% ({self.iteration:,} of {self.n:,} {self.unit}), {self.loss} "
            f"{significant(self.average_loss)}, {rate(self.rate)} it/s, "
            f"elapsed {duration(self.elapsed)}, remaining {duration(self.remaining)}"
        )

    def closing_line(self) -> str:
        done = f"{self.iteration:,}"
        if self.phase != "done":
            done = f"stopped at {self.iteration:,} of {self.n:,}"
        return (
            f"{self.name}: {done} {self.unit} in {seconds_taken(self.elapsed)}, {self.loss} "
            f"{significant(self.average_loss)}"
        )

    def renderable(self, width: int) -> RenderableType:
        from rich.table import Table
        from rich.text import Text

        from aliquot.progress.table import bar

        phase = self.phase
        texts = [f"{self.iteration:,}/{self.n:,}"]
        if self.iteration:
            name = self.loss if width >= 75 else "loss"
            texts.append(f"{name} {significant(self.average_loss)}")
        else:
            texts.append(phase)
        if width >= 90 and self.iteration:
            texts.append(f"{rate(self.rate)} it/s")
        if width >= 60:
            texts.append(f"{duration(self.elapsed)} elapsed")
        if width >= 75 and phase == "fitting":
            texts.append(f"{duration(self.remaining)} left")
        if phase == "stopped":
            texts.append(phase)
        taken = len(self.name) + sum(len(text) + 2 for text in texts) + 2
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_row(
            Text(self.name, style="bold"),
            bar(self.iteration, self.n, phase, max(min(width - taken, _WIDEST_BAR), 4), _COLOURS),
            *(Text(text, no_wrap=True) for text in texts),
        )
        return table


def fit_progress(
    n: int,
    show: Show = True,
    *,
    name: str = "Fit",
    unit: str = "iterations",
    loss: str = "average loss",
    console: Console | None = None,
) -> Display:
    """Return a context that shows how a fit of n iterations, called `name`, goes.

    What is counted is called `unit`, and the number beside it `loss`.

    `show` and `console` are as in :func:`aliquot.progress.sampling_progress`.

    >>> with fit_progress(1_000, show=False, name="ADVI") as display:
    ...     display.update(500, 181.2)
    """
    return Display(FitView(n, name, unit=unit, loss=loss), choose_output(show, console))
