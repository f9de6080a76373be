"""Deterministic fits with a store, which holds what they were told and what they gave."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aliquot.inference.approximation import Approximation
from aliquot.inference.choosing import choose
from aliquot.inference.deterministic import Fitting
from aliquot.inference.stored_fit import StoredFit


def fit_with(
    path: Path, fitting: Fitting, method: str | None, start: Mapping[str, Any] | None
) -> Approximation:
    """Fit, with a store that is made for it; without a `method` one is chosen."""
    options = {
        "method": method,
        "seed": fitting.seed,
        "restarts": fitting.restarts,
        "label_switching": "permute" if fitting.permuting else None,
        "check": fitting.check,
    }
    state = {f"start/{name}": np.asarray(value) for name, value in (start or {}).items()}
    stored = StoredFit.begin(path, fitting.model, fitting.density, options, state)
    try:
        return fit_into(stored, fitting, method)
    finally:
        stored.close()


def fit_into(stored: StoredFit, fitting: Fitting, method: str | None) -> Approximation:
    """Fit, and write the result to a store once there is one."""
    approx = choose(fitting, warned=False) if method is None else fitting.run(method, warned=False)
    if not approx.partial:
        stored.finish(approx)  # before anything is said: warnings may be errors
    fitting.judge(approx)
    return approx
