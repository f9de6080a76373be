"""The one door to XLA: programs are compiled once on a machine, and kept on its disk."""

from __future__ import annotations

from aliquot.compilation.collection import uncollected
from aliquot.compilation.counts import Counts, counts
from aliquot.compilation.door import Compiled, compiled, lazily
from aliquot.compilation.options import light, loop

__all__ = ["Compiled", "Counts", "compiled", "counts", "lazily", "light", "loop", "uncollected"]
