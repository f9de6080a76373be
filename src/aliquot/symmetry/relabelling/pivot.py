"""Relabelling by distance to the parameters of one draw."""

from __future__ import annotations

import numpy as np

from aliquot.symmetry.relabelling.assignment import assign

MOST_STEPS = 20


def pivot(features: np.ndarray, pivot: int) -> np.ndarray:
    """Relabel so that each draw's parameters are as near as possible to those of a pivot.

    The pivotal reordering of [1]_, with every number in units of its spread within a component.
    That spread does not depend on how draws are labelled: it is first that of the components
    sorted by the number, then, until it settles, that of the relabelled components.

    Parameters
    ----------
    features : numpy.ndarray, shape (draws, K, features)
        Of each component, see `component_features`.
    pivot : int
        The draw to compare with: that of the highest posterior density.

    Returns
    -------
    numpy.ndarray of int, shape (draws, K)
        Component k of the result is component ``permutations[m, k]`` of the draw.

    References
    ----------
    .. [1] Marin, Mengersen and Robert (2005), Bayesian modelling and inference on mixtures of
       distributions, Handbook of Statistics 25.

    Examples
    --------
    >>> import numpy as np
    >>> means = np.array([[-2.0, 2.0], [2.1, -1.9], [-2.2, 1.8]])
    >>> pivot(means[:, :, None], pivot=0)
    array([[0, 1],
           [1, 0],
           [0, 1]])
    """
    permutations = assign(distances(features, pivot, spread(np.sort(features, axis=1))))
    for _ in range(MOST_STEPS):
        relabelled = np.take_along_axis(features, permutations[:, :, None], axis=1)
        found = assign(distances(features, pivot, spread(relabelled)))
        if np.array_equal(found, permutations):
            break
        permutations = found
    return permutations


def spread(features: np.ndarray) -> np.ndarray:
    """Compute the typical spread of each number within a component, shape (features,).

    Half the distance between the 16th and the 84th percentile, in the mean over components:
    components that are nearly empty have wide tails. 1 for a number that never changes.
    """
    low, high = np.quantile(features, [0.16, 0.84], axis=0)
    half = 0.5 * np.sqrt(((high - low) ** 2).mean(axis=0))
    overall = np.abs(features).max(axis=(0, 1))
    return np.where(half > 1e-12 * overall, half, 1.0)


def distances(features: np.ndarray, pivot: int, scale: np.ndarray) -> np.ndarray:
    """Compute half the squared standardised distance to each of the pivot's components.

    Returns
    -------
    numpy.ndarray, shape (draws, K, K)
        By component of the pivot, then by component of the draw.
    """
    scaled = features / scale
    components = features.shape[1]
    result = np.empty((len(features), components, components))
    for k in range(components):
        result[:, k] = 0.5 * ((scaled - scaled[pivot, k]) ** 2).sum(axis=2)
    return result
