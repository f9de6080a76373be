"""The machinery of a live display: one thread that draws, and a caller who only leaves news."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from aliquot.progress.output import Output
    from aliquot.progress.view import ProgressView

# After a frame that took t of processor time comes a pause of at least 150 t: below 1% of a core.
_PAUSE_PER_FRAME = 150


class Display:
    """A context in which a view is shown on an output, None for nowhere, and kept up to date.

    The caller's thread never draws, and never waits for what does: it leaves news in the view. A
    thread of the display opens the output, draws now and then, and closes it with the last state.
    Whatever goes wrong there (a closed pipe, a terminal that went away) ends the display and
    nothing else. Ctrl-C reaches the caller's thread, so it never finds a frame half drawn.
    """

    def __init__(self, view: ProgressView, output: Output | None) -> None:
        self.view = view
        self._output = output
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def update(self, *news: Any) -> None:
        """Take the news, as the view notes it. Cheap: it can be called at any rate."""
        self.view.note(*news)

    def __enter__(self) -> Self:
        if self._output is not None:
            self._thread = threading.Thread(
                target=self._show, args=(self._output,), name="aliquot-progress", daemon=True
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
        self.view.end()
        self._stop.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            try:
                thread.join()
            except KeyboardInterrupt:
                thread.join()  # the cursor must come back before the traceback is shown
                raise

    def _show(self, output: Output) -> None:
        try:
            try:
                output.open(self.view)
                pause = output.interval
                while not self._stop.wait(pause):
                    began = time.thread_time()
                    output.draw(self.view)
                    spent = time.thread_time() - began
                    pause = max(output.interval, _PAUSE_PER_FRAME * spent)
            finally:
                output.close(self.view)
        except Exception:  # a display is never worth a sample
            return
