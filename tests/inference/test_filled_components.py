"""``aq.filled_components``: how many components have rows, against hand counts."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats

import aliquot as aq
from aliquot.errors import ModelError
from aliquot.inference.filled_components import filled_components
from aliquot.results import build_tree

Y = np.array([-1.0, 0.2, 1.1])
MEANS = np.array([-1.0, 0.0, 1.0])
W = np.array([0.2, 0.5, 0.3])
DRAWS = 4000


def exact() -> np.ndarray:
    """Add up the probability of 1, 2 and 3 filled components over all allocations."""
    joint = W * stats.norm(MEANS, 1).pdf(Y[:, None])
    p = joint / joint.sum(axis=1, keepdims=True)
    result = np.zeros(3)
    for states in product(range(3), repeat=3):
        result[len(set(states)) - 1] += np.prod(p[np.arange(3), states])
    return result


def trace(**more: np.ndarray) -> object:
    w = np.broadcast_to(W, (2, DRAWS // 2, 3))
    return build_tree(posterior={"w": w, **more})


def labelled() -> aq.Model:
    with aq.Model() as model:
        w = aq.Dirichlet("w", np.ones(3))
        z = aq.Categorical("z", p=w, shape=3)
        aq.Normal("y", aq.Data("centres", MEANS)[z], 1, observed=Y)
    return model


def mixture() -> aq.Model:
    with aq.Model() as model:
        aq.NormalMixture("y", aq.Dirichlet("w", np.ones(3)), MEANS, 1, observed=Y)
    return model


@pytest.mark.parametrize("make", [labelled, mixture])
def test_counts_have_the_distribution_of_allocations(make):
    found = filled_components(trace(), make(), random_seed=4)
    assert found.dims == ("chain", "draw") and found.shape == (2, DRAWS // 2)
    assert found.attrs["components"] == 3
    counts = np.bincount(found.values.ravel(), minlength=4)[1:]
    expected = exact()
    # 4.5 standard errors of a proportion, three times: below one in ten thousand.
    np.testing.assert_array_less(
        np.abs(counts / DRAWS - expected), 4.5 * np.sqrt(expected * (1 - expected) / DRAWS)
    )


def test_recovered_variables_are_counted_as_they_are(rng):
    z = rng.integers(0, 3, (2, DRAWS // 2, 3))
    found = filled_components(trace(z=z), labelled())
    expected = [[len(set(states)) for states in chain] for chain in z]
    np.testing.assert_array_equal(found, expected)
    assert found.attrs["variable"] == "z"


def test_what_is_counted_has_to_be_clear():
    with aq.Model() as model:
        w = aq.Dirichlet("w", np.ones(3))
        aq.NormalMixture("one", w, MEANS, 1, observed=Y)
        aq.NormalMixture("two", w, MEANS, 1, observed=15 * Y)
    with pytest.raises(ModelError, match="var_name=: one, two"):
        filled_components(trace(), model)
    with pytest.raises(ModelError, match=r"'w' is neither .* \(one, two\)"):
        filled_components(trace(), model, var_name="w")
    found = filled_components(trace(), model, var_name="two", random_seed=1)
    assert found.attrs["variable"] == "two"
    # Rows at -15 and 16.5 share a component once in e^14 draws.
    assert int(found.min()) >= 2
    with aq.Model() as none:
        aq.Dirichlet("w", np.ones(3))
    with pytest.raises(ModelError, match="no components"):
        filled_components(trace(), none)
