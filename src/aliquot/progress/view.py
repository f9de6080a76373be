"""What a display shows, whatever it shows the progress of: a clock, and the forms of its state."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType


class ProgressView(ABC):
    """How far some work has come, by a clock, in each of the forms that an output may need."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._ended: float | None = None
        self._first: tuple[int, float] | None = None
        self._last = self._began

    @property
    @abstractmethod
    def done(self) -> int:
        """Draws or iterations done."""

    @abstractmethod
    def note(self, *news: Any) -> None:
        """Take the news."""

    @abstractmethod
    def renderable(self, width: int) -> RenderableType:
        """Return the present state for rich, at most `width` columns wide."""

    @abstractmethod
    def line(self) -> str:
        """Return the present state as a line of text."""

    @abstractmethod
    def closing_line(self) -> str:
        """Return the final state as a line of text."""

    def end(self) -> None:
        """Stop the clock."""
        self._ended = self._clock()

    @property
    def over(self) -> bool:
        """Whether the clock has stopped."""
        return self._ended is not None

    @property
    def now(self) -> float:
        """The time, until the end."""
        return self._clock() if self._ended is None else self._ended

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning, until the end."""
        return self.now - self._began

    @property
    def rate(self) -> float:
        """Draws or iterations per second, compilation left out where that is possible."""
        before, since = self._first or (0, self._began)
        if self.done <= before:
            before, since = 0, self._began
        seconds = self._last - since
        return (self.done - before) / seconds if seconds > 0 else 0.0

    def _note_time(self) -> None:
        """Keep when the latest news came, and when the first did."""
        self._last = self._clock()
        if self._first is None and self.done:
            self._first = self.done, self._last
