"""The covariance by linear response: how means would move if the density were tilted."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from aliquot.newton import Curvature
from aliquot.variational.fixed_draws.few_draws import FewDraws
from aliquot.variational.fixed_draws.many_draws import taken_out
from aliquot.variational.fixed_draws.objective import FIRST_EACH

# Its standard deviations are to be known to this, relative to themselves.
ENOUGH = 0.01
# The draws are taken in so many parts.
PARTS = 4


def linear_response(
    draws: FewDraws,
    params: np.ndarray,
    hessian: np.ndarray,
    noise_of: Callable[[int], np.ndarray],
    most: int,
) -> np.ndarray | None:
    """Return the covariance (d, d) at an optimum (2 d,); None where it has none, or is stopped.

    It is the block for mu of the inverse of minus the Hessian of the ELBO in (mu, omega): Giordano,
    Broderick and Jordan (2018), Covariances, robustness, and variational Bayes, JMLR 19, equation
    14. The Hessian is the mean of those over some parts of the draws, with the quadratic of a
    `hessian` (d, d) taken out as in `ManyDraws`. How much they differ tells whether these are
    enough; `most` is how many of a group there may be.
    """
    each, size = FIRST_EACH // 2, len(hessian)

    def of_part(noise: np.ndarray) -> np.ndarray | None:
        found = draws.hessian(params, noise)
        return None if found is None else found - taken_out(params, noise, hessian)

    while True:
        noise = np.split(noise_of(each).reshape(-1, size), PARTS)
        with ThreadPoolExecutor(min(PARTS, os.cpu_count() or 1)) as pool:
            found = [part for part in pool.map(of_part, noise) if part is not None]
        if len(found) < PARTS or not np.all(np.isfinite(found)):
            return None
        whole, *parts = (Curvature.of(h) for h in (np.mean(found, axis=0), *found))
        if each >= most or _alike(parts, size):
            break
        each = min(2 * each, most)
    if not whole.definite:
        return None
    factor = whole.factor()[:size]
    return np.asarray(factor @ factor.T)


def _alike(parts: list[Curvature], size: int) -> bool:
    """Say whether the standard deviations by all parts are known, by how much those differ."""
    if not all(part.definite for part in parts):
        return False
    logs = [0.5 * np.log((part.factor()[:size] ** 2).sum(axis=1)) for part in parts]
    return bool(np.std(logs, axis=0, ddof=1).max() / np.sqrt(PARTS) < ENOUGH)
