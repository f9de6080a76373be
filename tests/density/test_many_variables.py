"""Models of many small variables, against the same model written with vectors."""

from __future__ import annotations

import numpy as np
import pytest

import aliquot as aq
from aliquot.density.draws import MANY
from aliquot.stacking import Packing

COUNT = MANY + 6


def one_by_one(data):
    with aq.Model() as model:
        mu = aq.Normal("mu", 0, 2)
        for i, own in enumerate(data):
            x = aq.Gamma(f"x_{i}", 2 + 0.1 * i, 1)
            y = aq.Data(f"data_{i}", own)
            aq.Normal(f"y_{i}", mu, x, observed=y)
            aq.Deterministic(f"d_{i}", mu + x)
    return model


def with_vectors(data):
    with aq.Model() as model:
        mu = aq.Normal("mu", 0, 2)
        x = aq.Gamma("x", 2 + 0.1 * np.arange(len(data)), 1, shape=len(data))
        aq.Normal("y", mu, x[:, None], shape=data.shape, observed=data)
        aq.Deterministic("d", mu + x)
    return model


@pytest.fixture
def data(rng):
    return rng.normal(size=(COUNT, 3))


def rows_of(values, name):
    return np.stack([np.asarray(values[f"{name}_{i}"]) for i in range(COUNT)], axis=-1)


def test_densities_and_draws(data, rng):
    many, vectors = one_by_one(data).density(), with_vectors(data).density()
    assert sum("constant" not in name for name in many.data) == 1
    np.testing.assert_allclose(many.start, vectors.start, rtol=1e-12)
    draws = rng.normal(size=(2, 5, 1 + COUNT))
    for flat in draws[0]:
        np.testing.assert_allclose(many.evaluate(flat), vectors.evaluate(flat), rtol=1e-12)
    one, other = many.constrain_draws(draws), vectors.constrain_draws(draws)
    np.testing.assert_array_equal(one["mu"], other["mu"])
    np.testing.assert_allclose(rows_of(one, "x"), other["x"], rtol=1e-14)
    np.testing.assert_allclose(rows_of(one, "d"), other["d"], rtol=1e-14)
    values = {name: value[0] for name, value in one.items() if not name.startswith("d_")}
    back = many.unconstrain_draws(values)
    np.testing.assert_allclose(back, draws[0], rtol=1e-9, atol=1e-9)


def test_likelihoods(data, rng):
    many, vectors = one_by_one(data).density(), with_vectors(data).density()
    draws = rng.normal(size=(7, 1 + COUNT))
    each = []
    for density in (many, vectors):
        values = density.constrain_draws(draws)
        free = {slot.variable.name: values[slot.variable.name] for slot in density.slots}
        each.append(density.log_likelihood_of(free, len(draws)))
    found = np.stack([each[0][f"y_{i}"] for i in range(COUNT)], axis=1)
    np.testing.assert_allclose(found, each[1]["y"], rtol=1e-12)


def test_other_data_of_the_same_shapes(data, rng):
    model = one_by_one(data)
    before = model.density()
    other = rng.normal(size=data.shape)
    with model:
        aq.set_data({f"data_{i}": own for i, own in enumerate(other)})
    after = model.density()
    assert after.log_density is before.log_density
    flat = rng.normal(size=before.size)
    expected = with_vectors(other).density().evaluate(flat)
    np.testing.assert_allclose(after.evaluate(flat), expected, rtol=1e-12)
    np.testing.assert_allclose(
        before.evaluate(flat), with_vectors(data).density().evaluate(flat), rtol=1e-12
    )


def test_a_sample(data):
    with one_by_one(data):
        tree = aq.sample(
            20,
            tune=20,
            chains=2,
            random_seed=1,
            progressbar=False,
            compute_convergence_checks=False,
        )
    assert tree.posterior["x_3"].shape == (2, 20)
    np.testing.assert_allclose(
        tree.posterior["d_3"], tree.posterior["mu"] + tree.posterior["x_3"], rtol=1e-14
    )
    np.testing.assert_array_equal(tree.observed_data["y_7"], data[7])


def test_few_arrays_for_many(rng):
    shapes = [(), (2,), (2, 3), ()] * 10
    values = [rng.normal(size=shape) for shape in shapes]
    numbers = [np.full(2, i) for i in range(3)]
    large = rng.normal(size=5000)
    leaves = [*values, *numbers, large]
    packing = Packing([(leaf.shape, leaf.dtype) for leaf in leaves])
    few = packing.pack(leaves)
    assert len(few) == len(numbers) + 2
    for leaf, again in zip(leaves, packing.unpack(few), strict=True):
        np.testing.assert_array_equal(again, leaf)
        assert again.dtype == leaf.dtype
