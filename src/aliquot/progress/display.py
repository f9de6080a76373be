"""The machinery of a live display: one thread that draws, and a caller who only leaves news."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from rich.console import RenderableType

    from aliquot.progress.surface import Surface

# After a frame that took t of processor time comes a pause of at least 150 t: below 1% of a core.
_PAUSE_PER_FRAME = 150


class View(Protocol):
    """What a display shows, in each of the forms that a surface may need."""

    def renderable(self, width: int) -> RenderableType:
        """Return the present state for rich, at most `width` columns wide."""

    def line(self) -> str:
        """Return the present state as a line of text."""

    def closing_line(self) -> str:
        """Return the final state as a line of text."""


class Display:
    """A context in which a view is shown and kept up to date.

    The caller's thread never draws, and never waits for what does: it leaves news in the view. A
    thread of the display's own opens the surface, draws now and then, and closes it with the last
    state.
    Whatever goes wrong there (a closed pipe, a terminal that went away) ends the display and
    nothing else. Ctrl-C reaches the caller's thread, so it never finds a frame half drawn.

    Parameters
    ----------
    view
        What is shown.
    surface
        Where; None to show nothing.
    """

    def __init__(self, view: View, surface: Surface | None) -> None:
        self._view = view
        self._surface = surface
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self._surface is not None:
            self._thread = threading.Thread(
                target=self._show, args=(self._surface,), name="aliquot-progress", daemon=True
            )
            try:
                self._thread.start()
            except RuntimeError:  # no more threads, or the interpreter is ending
                self._thread = None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            try:
                thread.join()
            except KeyboardInterrupt:
                thread.join()  # the cursor must come back before the traceback is shown
                raise

    def _show(self, surface: Surface) -> None:
        try:
            try:
                surface.open(self._view)
                pause = surface.interval
                while not self._stop.wait(pause):
                    began = time.thread_time()
                    surface.draw(self._view)
                    spent = time.thread_time() - began
                    pause = max(surface.interval, _PAUSE_PER_FRAME * spent)
            finally:
                surface.close(self._view)
        except Exception:  # a display is never worth a sample
            return
