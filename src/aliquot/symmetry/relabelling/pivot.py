"""Relabelling by distance to the parameters of one draw."""

from __future__ import annotations

import numpy as np

from aliquot.symmetry.relabelling.assignment import assign

MOST_STEPS = 20


def pivot(features: np.ndarray, pivot: int, images: np.ndarray | None = None) -> np.ndarray:
    """Relabel so that each draw's parameters are as near as possible to those of a pivot.

    This is the pivotal reordering of Marin, Mengersen and Robert (2005), Bayesian modelling and
    inference on mixtures of distributions, Handbook of Statistics 25, with every number in units of
    its half width within a component. That does not depend on how draws are labelled: it is first
    that of the components sorted by the number, then, until it settles, that of the relabelled
    components. Where components have `images`, their signs turned, the nearer one of the two
    counts. Features are of shape (draws, K, numbers); the result is as of `ecr`.

    >>> means = np.array([[-2.0, 2.0], [2.1, -1.9], [-2.2, 1.8]])
    >>> pivot(means[:, :, None], pivot=0)
    array([[0, 1],
           [1, 0],
           [0, 1]])
    """
    images = features if images is None else images
    scale = half_width(np.sort(np.maximum(features, images), axis=1))
    permutations = assign(nearest(features, images, pivot, scale)[0])
    for _ in range(MOST_STEPS):
        scale = half_width(as_near(features, images, pivot, scale, permutations))
        found = assign(nearest(features, images, pivot, scale)[0])
        if np.array_equal(found, permutations):
            break
        permutations = found
    return permutations


def nearest(
    features: np.ndarray, images: np.ndarray, pivot: int, scale: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Compute `distances` of components or their images, whichever are nearer, and which are."""
    costs = distances(features, pivot, scale)
    if images is features:
        return costs, np.zeros(costs.shape, bool)
    others = distances(features, pivot, scale, images)
    return np.minimum(costs, others), others < costs


def as_near(
    features: np.ndarray,
    images: np.ndarray,
    pivot: int,
    scale: np.ndarray,
    permutations: np.ndarray,
) -> np.ndarray:
    """Give relabelled features, of those components whose image is nearer the image."""
    turned = nearest(features, images, pivot, scale)[1]
    turned = np.take_along_axis(turned, permutations[:, :, None], axis=2)
    chosen = (np.take_along_axis(a, permutations[:, :, None], axis=1) for a in (images, features))
    return np.where(turned, *chosen)


def half_width(features: np.ndarray) -> np.ndarray:
    """Compute the typical half width of each number within a component, shape (features,).

    Half the distance between the 16th and the 84th percentile, in the mean over components:
    components that are nearly empty have wide tails. 1 for a number that never changes.
    """
    low, high = np.quantile(features, [0.16, 0.84], axis=0)
    half = 0.5 * np.sqrt(((high - low) ** 2).mean(axis=0))
    overall = np.abs(features).max(axis=(0, 1))
    return np.where(half > 1e-12 * overall, half, 1.0)


def distances(
    features: np.ndarray, pivot: int, scale: np.ndarray, images: np.ndarray | None = None
) -> np.ndarray:
    """Compute half the squared standardised distance to each of the pivot's components.

    Of the components of all draws, or of their `images`: (draws, of the pivot, of the draw).
    """
    target = features[pivot] / scale
    scaled = (features if images is None else images) / scale
    components = features.shape[1]
    result = np.empty((len(features), components, components))
    for k in range(components):
        result[:, k] = 0.5 * ((scaled - target[k]) ** 2).sum(axis=2)
    return result
