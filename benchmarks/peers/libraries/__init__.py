"""One file a library: its settings, its models, and how it is run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

LIBRARIES: dict[str, tuple[str, ...]] = {
    "nuts": ("aliquot", "pymc", "pymc-own", "nutpie", "numpyro", "blackjax", "stan"),
    "advi": ("aliquot", "pymc", "numpyro"),
}
"""Which libraries run a kind of case."""
TITLES = {
    "aliquot": "Aliquot",
    "pymc": "PyMC",
    "pymc-own": "PyMC, own NUTS",
    "nutpie": "nutpie",
    "numpyro": "NumPyro",
    "blackjax": "BlackJAX",
    "stan": "Stan",
}


def module_name(library: str) -> str:
    """Give the module that runs a library."""
    return f"benchmarks.peers.libraries.{library.replace('-', '_')}"


def builder(models: Mapping[str, Callable[..., Any]], case: str) -> Callable[..., Any] | None:
    """Find a case's model: under its own name, else under what stands before the last number."""
    name = case.removeprefix("advi-")
    return models.get(name) or models.get(name.partition("-")[0])
