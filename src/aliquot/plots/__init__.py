"""Pictures: discrete variables that have come back, components that trade places, ladders.

They read the tree that `aq.sample`, `aq.recover` or `aq.relabel` gives, and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aliquot.hints import explain as _explain
from aliquot.hints import names as _names
from aliquot.plots.calibration import plot_calibration
from aliquot.plots.comparison import plot_comparison
from aliquot.plots.filled import plot_filled_components
from aliquot.plots.label_certainty import plot_label_certainty
from aliquot.plots.label_traces import plot_label_traces
from aliquot.plots.mirror_modes import plot_mirror_modes
from aliquot.plots.responsibilities import plot_responsibilities
from aliquot.plots.states import plot_states
from aliquot.plots.tempering import plot_tempering

__all__ = [
    "plot_calibration",
    "plot_comparison",
    "plot_filled_components",
    "plot_label_certainty",
    "plot_label_traces",
    "plot_mirror_modes",
    "plot_responsibilities",
    "plot_states",
    "plot_tempering",
]


if not TYPE_CHECKING:  # a type checker is to go on seeing which names there are

    def __getattr__(name: str) -> None:
        raise _explain.MissingError("aq.plots", name, _names.NAMES, lambda: __all__, "aq.plots.")
