"""One block relabelled: by any of the methods, how sure it is, and in an order that stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aliquot.symmetry.block import Block
from aliquot.symmetry.relabelling.assignment import certainty
from aliquot.symmetry.relabelling.classification import divergences, mean_classification
from aliquot.symmetry.relabelling.ecr import ecr
from aliquot.symmetry.relabelling.features import component_features, first_number
from aliquot.symmetry.relabelling.pivot import as_near, half_width, nearest, pivot
from aliquot.symmetry.relabelling.stephens import stephens

BY_ROWS = {"ecr": ecr, "stephens": stephens}
METHODS = (*BY_ROWS, "pivot")


@dataclass(frozen=True)
class Relabelled:
    """How a block's components are to trade places."""

    permutations: np.ndarray  # (draws, K): component k is then component permutations[m, k] of m
    certainty: np.ndarray  # (draws,) of each labelling against its strongest rival, in [1/2, 1]
    ordered_by: str  # the variable by whose mean the components are numbered


def relabel_block(
    block: Block,
    values: Mapping[str, np.ndarray],
    probabilities: np.ndarray | None,
    *,
    method: str,
    best: int,
    signs: Sequence[Block] = (),
) -> Relabelled:
    """Find how the components of one block have to trade places.

    By the block's variables, shape (draws, *shape); the probabilities that each row of the data
    belongs to each component, shape (draws, rows, K), which "pivot" does not need; the draw of the
    `best` posterior density; and the blocks by which each component changes sign, where it can: it
    is looked at only up to its sign then.

    Components come in ascending order of the mean of `first_number`; of a sign, such that the mean
    is positive. For methods that look at rows the certainty is that of probabilistic relabelling: a
    labelling costs the negative log probability of the allocations under the mean classification
    (Sperrin, Jaki and Wit 2010, Probabilistic relabelling strategies for the label switching
    problem in Bayesian mixture models, Statistics and Computing 20). For "pivot" it costs half the
    squared standardised distance to the pivot.
    """
    if method == "pivot":
        features = images = component_features(block, values)
        if signs:
            images = component_features(block, _turned(values, signs))
        permutations = pivot(features, best, images)
        scale = half_width(np.sort(np.maximum(features, images), axis=1))
        scale = half_width(as_near(features, images, best, scale, permutations))
        costs = nearest(features, images, best, scale)[0]
    else:
        assert probabilities is not None
        permutations = BY_ROWS[method](probabilities, best)
        costs = divergences(probabilities, mean_classification(probabilities, permutations))
    sure = certainty(costs, permutations)
    name, number = first_number(block, values)
    if signs:
        number = np.maximum(number, first_number(block, _turned(values, signs))[1])
    means = np.take_along_axis(number, permutations, axis=1).mean(axis=0)
    # What can change sign is to be positive.
    order = np.argsort(-means if block.signs else means, kind="stable")
    return Relabelled(permutations[:, order], sure, name)


def _turned(values: Mapping[str, np.ndarray], signs: Sequence[Block]) -> dict[str, np.ndarray]:
    result = dict(values)
    for block in signs:
        draws = len(result[block.variables[0]])
        result |= block.permute(result, np.tile([1, 0], (draws, 1)))
    return result
