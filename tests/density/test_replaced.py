"""Data replaced by others of the same shape: what is compiled serves on, and sees them."""

from __future__ import annotations

import numpy as np
import pytest

import aliquot as aq


def regression(x: np.ndarray, y: np.ndarray) -> aq.Model:
    with aq.Model(coords={"row": len(x)}) as model:
        covariate = aq.Data("x", x, dims="row")
        slope = aq.Normal("slope", 0, 1)
        aq.Normal("y", slope * covariate, 1, observed=aq.Data("seen", y, dims="row"))
    return model


def test_data_of_the_same_shape_keep_the_traced_function() -> None:
    rng = np.random.default_rng(1)
    x, y, other_x, other_y = rng.normal(size=(4, 5))
    model = regression(x, y)
    before = model.density()
    start = before.start
    model.set_data({"x": other_x, "seen": other_y})
    after = model.density()
    assert after is not before
    assert after.log_density is before.log_density
    fresh = regression(other_x, other_y).density()
    for point in ([0.3], [-1.2]):
        assert after.evaluate(point) == pytest.approx(fresh.evaluate(point), rel=1e-14)
        assert before.evaluate(point) != after.evaluate(point)
        assert after.terms_at(np.array(point)) == pytest.approx(fresh.terms_at(np.array(point)))
    np.testing.assert_array_equal(after.start, start)


def test_data_of_another_shape_do_not() -> None:
    rng = np.random.default_rng(2)
    model = regression(*rng.normal(size=(2, 5)))
    before = model.density()
    x, y = rng.normal(size=(2, 7))
    model.set_data({"x": x, "seen": y})
    assert model.density().log_density is not before.log_density
    fresh = regression(x, y).density()
    assert model.density().evaluate([0.5]) == pytest.approx(fresh.evaluate([0.5]), rel=1e-14)


def test_a_dim_of_another_length_does_not() -> None:
    with aq.Model(coords={"group": 3}) as model:
        aq.Normal("effect", 0, 1, dims="group")
    assert model.density().size == 3
    model.set_data({}, coords={"group": 4})
    assert model.density().size == 4
