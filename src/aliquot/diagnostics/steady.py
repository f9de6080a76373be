"""Whether the draws themselves show that labels have not switched."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aliquot.diagnostics.quantity import Quantity
from aliquot.symmetry import Block
from aliquot.symmetry.relabelling.features import component_features

# So large a share of the draws has one and the same order of the components: what others there
# are is too little for a statistic to be out of bounds.
STEADY = 0.995
# Numbers of each component that are looked at, evenly spread.
MOST_NUMBERS = 50


def keeps_its_order(block: Block, quantities: Mapping[str, Quantity]) -> bool:
    """Say whether some number keeps a block's components in one order, in all chains.

    Everything that belongs to a component moves with its label. Where means, say, never overlap and
    are always in the order in which they are elsewhere, labels have not switched, and weights that
    do not converge have another reason.

    `quantities` are all variables that the block moves, by name.
    """
    values = {}
    for name in block.variables:
        quantity = quantities[name]
        draws = quantity.draws.reshape(len(quantity.draws), -1)
        values[name] = draws.T.reshape((-1, *quantity.shape))
    features = component_features(block, values)
    features = features[:, :, :: max(1, -(-features.shape[2] // MOST_NUMBERS))]
    order = np.argsort(features, axis=1)
    # Zeros of a Cholesky factor, or any other number that components share, tell nothing.
    differ = (np.diff(np.take_along_axis(features, order, axis=1), axis=1) > 0).all(axis=1)
    # An order that nearly all draws have is, place by place, that of the median.
    usual = np.median(order, axis=0)
    return bool((((order == usual).all(axis=1) & differ).mean(axis=0) >= STEADY).any())
