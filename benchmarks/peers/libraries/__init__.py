"""One file a library: its settings, its models, and how it is run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from benchmarks.peers.case import Case, Snapshot
from benchmarks.peers.libraries.sources import has_model, key_of

LIBRARIES: dict[str, tuple[str, ...]] = {
    "nuts": (
        "aliquot",
        "pymc",
        "pymc-marginal",
        "pymc-own",
        "nutpie",
        "numpyro",
        "blackjax",
        "stan",
    ),
    "sets": ("aliquot", "pymc", "nutpie", "numpyro", "blackjax"),
    "advi": ("aliquot", "aliquot-dadvi", "pymc", "pymc-extras", "numpyro"),
    "fit": ("aliquot-fit",),
}
"""Which libraries run a kind of case, as far as they have a model of it."""
HAND_WRITTEN = ("numpyro", "blackjax")
"""Those whose likelihoods are written by hand, in the forms that were fastest."""
TITLES = {
    "aliquot": "Aliquot",
    "aliquot-dadvi": "Aliquot, DADVI",
    "aliquot-fit": "Aliquot, fit",
    "pymc": "PyMC",
    "pymc-extras": "pymc-extras",
    "pymc-marginal": "pymc-extras, marginalize",
    "pymc-own": "PyMC, own NUTS",
    "nutpie": "nutpie",
    "numpyro": "NumPyro",
    "blackjax": "BlackJAX",
    "stan": "Stan",
}


def ours(library: str) -> bool:
    """Say whether it is Aliquot, in one of its ways."""
    return library.partition("-")[0] == "aliquot"


def libraries_of(case: Case) -> list[str]:
    """Name all that run a case."""
    return [
        library
        for kind in case.kinds
        for library in LIBRARIES[kind]
        if kind != "nuts" or has_model(library, case.name)
    ]


def snapshot(
    case: Case, seconds: float, mean: np.ndarray, sd: np.ndarray, logit: float = 1.0
) -> Snapshot:
    """Note where a fit is, in the case's coordinates.

    `logit` is what a library's coordinate of a probability is multiplied by to be its logit.
    """
    factor = np.where(np.arange(len(mean)) < case.logits, logit, 1.0)
    return seconds, (factor * mean).tolist(), (factor * sd).tolist()


def module_name(library: str) -> str:
    """Give the module that runs a library."""
    return f"benchmarks.peers.libraries.{library.replace('-', '_')}"


def builder(models: Mapping[str, Callable[..., Any]], case: str) -> Callable[..., Any] | None:
    """Find a case's model: under its own name, else under what stands before the last number."""
    key = key_of(models, case)
    return None if key is None else models[key]
