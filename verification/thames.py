"""The truncated harmonic mean of a mixture's draws, plainly: a second opinion on its evidence.

Metodiev, Perrot-Dockes, Ouadah, Irons, Latouche and Raftery (2025), Easily computed marginal
likelihoods from posterior simulation using the THAMES estimator, Bayesian Analysis 20, and for
mixtures arXiv 2504.21812.
"""

from __future__ import annotations

from math import factorial

import numpy as np
from scipy.special import gammaln

from aliquot.variational.heights import log_densities

UNIFORM = 200_000


def thames(model, trace, by, sorted_too, seed):
    """Return the log evidence and its error, from draws of a model whose components are alike.

    Components are put in the order of the variable `by`, and the axes (name to axis) of
    `sorted_too` with them: one of K! mirror images of the posterior is left. The first half of each
    chain makes a region: of an ellipsoid in its unconstrained coordinates, with the radius
    sqrt(d + 1), what is in this order and has a density above the median. Over the draws of the
    second half the mean of 1 / (volume * density) in it is one over the evidence. The volume is
    found by points that are uniform in the ellipsoid.
    """
    density = model.density()
    names = [slot.variable.name for slot in density.slots]
    posterior = trace.posterior
    chains, draws = posterior.sizes["chain"], posterior.sizes["draw"]
    values = {
        n: posterior[n].values.reshape(chains * draws, *posterior[n].shape[2:]) for n in names
    }
    order = np.argsort(values[by], axis=1)
    for name in (by, *sorted_too):
        values[name] = np.take_along_axis(values[name], order, axis=1)
    points = density.unconstrain_draws(values).reshape(chains, draws, -1)
    d = points.shape[-1]
    first = points[:, : draws // 2].reshape(-1, d)
    center, factor = first.mean(axis=0), np.linalg.cholesky(np.cov(first.T).reshape(d, d))
    radius = np.sqrt(d + 1.0)

    rng = np.random.default_rng(seed)
    uniform = rng.normal(size=(UNIFORM, d))
    uniform *= rng.random(UNIFORM)[:, None] ** (1 / d) / np.linalg.norm(uniform, axis=1)[:, None]
    uniform = center + radius * uniform @ factor.T
    floor = np.median(log_densities(density, first))
    inside = np.all(np.diff(density.constrain_draws(uniform)[by], axis=1) > 0, axis=1)
    inside[inside] = log_densities(density, uniform[inside]) > floor
    share = inside.mean()
    log_volume = 0.5 * d * np.log(np.pi) - gammaln(0.5 * d + 1) + d * np.log(radius)
    log_volume += np.log(np.diag(factor)).sum() + np.log(share)

    second = points[:, draws // 2 :]
    away = np.linalg.solve(factor, (second - center).reshape(-1, d).T)
    heights = log_densities(density, second.reshape(-1, d))
    within = ((away**2).sum(axis=0) < radius**2) & (heights > floor)
    top = heights.max()
    terms = np.where(within, np.exp(np.minimum(top - heights, top - floor)), 0.0)
    terms = terms.reshape(second.shape[:2])
    from arviz_stats.base import array_stats

    error = float(array_stats.mcse(terms, method="mean", chain_axis=0, draw_axis=1))
    images = factorial(values[by].shape[1])
    value = top + log_volume - np.log(terms.mean()) + np.log(images)
    of_share = np.sqrt((1 - share) / share / UNIFORM)
    return float(value), float(np.hypot(error / terms.mean(), of_share))
