"""What goes to XLA: programs are compiled once on a machine, and kept on its disk."""

from __future__ import annotations

from aliquot.compilation.collection import uncollected
from aliquot.compilation.compiler import Compiled, compiled, lazily
from aliquot.compilation.counts import Counts, counts
from aliquot.compilation.kept import kept
from aliquot.compilation.options import light, loop

__all__ = [
    "Compiled",
    "Counts",
    "compiled",
    "counts",
    "kept",
    "lazily",
    "light",
    "loop",
    "uncollected",
]
