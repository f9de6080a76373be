"""Where a tempered run's ladder begins: at the model's prior, or at a fit."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import jax
import numpy as np

from aliquot.compilation import lazily
from aliquot.density.chunks import in_chunks
from aliquot.density.prior import log_prior
from aliquot.errors import FitError, ModelError
from aliquot.exploration import points_to_climb_from
from aliquot.inference import forward
from aliquot.inference.approximation import Approximation
from aliquot.inference.draws import random_keys
from aliquot.inference.predict import MOST_COMPILED
from aliquot.inference.prior_product import refuse_improper, restricted
from aliquot.model import Model
from aliquot.model.variables import FreeVariable
from aliquot.precision import float64
from aliquot.storage import RunStore
from aliquot.tempering.reference import LadderReference, MixtureReference
from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.gaussians.parts import from_parts, to_parts
from aliquot.variational.gaussians.scale import Diagonal
from aliquot.variational.modes.search import find_modes

# What it is called in results, and in a store.
PRIOR, AROUND_MODES = "the prior", "a fit around the modes"
_KEPT = "reference"
# A fit's tails are those of a t with so many degrees of freedom, so that where the posterior
# reaches further it is not missed.
TAILS = 4.0
# Climbs to modes, besides the one from the start point.
CLIMBS = 15
# Modes that are part of a reference at most, and how many nats below the best one a mode's mass is
# counted for at least: masses by Laplace's method are rough.
MOST_MODES, LEAST = 20, 3.0
# What is not near a mode is reached by one wide member: its weight, and its standard deviations in
# units of those of all modes and starts.
WIDE, WIDER = 0.2, 3.0
# The standard deviations of a normal distribution between its quartiles.
_QUARTILES = 1.349
# Prior draws that are looked at before it is relied on.
LOOKED_AT = 256


def reference_of(
    model: Model,
    density: Any,
    given: Approximation | None,
    seed: int,
    store: RunStore | None = None,
) -> tuple[LadderReference, str]:
    """Give the reference of a model, and what to call it in the results.

    An approximation where one is given; the prior, where it is normalised and can be drawn from and
    something else besides it makes the posterior; else a fit. A `store` keeps that: on another
    machine climbs may end elsewhere, and the ladder of a run that goes on begins where it began.
    """
    if given is not None:
        return MixtureReference(given.q.with_tails(TAILS), "a fit"), f"a fit by {given.method}"
    kept = None if store is None else store.kept(_KEPT)
    if kept is not None:
        return MixtureReference(from_parts(kept), "a fit"), AROUND_MODES
    prior = _prior(model, density)
    if prior is not None:
        return prior, PRIOR
    q = _around_modes(density, seed)
    if store is not None:
        store.keep(_KEPT, to_parts(q))
    return MixtureReference(q, "a fit"), AROUND_MODES


class PriorReference:
    """The prior of a model, of which all free variables can be drawn one after another."""

    name = PRIOR

    def __init__(self, model: Model, density: Any, traced: Any) -> None:
        self.data: Any = traced.data
        self.log_density = traced.function
        self._density = density
        free = {v.name: v for v in model.free if isinstance(v, FreeVariable)}
        only: Any = SimpleNamespace(variables=free, data=model.data)
        self._names = [slot.variable.name for slot in density.slots]
        simulate = forward.simulator(only, self._names)
        self._leaves = {leaf.name: leaf.value for leaf in model.data}

        def one(key: Any, data: Any) -> dict[str, Any]:
            drawn = simulate(jax.random.wrap_key_data(key), {}, data)
            values = {name: drawn[name] for name in self._names}
            valid = [v for name, v in drawn.items() if name.startswith(forward.VALID)]
            flat = density.flatten(values, data | own)
            return {"flat": _where(valid, flat)}

        own = density.data
        rows = jax.vmap(one, in_axes=(0, None))
        self._one, self._rows = one, rows if len(free) > MOST_COMPILED else lazily(rows)

    def draw(self, count: int, stream: tuple[int, ...]) -> np.ndarray:
        """Draw (count, d) independently; NaN where what is drawn leaves parameters out of range."""
        seed = int(np.random.SeedSequence(stream).generate_state(1, np.uint64)[0] >> 1)
        with float64():
            keys = random_keys(seed, count)
            return in_chunks(self._rows, self._one, keys, self._leaves)["flat"]


def _where(valid: list[Any], flat: Any) -> Any:
    for flag in valid:
        flat = jax.numpy.where(flag, flat, np.nan)
    return flat


def _prior(model: Model, density: Any) -> LadderReference | None:
    """Give the prior, or ``None`` where a ladder cannot begin there."""
    # Without data or a potential it is the posterior itself, modes and all.
    if not (model.observed or model.potentials):
        return None
    try:
        refuse_improper(model, "aq.sample")
        forward.check_simulable(model)
    except ModelError:
        return None
    if any(isinstance(v, FreeVariable) and restricted(v) for v in model.free):
        return None
    traced = log_prior(density)
    if traced is None:
        return None
    prior = PriorReference(model, density, traced)
    return prior if _exact(prior.draw(LOOKED_AT, (LOOKED_AT,))) else None


def _exact(points: np.ndarray) -> bool:
    """Say whether draws (n, d) of the prior look like draws of its density.

    Parameters out of range give NaN. A value that is nearer to a bound than a number can be is
    rounded, so that several are the greatest or the least of all.
    """
    if not np.isfinite(points).all():
        return False
    ends = np.stack([points.min(axis=0), points.max(axis=0)])
    return bool(((points == ends[:, None]).sum(axis=1) == 1).all())


def _around_modes(density: Any, seed: int) -> GaussianMixture:
    """Give t distributions at all modes that climbs find, and a wide one around them."""
    found = points_to_climb_from(density, None, CLIMBS, seed)
    starts = found.points
    try:
        modes = find_modes(density, starts, seed=seed, moves=found.moves).modes
    except FitError:
        modes = []
    modes = sorted(modes, key=lambda mode: -mode.log_mass)[:MOST_MODES]
    rng = np.random.default_rng([seed, 19])
    seen = [np.stack(starts), *(mode.gaussian.draw(len(starts), rng)[0] for mode in modes)]
    points = np.concatenate(seen)
    low, middle, high = np.quantile(points, [0.1, 0.5, 0.9], axis=0)
    # Of two modes far apart, most points may be at one: the outer tenths see both.
    std = WIDER * np.maximum((high - low) / 2.0, 0.5)
    wide = GaussianMixture.of(0.5 * (low + high) if modes else middle, Diagonal(std))
    if not modes:
        return wide.with_tails(TAILS)
    masses = np.array([mode.log_mass for mode in modes])
    masses = np.maximum(masses, masses.max() - LEAST)
    masses -= np.logaddexp.reduce(masses)
    members = [mode.gaussian for mode in modes]
    weights = np.append(masses + np.log1p(-WIDE), np.log(WIDE))
    return GaussianMixture.joined([*members, wide], weights).with_tails(TAILS)
