"""Pictures of discrete variables that were summed out and have come back.

They read the tree that `aq.recover` gives, and nothing else.
"""

from __future__ import annotations

from aliquot.plots.responsibilities import plot_responsibilities
from aliquot.plots.states import plot_states

__all__ = ["plot_responsibilities", "plot_states"]
