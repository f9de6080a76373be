"""A model whose data are others is fitted again without compiling anything anew."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import aliquot as aq
from aliquot.compilation import owner_of

QUIET: dict[str, Any] = {"progressbar": False, "random_seed": 1}
USES: dict[str, Callable[[], object]] = {
    "laplace": lambda: aq.fit(method="laplace", check=False, **QUIET),
    "corrected": lambda: aq.fit(method="laplace", **QUIET).sample(50, corrected=True),
    "dadvi": lambda: aq.fit(method="dadvi", **QUIET),
    "fullrank": lambda: aq.fit(method="fullrank", **QUIET),
    "pathfinder": lambda: aq.fit(method="pathfinder", **QUIET),
    "advi": lambda: aq.fit(200, method="advi", **QUIET),
    "evidence": lambda: aq.log_evidence(aq.fit(method="laplace", **QUIET)),
    "mode": lambda: aq.find_map(random_seed=1),
    "own mode": lambda: aq.find_map(random_seed=1, jacobian=False),
    "NUTS": lambda: aq.sample(50, tune=50, chains=1, **QUIET),
}


def programs(model: aq.Model) -> dict[Any, Any]:
    """Give the programs that are kept with a model's log density."""
    stores = sys.modules["aliquot.compilation.kept"]._stores  # its package has a function kept
    return dict(stores[id(owner_of(model.density().log_density))].programs)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("use", USES)
def test_other_data_need_no_other_program(use: str, rng: np.random.Generator) -> None:
    with aq.Model() as model:
        data = aq.Data("data", rng.normal(size=20))
        x = aq.Normal("x", 0, 1, shape=2)
        w = aq.Beta("w", 5, 5)
        aq.NormalMixture("y", [w, 1 - w], x, 1, observed=data)
        USES[use]()
        first = programs(model)
        assert first
        for _ in range(2):
            model.set_data({"data": rng.normal(size=20)})
            USES[use]()
        # Those of before are there. What other data need for the first time may have come along.
        assert first.items() <= programs(model).items()
        assert id(model.density()) not in sys.modules["aliquot.compilation.kept"]._stores
