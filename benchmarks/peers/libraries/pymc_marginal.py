"""pymc-extras: discrete variables of PyMC models summed out by `marginalize`."""

from __future__ import annotations

import warnings

from benchmarks.peers.case import Case, Data, Sampler
from benchmarks.peers.libraries import builder
from benchmarks.peers.libraries.pymc import CHECKS, nuts
from benchmarks.peers.libraries.pymc_extras import VERSION

__all__ = ["CHECKS", "SETTINGS", "VERSION", "prepare"]

SETTINGS = (
    "PyMC models with their discrete variables written out, `marginalize`, and `pm.sample` with "
    "its defaults, as PyMC. On the cases whose models it takes."
)


def prepare(case: Case, data: Data) -> Sampler:
    import pymc as pm
    import pymc_extras

    from benchmarks.peers.libraries.pymc_marginal_models import MODELS

    build = builder(MODELS, case.name)
    assert build is not None
    with pm.Model() as model:
        build(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = pymc_extras.marginalize(model, ["z"])
    return nuts("nutpie", case, model)
