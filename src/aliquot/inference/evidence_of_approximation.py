"""The evidence of a model from an approximation of its posterior: importance sampling."""

from __future__ import annotations

from typing import Any

import numpy as np

from aliquot.errors import ModelError
from aliquot.evidence import LogEvidence, importance, of_proposal, weigh
from aliquot.inference.approximation import Approximation
from aliquot.inference.one_cell import LOOKED_AT, OneCell
from aliquot.inference.prior_product import notes_on, refuse_improper
from aliquot.model import Model

# Degrees of freedom of the proposal's tails, which have to be heavier than the posterior's.
TAILS = 10.0
# Draws, from the first try to the last.
FIRST, MOST = 4_000, 64_000
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
    density: Any = approx.density
    proposal = approx.q.with_tails(min(approx.q.tails, TAILS))
    cell = OneCell.around(density, approx.symmetries, proposal.draw(LOOKED_AT, rng)[0])
    numbers = sum(np.size(array) for array in density.data.values())
    most = int(np.clip(MOST_NUMBERS // max(numbers, 1), FIRST, MOST))
    log_ratios = weigh(density, proposal, FIRST, rng, cell.inside)
    found = importance(log_ratios)
    while not found.estimate.mcse < SMALL_ERROR and 2 * log_ratios.size <= most:
        more = weigh(density, proposal, log_ratios.size, rng, cell.inside)
        log_ratios = np.concatenate([log_ratios, more])
        found = importance(log_ratios)
    notes = notes_on(approx.model, approx.symmetries)
    return of_proposal(found, log_ratios.size, cell.images, notes)
