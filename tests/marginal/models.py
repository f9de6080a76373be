"""The table of models that drives the tests of summing out."""

from __future__ import annotations

from tests.marginal.case import Case
from tests.marginal.models_adversarial import adversarial
from tests.marginal.models_chains import chains
from tests.marginal.models_impossible import impossible
from tests.marginal.models_networks import networks
from tests.marginal.models_refused import refused
from tests.marginal.models_rows import rows
from tests.marginal.models_scalars import scalars
from tests.marginal.models_windows import windows

CASES: dict[str, Case] = {}
for _group in (rows, scalars, chains, networks, windows, impossible, adversarial, refused):
    for _case in _group.listed:
        if _case.name in CASES:
            raise ValueError(f"two models have the name {_case.name}")
        CASES[_case.name] = _case
