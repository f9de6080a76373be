"""Which deterministics depend on labels: those that change where components trade places."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aliquot.symmetry.block import Block
from aliquot.symmetry.finding.axes import exchange
from aliquot.symmetry.finding.search import Search, exchanged

POINTS = 3
# What differs by less, relative to the greatest of the values, is rounding.
RELATIVE = 1e-8


def changed_deterministics(blocks: Sequence[Block], search: Search) -> tuple[str, ...]:
    """Name the deterministics that an exchange of components with mirror modes changes.

    Those that depend on discrete variables are not looked at: they are in no sample until they
    are recovered.
    """
    density = search.probe.density
    swaps = [
        exchange(block, 0, k)
        for block in blocks
        if block.coupled
        for k in range(1, block.components)
    ]
    if not density.deterministics or not swaps:
        return ()
    points = [point for point, _ in search.probe.points(POINTS)]
    if not points:
        return ()
    rows = points + [exchanged(p, swap) for swap in swaps for p in points]
    stacked = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    found = density.deterministics_of(stacked, len(rows))
    changed = []
    for name, values in found.items():
        before = np.tile(values[: len(points)], (len(swaps),) + (1,) * (values.ndim - 1))
        after = values[len(points) :]
        with np.errstate(invalid="ignore"):
            gap = np.abs(after - before) / (1.0 + np.abs(before).max(initial=0.0))
        if not np.all((gap <= RELATIVE) | (np.isnan(before) & np.isnan(after)) | (before == after)):
            changed.append(name)
    return tuple(changed)
