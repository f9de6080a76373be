"""A line said once, before the work begins, wherever the display goes."""

from __future__ import annotations

import sys

from aliquot.progress.surface import Show


def announce(line: str, show: Show) -> None:
    """Write a line to the standard error stream, unless nothing is to be shown.

    Parameters
    ----------
    line : str
    show : bool or str
        As for the displays: False says nothing.
    """
    if show is False or sys.stderr is None:
        return
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
