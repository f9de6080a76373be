"""An approximation as arrays by name, without its model, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from aliquot.inference.approximation import Approximation
from aliquot.inference.described import described
from aliquot.inference.folding import Folding
from aliquot.model import Model
from aliquot.variational import Estimate, FitQuality
from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.gaussians.parts import from_parts, to_parts

_WORDS = ("method", "family", "seed", "partial", "stopped", "permuting")
_ESTIMATES = ("elbo", "evidence")


def to_arrays(approx: Approximation) -> dict[str, np.ndarray]:
    """Give all of an approximation that does not come from its model."""
    words: dict[str, Any] = {name: getattr(approx, name) for name in _WORDS}
    words["quality"] = None if approx.quality is None else asdict(approx.quality)
    result = {"words": np.array(json.dumps(words, default=_number)), "hist": approx.hist}
    around = None if approx.folding is None else approx.folding.origin
    mixtures = {"q": approx.q, "mean_field": approx.mean_field, "around": around}
    for name, mixture in mixtures.items():
        if mixture is not None:
            result |= {f"{name}/{part}": array for part, array in to_parts(mixture).items()}
    return result


def from_arrays(arrays: Mapping[str, np.ndarray], model: Model) -> Approximation:
    """Put a model beside what was kept of its approximation."""
    words = json.loads(str(arrays["words"]))
    density, symmetries = model.density(), model.symmetries(explain=False)
    q, around = _mixture(arrays, "q"), _mixture(arrays, "around")
    assert q is not None
    quality = words.pop("quality")
    return Approximation(
        **words,
        density=density,
        q=q,
        mean_field=_mixture(arrays, "mean_field"),
        hist=arrays["hist"],
        quality=None if quality is None else _quality(quality),
        model=model,
        symmetries=symmetries,
        folding=None
        if around is None
        else Folding.around(density, symmetries, around, words["seed"]),
        _described=described(model),
    )


def _mixture(arrays: Mapping[str, np.ndarray], which: str) -> GaussianMixture | None:
    prefix = f"{which}/"
    parts = {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
    return from_parts(parts) if parts else None


def _quality(said: Mapping[str, Any]) -> FitQuality:
    estimates = {k: Estimate(*said[k]) for k in _ESTIMATES if said[k] is not None}
    return FitQuality(**{**said, **estimates, "tried": tuple(said["tried"])})


def _number(value: Any) -> Any:
    """Give JSON what NumPy calls a number."""
    return value.item()
