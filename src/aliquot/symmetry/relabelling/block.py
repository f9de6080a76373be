"""One block relabelled: by any of the methods, how sure it is, and in an order that stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from aliquot.symmetry.block import Block
from aliquot.symmetry.relabelling.certainty import certainty
from aliquot.symmetry.relabelling.classification import divergences, mean_classification
from aliquot.symmetry.relabelling.ecr import ecr
from aliquot.symmetry.relabelling.features import component_features, first_number
from aliquot.symmetry.relabelling.pivot import distances, pivot, spread
from aliquot.symmetry.relabelling.stephens import stephens

BY_ROWS = {"ecr": ecr, "stephens": stephens}
METHODS = (*BY_ROWS, "pivot")


@dataclass(frozen=True)
class Relabelled:
    """How a block's components are to trade places.

    Attributes
    ----------
    permutations : numpy.ndarray of int, shape (draws, K)
        Component k of the result is component ``permutations[m, k]`` of the draw.
    certainty : numpy.ndarray, shape (draws,)
        Of each draw's labelling against its strongest rival, in [1/2, 1].
    ordered_by : str
        The variable by whose mean the components are numbered.
    """

    permutations: np.ndarray
    certainty: np.ndarray
    ordered_by: str


def relabel_block(
    block: Block,
    values: Mapping[str, np.ndarray],
    probabilities: np.ndarray | None,
    *,
    method: str,
    best: int,
) -> Relabelled:
    """Find how the components of one block have to trade places.

    Parameters
    ----------
    block : Block
    values : mapping from str to numpy.ndarray, shape (draws, *shape)
        The block's variables.
    probabilities : numpy.ndarray, shape (draws, rows, K), or None
        That each row of the data belongs to each component; not needed for "pivot".
    method : str
        One of `METHODS`.
    best : int
        The draw of the highest posterior density.

    Returns
    -------
    Relabelled
        Components in ascending order of the mean of `first_number`. For methods that look at rows
        the certainty is that of probabilistic relabelling [1]_: a labelling costs the negative log
        probability of the allocations under the mean classification. For "pivot" it costs half the
        squared standardised distance to the pivot.

    References
    ----------
    .. [1] Sperrin, Jaki and Wit (2010), Probabilistic relabelling strategies for the label
       switching problem in Bayesian mixture models, Statistics and Computing 20.
    """
    if method == "pivot":
        features = component_features(block, values)
        permutations = pivot(features, best)
        relabelled = np.take_along_axis(features, permutations[:, :, None], axis=1)
        costs = distances(features, best, spread(relabelled))
    else:
        assert probabilities is not None
        permutations = BY_ROWS[method](probabilities, best)
        costs = divergences(probabilities, mean_classification(probabilities, permutations))
    sure = certainty(costs, permutations)
    name, number = first_number(block, values)
    means = np.take_along_axis(number, permutations, axis=1).mean(axis=0)
    return Relabelled(permutations[:, np.argsort(means, kind="stable")], sure, name)
