"""The Gaussians of several paths side by side, each weighted by the mass that it stands for.

Zhang, Carpenter, Gelman and Vehtari (2022), Pathfinder: parallel quasi-Newton variational
inference, JMLR 23, combine the draws of paths by importance resampling. Here paths are members of a
mixture with weights by importance, so that what comes out has a density.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.gaussians.scale import dense
from aliquot.variational.modes.weights import weighed
from aliquot.variational.noise import Stream, generator
from aliquot.variational.pathfinder.path import Path, Paths, path_of
from aliquot.variational.target import Target

# Centers are one mode found again where they are closer than this in each coordinate, in standard
# deviations of either.
SAME = 1.0
# An image is differentiated over so many standard deviations.
NEAR = 1e-4

type Fold = Callable[[np.ndarray], np.ndarray]
type Inside = Callable[[np.ndarray], np.ndarray]


def joined(
    density: Target,
    found: Paths,
    seed: int,
    fold: Fold | None = None,
    inside: Inside | None = None,
) -> GaussianMixture:
    """Return the mixture of the Gaussians along paths.

    `fold` gives of points (n, d) their mirror images near a reference, and `inside` says which are
    there already. After an interruption it is the best Gaussian alone.
    """
    if found.interrupted:
        return found.paths[0].q
    rng = generator(seed, Stream.PATHS, len(found.paths) + found.failed)
    paths = found.paths if fold is None else folded(found.paths, density, fold, rng)
    return mixture_of(density, different(paths), rng, inside)


def folded(
    paths: Sequence[Path], density: Target, fold: Fold, rng: np.random.Generator
) -> list[Path]:
    """Return paths to the mirror images of where they lead, near a reference.

    A Gaussian that moves is seen through the derivative of `fold` at its center. What has no finite
    image is left out.
    """
    result = []
    for path in paths:
        center = path.q.centers[0]
        image = fold(center[None])[0]
        if np.allclose(image, center):
            result.append(path)
            continue
        q = _image(path.q, image, fold)
        if q is not None:
            result.append(path_of(density, q, path.hist, rng))
    return result


def different(paths: Sequence[Path]) -> list[Path]:
    """Return of several paths to one mode the one with the highest ELBO, which come first.

    Nearness is by coordinate: in many dimensions two modes can be apart in one of them only.
    """
    result: list[Path] = []
    for path in sorted(paths, key=lambda path: -path.elbo.value):
        if not any(_same(path.q, other.q) for other in result):
            result.append(path)
    return result


def mixture_of(
    density: Target,
    paths: Sequence[Path],
    rng: np.random.Generator,
    inside: Inside | None = None,
) -> GaussianMixture:
    """Return the Gaussians of paths side by side, with weights by importance.

    Of points (n, d), `inside` says which are in the cell of one mirror mode.
    """
    # The ELBO is the log of a Gaussian's mass less its divergence.
    elbos = np.array([path.elbo.value for path in paths])
    log_weights = elbos if np.isfinite(elbos.max()) else np.zeros(len(paths))
    mixture = GaussianMixture.joined([path.q for path in paths], log_weights)
    return weighed(density, mixture, rng, inside)


def _same(one: GaussianMixture, other: GaussianMixture) -> bool:
    away = one.centers - other.centers
    return all(bool(np.abs(q.scales[0].solve(away)).max() < SAME) for q in (one, other))


def _image(q: GaussianMixture, image: np.ndarray, fold: Fold) -> GaussianMixture | None:
    """Return the Gaussian whose square root is the derivative of `fold` times that of another."""
    axes = q.scales[0].apply(NEAR * np.eye(q.size))
    ahead, behind = fold(q.centers + axes), fold(q.centers - axes)
    root = (ahead - behind) / (2 * NEAR)
    if not (np.all(np.isfinite(image)) and np.all(np.isfinite(root))):
        return None
    try:
        return GaussianMixture.of(image, dense(root.T @ root))
    except np.linalg.LinAlgError:
        return None
