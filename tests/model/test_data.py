"""Data that can be replaced: what follows from new values, and what they are refused for."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

import aliquot as aq
from aliquot.errors import DTypeError, ModelError, ParameterError, ShapeError, SupportError
from aliquot.expression import Leaf


def state(model: aq.Model) -> Any:
    """All that replacing data may change."""
    return (
        {name: labels.tolist() for name, labels in model.coords.as_dict().items()},
        {
            name: (v.shape, np.array(v.value if isinstance(v, Leaf) else None).tolist())
            for name, v in model.variables.items()
        },
        {v.name: v.distribution.shape for v in [*model.free, *model.observed]},
    )


def regression(*, observed_as_data: bool = True) -> aq.Model:
    with aq.Model() as model:
        x = aq.Data("x", [1.0, 2.0, 3.0], dims="row")
        slope = aq.Normal("slope")
        mu = aq.Deterministic("mu", slope * x, dims="row")
        y = [1.1, 1.9, 3.2]
        aq.Normal(
            "obs",
            mu,
            1,
            observed=aq.Data("y", y, dims="row") if observed_as_data else y,
            dims="row",
        )
    return model


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        ([1, 2], np.int64),
        (np.array([1, 2], np.uint8), np.int64),
        ([1.0, 2.0], np.float64),
        (np.array([1, 2], np.float32), np.float64),
        ([True, False], np.bool_),
    ],
)
def test_data_keep_their_kind(value: object, dtype: type) -> None:
    with aq.Model() as model:
        data = aq.Data("x", value, dims="row")
    assert (data.dtype, data.shape) == (np.dtype(dtype), (2,))
    np.testing.assert_array_equal(data.value, value)
    assert model.coords.length("row") == 2


def test_values_that_are_no_data() -> None:
    with aq.Model():
        x = aq.Normal("x")
        with pytest.raises(
            ModelError, match=r"d: data are numbers; got the expression x.*Determin"
        ):
            aq.Data("d", x)
        with pytest.raises(DTypeError, match=r"d: the data must be numbers.*np\.unique"):
            aq.Data("d", ["a", "b"])
        with pytest.raises(ShapeError, match="d: the data are empty"):
            aq.Data("d", [])


def test_a_mask_in_data_does_not_index() -> None:
    with aq.Model():
        x = aq.Normal("x", shape=3)
        mask = aq.Data("mask", [True, False, True])
        with pytest.raises(
            DTypeError, match=r"x cannot be indexed by the condition mask.*np\.where"
        ):
            x[mask]
        assert np.where(mask, x, 0.0).shape == (3,)


def test_missing_covariates_are_refused_where_they_are_used() -> None:
    with aq.Model() as model:
        d = aq.Data("d", [1.0, np.nan, 3.0])
        slope = aq.Normal("slope")
        for make in (
            lambda: aq.Normal("obs", slope * d, 1, observed=np.zeros(3)),
            lambda: aq.Deterministic("obs", slope * d),
            lambda: aq.Potential("obs", slope * d),
        ):
            with pytest.raises(ModelError, match="obs: it uses the data 'd', in which 1 of 3"):
                make()
        with pytest.warns(aq.ImputationWarning):
            aq.Normal("obs", slope, 1, observed=d)
    with pytest.raises(ModelError, match="obs: its data had missing values when the model was"):
        model.set_data({"d": [1.0, 2.0, 3.0]})


def test_coords_given_with_data() -> None:
    with aq.Model(coords={"row": 3}) as model:
        aq.Data("x", [1.0, 2.0], dims="group", coords={"group": ["a", "b"]})
        assert model.coords.as_dict()["group"].tolist() == ["a", "b"]
        with pytest.raises(ModelError, match="y: dim 'row' is there already, with length 3"):
            aq.Data("y", [1.0, 2.0], dims="row", coords={"row": ["a", "b"]})


def test_dims_follow_new_lengths() -> None:
    model = regression()
    model.set_data({"x": np.arange(5.0), "y": np.arange(5.0)})
    assert model["mu"].shape == model["obs"].shape == model["obs"].distribution.shape == (5,)
    assert model.coords.as_dict()["row"].tolist() == [0, 1, 2, 3, 4]
    model.set_data({"x": [1.0, 2.0], "y": [1.0, 2.0]}, coords={"row": ["a", "b"]})
    assert model.coords.as_dict()["row"].tolist() == ["a", "b"]
    with model:
        aq.set_data({"x": [2.0, 3.0]})
    np.testing.assert_array_equal(model["x"].value, [2.0, 3.0])


def test_new_data_change_the_density() -> None:
    model = regression()
    before = model.density().evaluate([0.7])
    model.set_data({"y": [0.0, 0.0, 0.0]})
    after = model.density().evaluate([0.7])
    rows = np.array([0.7, 1.4, 2.1])
    expected = -0.5 * (rows**2).sum() + 0.5 * ((rows - [1.1, 1.9, 3.2]) ** 2).sum()
    np.testing.assert_allclose(after - before, expected)


def test_covariates_of_another_length_are_for_predictions() -> None:
    model = regression(observed_as_data=False)
    model.set_data({"x": np.arange(5.0)})
    assert model["obs"].distribution.shape == (5,)
    with pytest.raises(
        ShapeError, match=r"obs: its distribution has shape \(5,\).*\(3,\).*predict"
    ):
        model.density().evaluate([0.0])


def test_free_variables_follow_data_too() -> None:
    with aq.Model() as model:
        group = aq.Data("group", [0, 1, 2, 1], dims="row")
        aq.Data("levels", [0.0, 1.0, 2.0], dims="level")
        effects = aq.Normal("effects", dims="level")
        aq.Normal("obs", effects[group], 1, dims="row", observed=aq.Data("y", np.zeros(4)))
    model.set_data({"levels": [0.0, 1.0, 2.0, 3.0], "group": [3, 0], "y": [0.0, 0.0]})
    assert model["effects"].shape == (4,)
    assert model.density().size == 4


FAILURES = {
    "unknown": ({"z": [1.0]}, ModelError, r"'z' is not data of this model \(its data: 'x', 'y'\)"),
    "a variable": ({"slope": 1.0}, ModelError, "'slope' is not data of this model"),
    "another number of axes": ({"x": [[1.0, 2.0]]}, ShapeError, r"x: had 1 axes.*\(1, 2\)"),
    "one of two": (
        {"x": [1.0, 2.0]},
        ShapeError,
        r"with the new data, y: its shape is \(3,\).*same",
    ),
    "two lengths": ({"x": [1.0], "y": [1.0, 2.0]}, ShapeError, "with the new data"),
    "strings": ({"x": ["a", "b", "c"]}, DTypeError, "x: the data must be numbers"),
    "missing": ({"y": [1.0, np.nan, 2.0]}, ModelError, r"y: 1 of 3 of the new values are missing"),
    "infinite observations": ({"y": [1.0, np.inf, 2.0]}, SupportError, "obs: data of Normal.*inf"),
    "second fails": ({"x": [9.0, 9.0, 9.0], "y": []}, ShapeError, "y: the data are empty"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failed_replacement_leaves_the_model_as_it_was(case: str) -> None:
    values, kind, words = FAILURES[case]
    model = regression()
    before, density = state(model), model.density().evaluate([0.3])
    with pytest.raises(kind, match=words):
        model.set_data(values)
    assert state(model) == before
    assert model.density().evaluate([0.3]) == density


def test_failures_of_coords_leave_the_model_as_it_was() -> None:
    model = regression()
    before = state(model)
    with pytest.raises(ModelError, match=r"coords: 'rows' is not a dim of this model.*'row'"):
        model.set_data({}, coords={"rows": ["a"]})
    with pytest.raises(ShapeError, match=r"obs: .* shape \(2,\): mu \(3,\)"):
        model.set_data({}, coords={"row": ["a", "b"]})
    assert state(model) == before


def test_new_data_are_checked_like_the_first() -> None:
    with aq.Model() as model:
        sigma = aq.Data("sigma", [1.0, 2.0])
        index = aq.Data("index", [0, 1])
        y = aq.Data("y", [3, 4])
        flags = aq.Data("flags", [True, False])
        effects = aq.Normal("effects", shape=2)
        aq.Normal("a", effects[index], sigma, observed=np.zeros(2))
        aq.Deterministic("b", effects[1 - index])
        aq.Poisson("counts", np.exp(effects), observed=y)
        aq.Bernoulli("c", 0.5, observed=flags)
    for values, kind, words in [
        ({"sigma": [1.0, 0.0]}, ParameterError, r"a: Normal: sigma must be positive; got 0\.0"),
        ({"index": [0, 2]}, IndexError, r"effects\[index\].*index 2 is out of bounds"),
        ({"index": [0, -2]}, IndexError, r"effects\[1 - index\].*index 3 is out of bounds"),
        ({"index": [0.0, 1.0]}, DTypeError, "index: holds integers; the new data have dtype float"),
        ({"y": [3, -4]}, SupportError, r"counts: data of Poisson.*got -4 at index \(1,\)"),
        ({"flags": [1, 0]}, DTypeError, "flags: holds booleans; the new data have dtype int64"),
    ]:
        before = state(model)
        with pytest.raises(kind, match=words):
            model.set_data(values)
        assert state(model) == before
    model.set_data({"sigma": [1, 3], "flags": [False, False]})
    assert model["sigma"].value.dtype == np.float64


def test_a_support_that_follows_from_data_is_checked() -> None:
    with aq.Model() as model:
        n = aq.Data("n", [5, 6])
        p = aq.Normal("p")
        with pytest.raises(SupportError, match=r"obs: data of Binomial .* got 7 at index \(1,\)"):
            aq.Binomial("obs", n, aq.math.sigmoid(p), observed=[3, 7])
        aq.Binomial("obs", 2 * n, aq.math.sigmoid(p), observed=aq.Data("y", [3, 7]))
    with pytest.raises(SupportError, match=r"obs: data of Binomial .* got 13 at index \(1,\)"):
        model.set_data({"y": [3, 13]})
    with pytest.raises(SupportError, match=r"obs: data of Binomial .* got 7 at index \(1,\)"):
        model.set_data({"n": [5, 3]})


def test_shapes_are_worked_out_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    with aq.Model() as model:
        x = aq.Data("x", [1.0, 2.0])
        total = aq.Normal("start") * x
        for i in range(20):
            total = aq.Deterministic(f"total_{i}", total + 1)
    count = 0
    eval_shape = jax.eval_shape

    def counting(*args: Any, **kwargs: Any) -> Any:
        nonlocal count
        count += 1
        return eval_shape(*args, **kwargs)

    monkeypatch.setattr(jax, "eval_shape", counting)
    model.set_data({"x": [1.0, 2.0, 3.0]})
    assert model["total_19"].shape == (3,)
    assert count == 1 + 2 * 20  # a product, then a sum and its name each time


def test_what_is_no_mapping() -> None:
    with pytest.raises(ModelError, match="coords must be a mapping such as"):
        aq.Model(coords=["a"])  # type: ignore[arg-type]
    with aq.Model() as model:
        aq.Data("x", [1.0, 2.0])
    with pytest.raises(ModelError, match=r"the new data must be a mapping such as .* got 'x'"):
        model.set_data("x")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"data are given by name: \{name: values\}"):
        model.set_data("x", [3.0, 4.0])  # type: ignore[arg-type, misc]


@pytest.mark.parametrize("labels", [None, "xyz"])
def test_coords_that_are_no_sequence(labels: object) -> None:
    with pytest.raises(
        ShapeError, match="'a' must be a sequence of labels, such as a list, or their number"
    ):
        aq.Model(coords={"a": labels})


def test_coords_are_read_by_name() -> None:
    model = aq.Model(coords={"group": ["a", "b"], "row": 3})
    assert list(model.coords) == ["group", "row"]
    assert model.coords["group"].tolist() == ["a", "b"]
    assert dict(model.coords)["row"].tolist() == [0, 1, 2]
    assert repr(model.coords) == "<coords: group (2), row (3)>"
