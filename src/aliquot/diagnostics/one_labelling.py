"""Whether chains have seen all ways to label the components."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import factorial, prod

import numpy as np

from aliquot.diagnostics import wording
from aliquot.diagnostics.components import ExchangeableComponents
from aliquot.diagnostics.orbits import Shapes, mirrors, partners
from aliquot.diagnostics.quantity import Quantity
from aliquot.diagnostics.record import Record
from aliquot.diagnostics.statistics import split_rhat
from aliquot.symmetry import Block

# Components are alike in the posterior. Above this R-hat between them the draws tell them apart.
APART = 1.1
# Elements compared for each pair of components, evenly spread.
MOST_COMPARED = 20
# All pairs of this many components are compared, of more only neighbours.
FEW = 12


def one_labelling(
    components: ExchangeableComponents, quantities: Mapping[str, Quantity], wrong: set[str]
) -> Iterator[Record]:
    """Yield a record for each block of which chains have not visited all mirror modes.

    What trades places has the same distribution in the posterior. Where the chains agree and yet
    draws of one component differ from those of another, they have stayed in one mirror mode.

    Nothing is said of the blocks named in `wrong`, of which something worse is known.
    """
    if components.permuted or components.relabelled is not None:
        return
    for block, name in zip(components.blocks, components.names, strict=True):
        if name in wrong:
            continue
        seen = visited(block, components.shapes, quantities)
        if seen < block.modes:
            yield Record(
                kind="one_labelling",
                variable=name,
                value=seen,
                threshold=block.modes,
                severity="info",
                message=(
                    f"The chains stayed in {'one' if seen == 1 else f'{seen:,}'} of the "
                    f"{block.modes:,} mirror modes of {block.text}."
                ),
                advice=wording.ONE_LABELLING_ADVICE,
            )


def visited(block: Block, shapes: Shapes, quantities: Mapping[str, Quantity]) -> int:
    """Count the mirror modes that draws have visited.

    The components whose draws cannot be told from one another have traded places among themselves.
    """
    draws = np.concatenate([quantities[name].draws for name in block.variables])
    sums = mirrors([block], {name: shapes[name] for name in block.variables})
    count = block.components
    pairs = [(a, b) for a in range(count) for b in range(a + 1, count)]
    if count > FEW:
        pairs = [(a, a + 1) for a in range(count - 1)]
    group = np.arange(count)
    for a, b in pairs:
        one, other, mirrored = partners(block, shapes, a, b)
        some = np.unique(np.linspace(0, len(one) - 1, MOST_COMPARED).round().astype(int))
        images = np.where(
            mirrored[some, None, None],
            sums[other[some], None, None] - draws[other[some]],
            draws[other[some]],
        )
        both = np.concatenate([draws[one[some]], images], axis=1)
        apart = split_rhat(both)
        if not (apart > APART).any():
            group[group == group[b]] = group[a]
    sizes = np.bincount(group)
    return prod(factorial(int(size)) for size in sizes if size)
