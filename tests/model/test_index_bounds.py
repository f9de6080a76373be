"""An index by a discrete variable must be in bounds in each of the variable's states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import aliquot as aq

CHAIN = np.full((3, 3), 1 / 3)

INDICES: dict[str, tuple[Callable[[], Any], str, int]] = {
    "categorical": (lambda: aq.Categorical("z", np.full(3, 1 / 3), shape=5), "0 to 2", 3),
    "scalar": (lambda: aq.Categorical("z", np.full(3, 1 / 3)), "0 to 2", 3),
    "bernoulli": (lambda: aq.Bernoulli("z", 0.3, shape=5), "0 to 1", 2),
    "chain": (lambda: aq.MarkovChain("z", CHAIN, steps=5), "0 to 2", 3),
    "by row": (lambda: aq.Binomial("z", [1, 4], 0.5), "0 to 4", 5),
    "data as a bound": (
        lambda: aq.DiscreteUniform("z", 1, aq.Data("last", [2, 3]) + 1),
        "1 to 4",
        5,
    ),
    "bounded count": (lambda: aq.Poisson("z", 2.0, upper=4), "0 to 4", 5),
    "negative": (lambda: aq.DiscreteUniform("z", -3, 0), "-3 to 0", 3),
    "elements": (
        lambda: aq.Categorical("z", np.full(3, 1 / 3), shape=5)[np.array([0, 0, 4])],
        "0 to 2",
        3,
    ),
    "named": (
        lambda: aq.Deterministic("z[0]", aq.Categorical("z", np.full(3, 1 / 3), shape=2)[0]),
        "0 to 2",
        3,
    ),
}


@pytest.mark.parametrize("name", INDICES)
def test_a_state_that_is_out_of_bounds(name: str) -> None:
    make, states, needed = INDICES[name]
    with aq.Model():
        index = make()
        enough = aq.Normal("enough", shape=needed)
        short = aq.Normal("short", shape=needed - 1)
        table = aq.Normal("table", shape=(7, needed - 1))
        assert enough[index].shape == index.shape
        words = rf"short\[z.*: z.* has the states {states}, but short has shape \({needed - 1},\)"
        with pytest.raises(IndexError, match=words):
            short[index]
        with pytest.raises(IndexError, match=rf"has the states {states}, but table .* axis 1"):
            table[:, index]
        with pytest.raises(IndexError, match=r"table\[2, z.*has the states"):
            table[2, index]
        assert table[None, ..., 0].shape == (1, 7)
        assert enough[None, index].shape == (1, *index.shape)


def test_missing_labels_may_be_any_state() -> None:
    with aq.Model():
        with pytest.warns(aq.ImputationWarning):
            z = aq.Categorical("z", np.full(3, 1 / 3), observed=[0, None, 1])
        with pytest.raises(IndexError, match="z has the states 0 to 2, but means has shape"):
            aq.Normal("means", shape=2)[z]
        seen = aq.Categorical("seen", np.full(3, 1 / 3), observed=[0, 1, 1])
        assert aq.Normal("two", shape=2)[seen].shape == (3,)
        with pytest.raises(IndexError, match=r"one has shape \(1,\); index 1 is out of bounds"):
            aq.Normal("one", shape=1)[seen]


def test_what_is_computed_may_be_out_of_bounds_in_some_states() -> None:
    with aq.Model():
        z = aq.Categorical("z", np.full(3, 1 / 3), shape=4)
        count = aq.Poisson("count", 2.0)
        means = aq.Normal("means", shape=2)
        assert means[np.where(z == 2, 0, z)].shape == (4,)
        assert means[z - 1].shape == (4,)
        assert means[count].shape == ()
    assert z.bounds == (0, 2)
    assert z[1:].bounds == (0, 2)
    assert (z - 1).bounds == (-1, 1)
    assert count.bounds is None
    assert means.bounds is None


def test_replaced_data_are_held_to_it_too() -> None:
    with aq.Model() as model:
        weights = aq.Data("weights", [0.5, 0.5])
        effects = aq.Data("effects", [0.0, 1.0, 2.0])
        z = aq.Categorical("z", weights, shape=2)
        aq.Normal("obs", effects[z], 1, observed=[0.1, 0.2])
    model.set_data({"weights": [0.2, 0.3, 0.5]})
    assert z.bounds == (0, 2)
    with pytest.raises(IndexError, match="z has the states 0 to 3, but effects has shape"):
        model.set_data({"weights": np.full(4, 0.25)})
    assert z.bounds == (0, 2)
    with pytest.raises(IndexError, match=r"effects has shape \(2,\)"):
        model.set_data({"effects": [0.0, 1.0]})
