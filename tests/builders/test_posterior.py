"""Which of several numbers of components is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import aliquot as aq
from aliquot.builders import posterior as module
from aliquot.builders.columns import Column
from aliquot.builders.mixture import arrays, mixture
from aliquot.errors import FitError

COLUMNS = [Column("a", "normal")]


@pytest.fixture
def data(rng: np.random.Generator) -> dict[str, Any]:
    return arrays(
        COLUMNS, np.concatenate([rng.normal(-1, 0.1, 20), rng.normal(1, 0.1, 20)])[:, None]
    )


def test_after_an_interrupt_what_has_draws_is_kept(data, monkeypatch):
    whole = aq.compare_components

    def interrupted(*arguments: Any, **more: Any) -> aq.ComponentComparison:
        found = whole(*arguments, **more)
        assert found.best == 2
        rows = [replace(row, trace=None) if row.components == 2 else row for row in found.rows]
        return aq.ComponentComparison(tuple(rows), found.prior, partial=True)

    monkeypatch.setattr(module, "compare_components", interrupted)
    found = module.posterior_of(mixture(COLUMNS), data, [1, 2], draws=120, seed=1)
    assert found.components == 1
    assert "w" in found.trace.posterior


def test_components_ascend_and_what_fails_is_told(data):
    found = module.posterior_of(mixture(COLUMNS), data, [2], draws=120, seed=1)
    assert (np.diff(found.trace.posterior["mu"].mean(("chain", "draw")).values[:, 0]) > 1).all()
    with pytest.raises(FitError, match=r"no number of components could be fitted. KeyError: 'x'"):
        module.posterior_of(mixture(COLUMNS), {"y": data["x"]}, [1, 2], draws=120, seed=1)
