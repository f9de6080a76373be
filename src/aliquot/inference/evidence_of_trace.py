"""The evidence of a model from draws of its posterior: bridge sampling."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from aliquot.diagnostics.statistics import effective_size, split_rhat
from aliquot.errors import ModelError, SupportError
from aliquot.evidence import LogEvidence, of_draws, of_exact, of_ladder, thirds_of, together
from aliquot.inference.draws import in_chains
from aliquot.inference.folding import Folding
from aliquot.inference.permute import unconstrained
from aliquot.inference.posterior import continuous_values, named_draws, posterior_of
from aliquot.inference.prior_product import notes_on, refuse_improper
from aliquot.inference.same_data import refuse_other_data
from aliquot.model import Model
from aliquot.symmetry import Symmetries
from aliquot.variational.heights import log_densities
from aliquot.variational.importance import Estimate

# The centre of a cell is the highest of so many draws.
LOOKED_AT = 1000
# Chains are cut into thirds, of which autocorrelations are asked for.
FEWEST_DRAWS = 30
# A coordinate that is the greatest or the least of all in so many draws, and on so many separate
# visits, was rounded. A chain that stays at a point visits it once, whatever its mirror images.
ROUNDED, VISITS = 0.005, 3
# Two mirror images of one point are folded onto each other but for rounding.
SAME_POINT = 1e-6


def evidence_of_trace(trace: Any, model: Model, rng: np.random.Generator, user: str) -> LogEvidence:
    """Bridge a trace's draws; what has no evidence, or is not of the model, is refused."""
    posterior = posterior_of(trace, user)
    refuse_improper(model, user)
    _refuse_approximate(trace, user)
    refuse_other_data(trace, model, user)
    density = model.density()
    if density.size == 0:
        return of_exact(density.evaluate(np.empty(0)), notes_on(model))
    if (along := _along_a_ladder(trace, model)) is not None:
        return along
    sizes = posterior.sizes["chain"], posterior.sizes["draw"]
    if sizes[0] == 0 or sizes[1] < FEWEST_DRAWS:
        raise ModelError(
            f"{user}: the posterior has {sizes[0]} chain{'' if sizes[0] == 1 else 's'} of "
            f"{sizes[1]} draws, and {FEWEST_DRAWS} a chain are needed at least: each third of them "
            "makes a proposal for the next. Sample longer"
        )
    values = in_chains(continuous_values(model, posterior), *sizes)
    points = unconstrained(density, values)
    symmetries = model.symmetries()
    cell = _around_the_highest(density, symmetries, points.reshape(-1, density.size))
    images = cell.folded(points.reshape(-1, density.size)).reshape(points.shape)
    moved = _moved(images)
    for seen in (points, images):
        _refuse_at_bounds(density, seen, moved, user)
    points = images
    heights = log_densities(density, points.reshape(-1, density.size)).reshape(sizes)
    _refuse_without_density(heights, user)
    thirds = thirds_of(density, points, heights, _worth, rng, cell.inside)
    return of_draws(
        together(thirds),
        cell.images,
        _rhat(np.concatenate([third.function for third in thirds], axis=1)),
        notes_on(model, symmetries),
    )


def _along_a_ladder(trace: Any, model: Model) -> LogEvidence | None:
    """Give what a tempered run has found on the way, ``None`` where it has found nothing."""
    attrs = trace.attrs
    if attrs.get("sampler") != "tempered" or "log_evidence" not in attrs:
        return None
    return of_ladder(
        Estimate(attrs["log_evidence"], attrs["log_evidence_error"]),
        attrs["log_evidence_effective"],
        attrs["log_evidence_rhat"],
        json.loads(attrs["round_trips"]),
        len(json.loads(attrs["beta"])),
        notes_on(model),
    )


def _around_the_highest(density: Any, symmetries: Symmetries, points: np.ndarray) -> Folding:
    """Give the cell around the highest of some draws (n, d)."""
    if symmetries:
        points = points[np.unique(np.linspace(0, len(points) - 1, LOOKED_AT).astype(int))]
        heights = log_densities(density, points)
        points, heights = points[np.isfinite(heights)], heights[np.isfinite(heights)]
        points = points[np.argsort(-heights, kind="stable")]
    return Folding(density, symmetries if len(points) else Symmetries(), points)


def _worth(function: np.ndarray) -> float:
    """Say how many independent draws those of (chains, draws) are worth, for their mean."""
    return float(effective_size(function[None])[0]) if np.isfinite(function).all() else np.nan


def _rhat(function: np.ndarray) -> float:
    """Compute R-hat of (chains, draws), which are bounded: without ranks."""
    return float(split_rhat(function[None])[0])


def _refuse_approximate(trace: Any, user: str) -> None:
    attrs = trace.attrs
    if "iterations" in attrs and "tuning_steps" not in attrs and not attrs.get("corrected"):
        raise ModelError(
            f"{user}: these draws are those of an approximation ({attrs.get('sampler')}), from "
            "which no bridge leads to the posterior. Give the approximation itself, as aq.fit "
            "returns it, its draws with corrected=True, or draws of aq.sample"
        )


def _moved(images: np.ndarray) -> np.ndarray:
    """Say of draws (chains, draws, d), folded, which are not where the one before is."""
    with np.errstate(invalid="ignore"):  # of infinite ones, which are refused
        step = np.abs(np.diff(images, axis=1)) > SAME_POINT * (1 + np.abs(images[:, 1:]))
    first = np.ones((len(images), 1), bool)
    return np.concatenate([first, step.any(axis=-1)], axis=1)


def _refuse_at_bounds(density: Any, points: np.ndarray, moved: np.ndarray, user: str) -> None:
    """Refuse draws (chains, draws, d) that were rounded to a bound of their support.

    Of these it is not known where on the unconstrained scale they were. `moved` says which are at
    another point than the draw before.
    """
    for slot in density.slots:
        own = points[..., slot.start : slot.stop]
        lost = ~np.isfinite(own).all(axis=-1)
        for extreme in (own.min(axis=(0, 1)), own.max(axis=(0, 1))):
            there = own == extreme
            begins = there & moved[..., None]
            begins[:, 1:] &= ~there[:, :-1]
            atoms = there.mean(axis=(0, 1)) > ROUNDED
            atoms &= begins.sum(axis=(0, 1)) >= VISITS
            lost |= there[..., atoms].any(axis=-1)
        if lost.any():
            raise SupportError(
                f"{user}: in {int(lost.sum()):,} of {lost.size:,} draws, such as "
                f"{named_draws(lost)}, {slot.variable.name} or its mirror image is nearer to a "
                "bound of its support than a number can be, so that it is not known where it was. "
                "Give the approximation that aq.fit returns in place of draws, or "
                f"{slot.variable.name} a prior with less mass next to its bounds"
            )


def _refuse_without_density(heights: np.ndarray, user: str) -> None:
    wrong = ~np.isfinite(heights)
    if wrong.any():
        raise ModelError(
            f"{user}: the model's density is zero or no number in {int(wrong.sum()):,} of "
            f"{wrong.size:,} draws, such as {named_draws(wrong)}: is the trace of another model or "
            "of other data?"
        )
