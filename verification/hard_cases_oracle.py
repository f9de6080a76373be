"""Where the mass of a hard case is, by a search much wider than any that a fit makes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logsumexp

import aliquot as aq
from aliquot.exploration import points_to_climb_from
from aliquot.inference.folding import Folding
from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.gaussians.scale import Dense
from aliquot.variational.heights import log_densities
from aliquot.variational.importance import POOR_K, smoothed
from aliquot.variational.modes.laplace import mixture_of
from aliquot.variational.modes.search import Mode, find_modes, folded
from verification.hard_cases import Truth, Values

# Climbs from around the true parameters, from around where chains start, and from where exploring
# begins;
# with rows or steps beyond so many, fewer in proportion, but not fewer than a quarter.
NEAR, AROUND, SPREAD, ROWS = 20, 20, 40, 5_000
# Chains at modes with this share of the mass say how high draws are.
COUNTS = 0.05
REFERENCE_DRAWS = 400
# For shares: draws for each mode, from a t with so many degrees of freedom.
DRAWS, TAILS = 4_000, 5.0


@dataclass(frozen=True, eq=False)
class Oracle:
    """What is right for one model over one data set.

    `heights` (m,) are medians of the log density of draws about each mode with mass, none where
    exact shares say all. `shares` (R,) and `errors` (R,) are the means of `regions` over the
    posterior, with their standard errors: see `Truth`. None where they are not known.
    """

    heights: np.ndarray
    regions: Callable[[Values], np.ndarray] | None
    shares: np.ndarray | None
    errors: np.ndarray | None
    note: str

    @property
    def against(self) -> str:
        """What a fit is judged by, in words."""
        return "the best of many climbs" if self.heights.size else "exact shares of the mass"


def oracle_of(model: aq.Model, truth: Truth, seed: int, also: Sequence[np.ndarray] = ()) -> Oracle:
    """Say what is right: exactly where that is known, else by climbs to all modes.

    Climbs go from where chains have ended too: `also`, each (d,).
    """
    if truth.shares is not None:
        exact = np.zeros_like(truth.shares)
        return Oracle(np.empty(0), truth.regions, truth.shares, exact, "exact")
    density = model.density()
    modes, folding = all_modes(density, model, truth, seed, also)
    rng = np.random.default_rng([seed, 7])
    q = mixture_of(density, modes, rng, folding.inside)
    counting = [q.centers[i] for i in np.flatnonzero(q.weights >= COUNTS)]
    chains = [_chain(model, center, seed) for center in counting]
    heights = np.array([np.median(lp) for _, lp in chains])
    fitted = [_gaussian(folding.folded(points)) for points, _ in chains]
    shares, errors, k = _shares(density, folding, q, fitted, rng)
    note = f"{len(modes)} modes, {len(counting)} with mass, k={k:.2f}"
    if k >= POOR_K:
        return Oracle(heights, None, None, None, f"{note}: judged by height alone")
    return Oracle(heights, _regions(density, folding, q), shares, errors, note)


def all_modes(
    density: Any, model: aq.Model, truth: Truth, seed: int, also: Sequence[np.ndarray] = ()
) -> tuple[list[Mode], Folding]:
    """Give all modes that a very wide search finds, mirror images left out, and their cell."""
    rng = np.random.default_rng([seed, 5])
    rows = max((np.asarray(value).shape[0] for value in truth.data.values()), default=1)
    part = float(np.clip(ROWS / rows, 0.25, 1.0))
    centers = [(density.start, AROUND)]
    starts = list(also)
    if truth.start:
        true = density.start_with(truth.start)
        starts.append(true)
        centers.append((true, NEAR))
    for center, count in centers:
        widths = 10 ** rng.uniform(-1, 0.5, (int(count * part), 1))
        starts += list(center + widths * rng.normal(size=(len(widths), density.size)))
    found = points_to_climb_from(density, None, int(SPREAD * part), seed)
    starts += found.points
    search = find_modes(density, starts, seed=seed, moves=found.moves)
    folding = Folding.around(density, model.symmetries(explain=False), search.modes[0].gaussian, 0)
    return folded(search, density, folding.folded), folding


def _regions(density: Any, folding: Folding, q: GaussianMixture) -> Callable[[Values], np.ndarray]:
    """Give the probabilities that draws came from each of the Gaussians at the modes."""
    names = [slot.variable.name for slot in density.slots]

    def responsibilities(values: Values) -> np.ndarray:
        arrays = {name: np.asarray(values[name]) for name in names}
        return _responsibilities(q, folding.folded(density.unconstrain_draws(arrays)))

    return responsibilities


def _responsibilities(q: GaussianMixture, points: np.ndarray) -> np.ndarray:
    joint = q.with_tails(TAILS).log_joint(points).T
    return np.exp(joint - logsumexp(joint, axis=-1, keepdims=True))


def _shares(
    density: Any,
    folding: Folding,
    q: GaussianMixture,
    fitted: Sequence[GaussianMixture],
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, float]:
    """Give the posterior means of those probabilities by importance, their errors, Pareto k.

    Half of the proposal is made of the Gaussians at the modes, half of those `fitted` to draws.
    """
    modes = [GaussianMixture.of(*member) for member in zip(q.centers, q.scales, strict=True)]
    halves = np.concatenate([q.weights, np.full(len(fitted), 1 / len(fitted))])
    proposal = GaussianMixture.joined([*modes, *fitted], np.log(halves)).with_tails(TAILS)
    points, log_q = proposal.draw(DRAWS * len(proposal.weights), rng)
    log_ratios = log_densities(density, points) - log_q
    usable = folding.inside(points) & np.isfinite(log_ratios)
    weights, k = smoothed(np.where(usable, log_ratios, -np.inf))
    each = _responsibilities(q, points)
    shares = np.clip(weights @ each / weights.sum(), 0, 1)
    errors = np.sqrt((weights**2) @ (each - shares) ** 2) / weights.sum()
    return shares, errors, float(k)


def _gaussian(points: np.ndarray) -> GaussianMixture:
    """Give the Gaussian with the mean and the covariance of draws (n, d)."""
    covariance = np.atleast_2d(np.cov(points.T))
    return GaussianMixture.of(points.mean(axis=0), Dense(np.linalg.cholesky(covariance)))


def _chain(model: aq.Model, center: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Give draws (n, d) of a chain that begins at a point (d,), and their log density (n,)."""
    density = model.density()
    values = density.constrain_draws(center[None])
    names = [slot.variable.name for slot in density.slots]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trace = aq.sample(
            REFERENCE_DRAWS,
            tune=REFERENCE_DRAWS,
            chains=1,
            init="adapt_full",
            initvals={name: values[name][0] for name in names},
            random_seed=seed,
            model=model,
            progressbar=False,
            compute_convergence_checks=False,
        )
    arrays = {name: trace.posterior[name].values[0] for name in names}
    return density.unconstrain_draws(arrays), trace.sample_stats["lp"].values[0]
