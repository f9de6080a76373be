"""Components without rows are named where something looks wrong."""

from __future__ import annotations

import json

import numpy as np
import pytest

import aliquot as aq
from aliquot.inference.empty_components import empty_components
from aliquot.results import build_tree
from tests.seeds import fixed


@pytest.mark.parametrize("written", ["mixture", "labels"])
def test_a_component_far_from_the_data_is_found(written: str) -> None:
    rng = fixed(1)
    data = rng.normal(np.array([3.5, 6.5])[rng.integers(0, 2, 100)], 0.3)
    with aq.Model() as model:
        means = aq.Normal("means", 0, 100, shape=2, transform=aq.transforms.ordered)
        if written == "mixture":
            aq.NormalMixture("y", [0.5, 0.5], means, 1.5, observed=data)
        else:
            z = aq.Bernoulli("z", 0.5, shape=100)
            aq.Normal("y", means[z], 1.5, observed=data)
            aq.Bernoulli("one", 0.5)  # a single element is no label
    name = "y" if written == "mixture" else "z"
    values = {"means": np.tile([-90.0, 5.0], (3, 40, 1))}
    values["means"][1] = [3.5, 6.5]
    assert empty_components(model.density(), values) == {name: [[0], [], [0]]}
    values["means"][:] = [3.5, 6.5]
    assert empty_components(model.density(), values) == {}


def test_it_is_said() -> None:
    draws = np.random.default_rng(0).normal(size=(2, 500))
    attrs = {"empty_components": json.dumps({"z": [[0, 2], []]})}
    check = aq.check(build_tree(posterior={"x": draws}, attrs=attrs))
    (record,) = check.records
    assert (record.kind, record.variable, record.value) == ("empty_component", "z", 2)
    assert "Components of z without rows: components 0 and 2 in chain 0." in record.message
    assert not check.ok


def test_nothing_is_looked_for_where_all_is_well() -> None:
    with aq.Model() as model:
        aq.Normal("x", 0, 1)
    trace = aq.sample(random_seed=1, model=model, progressbar=False)
    assert "empty_components" not in trace.attrs
