"""Symmetries of a model that is another one but for its data: verified in place of looked for."""

from __future__ import annotations

from typing import Any

from aliquot.symmetry.finding.find import changed_far_and_wide
from aliquot.symmetry.finding.probe import Probe
from aliquot.symmetry.finding.search import Search
from aliquot.symmetry.symmetries import Symmetries


def take_symmetries(model: Any, known: Symmetries) -> bool:
    """Let a model have the symmetries of another that differs in its data only, if they hold.

    They are verified at points at random. Whether other data have more of them is not looked at:
    this is for data that were drawn alike, of which none is special. `known` is without what
    ``explain`` adds. Where something does not hold, the model finds its own when it is asked.
    """
    search = Search(Probe(model.density()))
    if any(changed_far_and_wide(block, search) for block in known.blocks):
        return False
    model._symmetries[False] = model.density(), known
    return True
