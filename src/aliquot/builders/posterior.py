"""The posterior of a written model: how many components, draws of it, one labelling."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.builders.ascending import ascending
from aliquot.builders.text import ModelText
from aliquot.errors import (
    AliquotWarning,
    ConvergenceWarning,
    FitError,
    ImputationWarning,
    ModelError,
    warn,
)
from aliquot.inference.compare_components import compare_components
from aliquot.inference.comparison import ComponentComparison
from aliquot.inference.relabel import relabel
from aliquot.model import Model

if TYPE_CHECKING:
    import xarray

# Numbers of components are tried until the log evidence is lower by so many nats.
PATIENCE = 3.0


@dataclass(frozen=True, eq=False)
class Posterior:
    """What is known of a table under a written model."""

    components: int
    model: Model
    trace: xarray.DataTree  # relabelled
    comparison: ComponentComparison
    message: str  # what is to be said of its quality; empty where all is well


def posterior_of(
    written: ModelText,
    data: Mapping[str, Any],
    numbers: Sequence[int],
    *,
    draws: int,
    seed: int,
    progressbar: bool = False,
) -> Posterior:
    """Fit a written model with each number of components, and keep the most probable one.

    Raises
    ------
    FitError
        Where no number could be fitted, with the reason.
    """
    found = compare_components(
        lambda components: quietly(written, data, components),
        numbers,
        draws=draws,
        patience=PATIENCE,
        predictive=False,
        random_seed=seed,
        progressbar=progressbar,
    )
    # After an interrupt the most probable number may have no draws yet.
    drawn = [row for row in found.rows if row.trace is not None and np.isfinite(row.value)]
    if not drawn:
        raise FitError(f"no number of components could be fitted. {found.rows[-1].message}")
    row = next((row for row in drawn if row.components == found.best), None)
    if row is None:
        row = max(drawn, key=lambda each: each.value + np.log(found.prior[each.components]))
    assert row.trace is not None
    assert row.model is not None
    trace, model = row.trace, row.model
    if row.components > 1:
        with warnings.catch_warnings():
            # Of labels that stay in doubt predictions say themselves: they are averages over draws.
            warnings.simplefilter("ignore", AliquotWarning)
            trace = _relabelled(trace, model)
        if written.columns:
            trace = ascending(trace, model, written.columns)
    message = row.message
    if row.evidence is not None and not row.evidence.good and len(numbers) > 1:
        message = f"{message} {row.evidence.message}".strip()
    return Posterior(row.components, model, trace, found, message)


def _relabelled(trace: xarray.DataTree, model: Model) -> xarray.DataTree:
    """Give components their labels back: by rows, or by parameters where rows tell none apart."""
    try:
        return relabel(trace, model)
    except ModelError:
        return relabel(trace, model, method="pivot")


def quietly(written: ModelText, data: Mapping[str, Any], components: int) -> Model:
    """Build a model; that values are missing has been said before, or is nothing to be told of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImputationWarning)
        return written.build(data, components)


def tell(posterior: Posterior, name: str) -> None:
    """Warn where a posterior should not be trusted yet."""
    if posterior.message:
        warn(
            f"{name}: {posterior.message} (draws= is the estimator's own; other settings are those "
            "of aq.sample(model=found.model_), where found is the estimator)",
            ConvergenceWarning,
        )
