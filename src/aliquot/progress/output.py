"""Where a display is drawn: a terminal, a notebook, or lines of text."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live

    from aliquot.progress.view import ProgressView

Show = bool | Literal["auto", "terminal", "notebook", "plain"] | None

_NOTEBOOK_WIDTH = 100
_PLAIN_INTERVAL = 5.0


class Output(Protocol):
    """Where a view is shown. All calls come from one thread."""

    interval: float  # seconds between two drawings

    def open(self, view: ProgressView) -> None:
        """Begin."""

    def draw(self, view: ProgressView) -> None:
        """Show the present state."""

    def close(self, view: ProgressView) -> None:
        """Show the final state and leave the place as it was."""


def choose_output(show: Show, console: Console | None = None) -> Output | None:
    """Choose where to draw; None for nowhere.

    True, None and ``"auto"`` mean a live display in a notebook or on a terminal, otherwise plain
    lines. A console of rich is drawn on as on a terminal, whatever the surroundings.
    """
    if show is False:
        return None
    if show not in (True, None, "auto", "terminal", "notebook", "plain"):
        raise ValueError(
            f"progressbar is {show!r}; it must be True, False, 'auto', 'terminal', 'notebook' or "
            "'plain'."
        )
    if show == "plain":
        return PlainOutput()
    if console is not None or show == "terminal":
        return TerminalOutput(console)
    if show == "notebook" or _in_notebook():
        return NotebookOutput()
    return TerminalOutput() if _on_terminal() else PlainOutput()


def _in_notebook() -> bool:
    # A module that nobody has imported has no kernel running, and importing it would take a while.
    shell = sys.modules.get("IPython")
    if shell is None:
        return False
    try:
        return getattr(shell.get_ipython(), "kernel", None) is not None
    except Exception:
        return False


def _on_terminal() -> bool:
    try:
        return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    except Exception:  # stderr may be None, closed or somebody's replacement
        return False


class TerminalOutput:
    """A few lines at the foot of a terminal, drawn again in place."""

    interval = 0.1

    def __init__(self, console: Console | None = None) -> None:
        self._console = console
        self._live: Live | None = None

    def open(self, view: ProgressView) -> None:
        """Hide the cursor and draw the first frame; what others print appears above."""
        from rich.console import Console
        from rich.live import Live

        console = self._console = self._console or Console(stderr=True)
        # Rich would end the program, and turn the process's standard output to nowhere.
        setattr(console, "on_broken_pipe", _raise_broken_pipe)  # noqa: B010 (it is a method)
        self._streams = sys.stdout, sys.stderr
        self._live = Live(
            view.renderable(console.width), console=console, auto_refresh=False, transient=False
        )
        self._live.start(refresh=True)

    def draw(self, view: ProgressView) -> None:
        """Draw a frame."""
        if self._live is not None and self._console is not None:
            self._live.update(view.renderable(self._console.width), refresh=True)

    def close(self, view: ProgressView) -> None:
        """Draw the last frame and give the cursor and the streams back."""
        live, self._live = self._live, None
        if live is None or self._console is None:
            return
        try:
            live.update(view.renderable(self._console.width))
        finally:
            try:
                live.stop()
            finally:
                self._restore_streams()

    def _restore_streams(self) -> None:
        """Undo what rich may have left undone where the terminal has gone."""
        from rich.file_proxy import FileProxy

        if isinstance(sys.stdout, FileProxy):
            sys.stdout = self._streams[0]
        if isinstance(sys.stderr, FileProxy):
            sys.stderr = self._streams[1]


def _raise_broken_pipe() -> None:
    raise BrokenPipeError("nobody reads the progress display")


class NotebookOutput:
    """One output of a notebook cell, replaced as a whole."""

    interval = 0.25

    def __init__(self) -> None:
        self._handle: Any = None

    def open(self, view: ProgressView) -> None:
        """Make the output."""
        from IPython.display import display

        self._handle = display(_notebook_bundle(view), raw=True, display_id=True)

    def draw(self, view: ProgressView) -> None:
        """Replace the output."""
        self._handle.update(_notebook_bundle(view), raw=True)

    def close(self, view: ProgressView) -> None:
        """Replace the output by the final state, which stays in the notebook."""
        if self._handle is not None:
            self.draw(view)


class PlainOutput:
    """A line on the standard error stream every few seconds, and one at the end."""

    interval = _PLAIN_INTERVAL

    def open(self, view: ProgressView) -> None:
        """Wait: a short run needs no line but the last."""

    def draw(self, view: ProgressView) -> None:
        """Write the present state."""
        _write(view.line())

    def close(self, view: ProgressView) -> None:
        """Write the final state."""
        _write(view.closing_line())


def announce(line: str, show: Show) -> None:
    """Write a line to the standard error stream, unless `show` is False or nobody can read it.

    A terminal that has gone away, or a log on a full disk, is not worth a run.
    """
    if show is not False and sys.stderr is not None:
        with suppress(OSError, ValueError):
            _write(line)


def _write(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _notebook_bundle(view: ProgressView) -> dict[str, str]:
    """Return the view as HTML in the terminal's colours, and as text for those without HTML."""
    from rich.console import Console

    console = Console(
        file=io.StringIO(),
        record=True,
        width=_NOTEBOOK_WIDTH,
        force_terminal=True,
        force_jupyter=False,
        color_system="truecolor",
    )
    console.print(view.renderable(_NOTEBOOK_WIDTH))
    pre = (
        '<pre style="white-space:pre;overflow-x:auto;line-height:normal;font-family:Menlo,'
        "'DejaVu Sans Mono',consolas,'Courier New',monospace\">{code}</pre>"
    )
    html = console.export_html(inline_styles=True, code_format=pre, clear=False)
    return {"text/html": html, "text/plain": console.export_text().rstrip()}
