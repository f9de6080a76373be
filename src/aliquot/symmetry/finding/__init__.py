"""Finding the components of a model that can trade places without changing its density."""

from __future__ import annotations

from aliquot.symmetry.finding.find import find_symmetries
from aliquot.symmetry.finding.known import take_symmetries

__all__ = ["find_symmetries", "take_symmetries"]
