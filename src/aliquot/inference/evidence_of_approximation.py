"""The evidence of a model from an approximation of its posterior: importance sampling."""

from __future__ import annotations

import numpy as np

from aliquot.errors import ModelError
from aliquot.evidence import LogEvidence, importance, of_proposal
from aliquot.inference.approximation import Approximation
from aliquot.inference.corrected import proposal_of, weighted
from aliquot.inference.prior_product import notes_on, refuse_improper
from aliquot.model import Model
from aliquot.variational.heights import affordable

# Draws at most.
MOST = 64_000
# No more are drawn where the error, in nats, is below.
SMALL_ERROR = 0.02
# The most draws times numbers in the data, but for the first draws.
MOST_NUMBERS = 2_000_000_000


def evidence_of_approximation(
    approx: Approximation, model: Model | None, rng: np.random.Generator, user: str
) -> LogEvidence:
    """Weigh draws of an approximation, more of them until the error is small."""
    if model is not None and model is not approx.model:
        raise ModelError(
            f"{user}: the approximation is of another model than model=. It knows its own: leave "
            "model= out"
        )
    refuse_improper(approx.model, user)
    proposal, first = proposal_of(approx.density, approx.one_mode, approx.q, rng)
    most = affordable(approx.density, MOST, first.log_ratios.size, worth=MOST_NUMBERS)
    log_ratios = first.log_ratios
    found = importance(log_ratios)
    while not found.estimate.mcse < SMALL_ERROR and 2 * log_ratios.size <= most:
        more = weighted(approx.density, approx.one_mode, proposal, log_ratios.size, rng).log_ratios
        log_ratios = np.concatenate([log_ratios, more])
        found = importance(log_ratios)
    notes = notes_on(approx.model, approx.symmetries)
    return of_proposal(found, log_ratios.size, approx.one_mode.images, notes)
