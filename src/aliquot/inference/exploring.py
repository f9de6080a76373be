"""Before chains start: where the mass is, and what is to be said of it afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from aliquot.background import Background
from aliquot.errors import ModelError
from aliquot.evidence.covariance import moments
from aliquot.exploration import points_to_climb_from
from aliquot.inference.folding import Folding
from aliquot.symmetry import Symmetries
from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.heights import affordable, log_densities
from aliquot.variational.importance import believable, effective_share, smoothed
from aliquot.variational.modes.laplace import mixture_of
from aliquot.variational.modes.search import Mode, climber_of, find_modes, folded
from aliquot.variational.modes.weights import weighed

# Climbs besides the one from the start point, with many data fewer; evaluations that each may take,
# and steps at most.
CLIMBS, FEWEST_CLIMBS, EACH, STEPS = 12, 3, 100, 200
# What evaluations times numbers in the data may come to.
WORTH = 50_000_000
# Rounds of looking for what was missed, as long as they find anything.
ROUNDS = 5
# With more coordinates nothing is explored: a climb needs their whole Hessian.
MOST_COORDINATES = 128
# Points that tell how well the modes explain the posterior, with few data and with many, and the
# degrees of freedom of the t that they are of.
JUDGED, FEWEST_JUDGED, TAILS = 1000, 250, 4.0
# Evaluations that it may take, for each draw of the run that it comes before.
EVALUATIONS = 4
# Where a result says what was found.
ATTRIBUTE = "exploration"
STREAM = 0xE0


@dataclass(frozen=True, eq=False)
class Explored:
    """What was found before chains start."""

    modes: list[Mode]  # no mirror images of each other, those of most mass first
    shares: np.ndarray  # (modes,) of the mass
    errors: np.ndarray  # (modes,): standard errors of the shares
    pareto_k: float  # of a Gaussian at each mode, with tails, as a proposal
    trusted: bool  # whether k says that these describe the posterior
    q: GaussianMixture  # the same
    points: np.ndarray  # (n, d): draws of these
    weights: np.ndarray  # (n,): what makes them stand for the posterior in one mirror mode
    folding: Folding
    evaluations: int
    climbs: int
    reached: int  # climbs that ended at the height of the best mode

    @property
    def dominates(self) -> bool:
        """Whether the Gaussians are as good as the posterior: weights vary little."""
        return self.pareto_k <= 0.5 and effective_share(self.weights) >= 0.5

    @property
    def record(self) -> dict[str, Any]:
        """What a result says of it."""
        return {
            "modes": len(self.modes),
            "log_density": [float(mode.height) for mode in self.modes],
            "share": [float(share) for share in self.shares],
            "share_error": [float(error) for error in self.errors],
            "pareto_k": float(self.pareto_k),
            "trusted": bool(self.trusted),
            "evaluations": int(self.evaluations),
            "climbs": int(self.climbs),
            "reached_best": int(self.reached),
        }


def explore(
    density: Any,
    symmetries: Symmetries,
    *,
    seed: int,
    budget: int,
) -> Explored | None:
    """Look for the modes of a posterior, with about so many evaluations.

    None where that is not possible: the density has no mode, or too many coordinates or mirror
    images.
    """
    if density.size > MOST_COORDINATES:
        return None
    # Compiled while the population is drawn in.
    compiling = Background(target=climber_of, args=(density,), kwargs={"exact": False})
    compiling.start()
    climbs = affordable(density, CLIMBS * EACH, FEWEST_CLIMBS * EACH, WORTH) // EACH
    starts = points_to_climb_from(density, None, climbs, seed)
    compiling.join()
    search = find_modes(
        density,
        starts.points,
        seed=seed,
        steps=STEPS,
        rounds=ROUNDS,
        moves=starts.moves,
        budget=budget,
        exact=False,
    )
    if not search.modes:
        return None
    rng = np.random.default_rng([seed, STREAM])
    try:
        folding = Folding.around(density, symmetries, search.modes[0].gaussian, seed)
    except ModelError:  # more mirror images than can be told apart
        return None
    modes = folded(search, density, folding.folded)
    q = mixture_of(density, modes, rng, folding.inside)
    crowd = _gaussian(folding.folded(starts.crowd))
    judged = _judged(density, q, folding, rng)
    if not judged.good and crowd is not None:
        # The mass may be away from all modes, as in the wide part of a funnel.
        q = weighed(density, q.beside(crowd, 0.5), rng, folding.inside)
        judged = _judged(density, q, folding, rng)
    kept = [k for k, mode in enumerate(modes) if (mode.position == q.centers).all(axis=1).any()]
    shares, errors = _shares([modes[k] for k in kept], q, judged)
    order = np.argsort(-shares, kind="stable")
    return Explored(
        [modes[kept[int(i)]] for i in order],
        shares[order],
        errors[order],
        judged.pareto_k,
        judged.good,
        q,
        judged.points,
        judged.weights,
        folding,
        starts.evaluations + search.evaluations,
        **search.counts,
    )


@dataclass(frozen=True, eq=False)
class _Judged:
    points: np.ndarray
    weights: np.ndarray
    pareto_k: float

    @property
    def good(self) -> bool:
        return believable(self.pareto_k, effective_share(self.weights))


def _judged(
    density: Any, q: GaussianMixture, folding: Folding, rng: np.random.Generator
) -> _Judged:
    count = affordable(density, JUDGED, FEWEST_JUDGED)
    points, log_q = q.with_tails(TAILS).draw(count, rng)
    heights = log_densities(density, points)
    heights = np.where(np.isfinite(heights) & folding.inside(points), heights, -np.inf)
    return _Judged(points, *smoothed(heights - log_q))


def _gaussian(points: np.ndarray) -> GaussianMixture | None:
    """Give the Gaussian with the moments of some points (n, d), if there is one."""
    if len(points) < 4 or not np.isfinite(points).all():
        return None
    try:
        return GaussianMixture.of(*moments(points))
    except np.linalg.LinAlgError:  # they are in one place
        return None


def _shares(
    modes: list[Mode], q: GaussianMixture, judged: _Judged
) -> tuple[np.ndarray, np.ndarray]:
    """Give the share of the mass about each mode, with its standard error."""
    if not modes:
        return np.zeros(0), np.zeros(0)
    away = np.stack([mode.gaussian.log_density(judged.points) for mode in modes])
    nearest = away.argmax(axis=0)
    shares = np.array([judged.weights[nearest == k].sum() for k in range(len(modes))])
    errors = np.array(
        [
            np.sqrt((judged.weights**2 * ((nearest == k) - share) ** 2).sum())
            for k, share in enumerate(shares)
        ]
    )
    return shares, errors
