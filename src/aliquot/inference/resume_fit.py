"""Go on with a fit that has a store, or give what it gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aliquot.arguments import whole_number
from aliquot.blas import on_one_thread
from aliquot.errors import AliquotWarning, ConvergenceWarning, ModelError, warn
from aliquot.inference.advi import ADVI, FullRankADVI
from aliquot.inference.approximation import Approximation
from aliquot.inference.deterministic import Fitting
from aliquot.inference.identity import identity, refuse_other
from aliquot.inference.initialisation import continuous_density
from aliquot.inference.stored_deterministic import fit_into
from aliquot.inference.stored_fit import StoredFit, read_criterion, record_from_arrays
from aliquot.model import Model
from aliquot.storage import FitStore

STOCHASTIC = {kind.__name__: kind for kind in (ADVI, FullRankADVI)}


@on_one_thread
def resume_fit(
    path: Path,
    model: Model,
    user: str,
    *,
    iterations: int | None,
    optimizer: Any,
    callbacks: Sequence[Any],
    progressbar: bool,
) -> Approximation:
    """Do what `resume` does, for a fit."""
    stored = StoredFit(FitStore.open(path))
    try:
        density = continuous_density(model, user)
        refuse_other(stored.store.description["identity"], identity(model, density), user)
        if stored.store.dropped:
            warn(
                f"{path}: the last state of the fit is damaged. It goes on from the one before: "
                "the same comes out",
                AliquotWarning,
            )
        kind = STOCHASTIC.get(str(stored.options["method"]))
        if kind is not None:
            return _stochastic(
                kind, stored, model, user, iterations, optimizer, callbacks, progressbar
            )
        for name, given in {
            "iterations": iterations is not None,
            "optimizer": optimizer is not None,
            "callbacks": bool(callbacks),
        }.items():
            if given:
                raise ModelError(
                    f"{user}: {name}= is of no use to the fit in {path}, which is deterministic: "
                    "leave it out"
                )
        return _deterministic(stored, model, progressbar)
    finally:
        stored.close()


def _deterministic(stored: StoredFit, model: Model, progressbar: bool) -> Approximation:
    approx = stored.result(model)
    options = stored.options
    if approx is not None:
        return _told(approx, f"{approx.method}: ")
    start: dict[str, np.ndarray] = {
        name.removeprefix("start/"): value for name, value in stored.store.state.items()
    }
    fitting = Fitting(
        model,
        options["seed"],
        progressbar=progressbar,
        start=start or None,
        restarts=options["restarts"],
        label_switching=options["label_switching"],
        check=options["check"],
    )
    return fit_into(stored, fitting, options["method"])


def _stochastic(
    kind: type[ADVI],
    stored: StoredFit,
    model: Model,
    user: str,
    iterations: int | None,
    optimizer: Any,
    callbacks: Sequence[Any],
    progressbar: bool,
) -> Approximation:
    options = stored.options
    record = record_from_arrays(stored.store.state)
    if iterations is not None:
        iterations = whole_number("iterations", iterations)
        least = record.done if record.stopped else options["iterations"]
        if iterations < least:
            raise ModelError(
                f"{user}: the fit has, or is to have, {least:,} iterations, and iterations="
                f"{iterations:,} is fewer. Iterations are not taken back"
            )
        if record.stopped is None or iterations > record.done:
            options["iterations"] = iterations
        if record.stopped is not None and iterations > record.done:
            # What has ended it had its say; now it is to have so many.
            options |= {"convergence": None, "callbacks": 0}
            callbacks = ()
            record = record._replace(stopped=None)
    if options == stored.options and (approx := stored.result(model)) is not None:
        return _told(approx, "")
    _refuse_other_functions(options, user, optimizer, bool(callbacks or record.stopped))
    batches = options.get("batches")  # stores from before there were any have none
    advi = kind(
        model=model,
        random_seed=options["seed"],
        optimizer=optimizer,
        n_samples=options["n_samples"],
        label_switching=options["label_switching"],
        batch_size=batches and batches["batch_size"],
    )
    if advi._batches_described != batches:
        raise ModelError(
            f"{user}: the rows would come in other batches than those that the fit was begun with: "
            f"{batches} then, {advi._batches_described} now. Begin it anew"
        )
    advi._go_to(record, None if optimizer is None else options["optimizer"]["step"])
    if options != stored.options:
        stored.change(**options)
        stored.record(record)
    return advi._go_on(stored, callbacks, read_criterion(options["convergence"]), progressbar)


def _refuse_other_functions(
    options: Mapping[str, Any], user: str, optimizer: Any, called: bool
) -> None:
    """Refuse to go on without what a store cannot hold."""
    if optimizer is None and options["optimizer"] is not None:
        raise ModelError(
            f"{user}: the fit was begun with an optimizer of its own, which a store cannot hold. "
            "Give it again: optimizer="
        )
    if optimizer is not None and options["optimizer"] is None:
        raise ModelError(
            f"{user}: the fit was begun with the default optimizer. Leave optimizer= out"
        )
    if options["callbacks"] and not called:
        raise ModelError(
            f"{user}: the fit was begun with callbacks, which a store cannot hold. Give them "
            "again: callbacks="
        )


def _told(approx: Approximation, who: str) -> Approximation:
    """Say of a fit that is read what was said of it when it ended."""
    if approx.quality is not None and not approx.quality.good:
        warn(f"{who}{approx.quality.message}", ConvergenceWarning)
    return approx
