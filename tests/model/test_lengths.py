"""Lengths read while a model is written: the density is a fresh model's, or data are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import aliquot as aq
from aliquot.errors import ShapeError

OLD = np.array([[1.0, 2.0], [0.5, -1.0], [0.3, 4.0]])
NEW = np.array([[1.5, 2.0], [0.5, -1.0], [0.3, 4.5], [0.1, 1.0], [2.0, 0.25]])

Write = Callable[[Any], Any]


def model_of(write: Write, x: np.ndarray, dims: Any = None) -> aq.Model:
    with aq.Model() as model:
        data = aq.Data("x", x, dims=dims)
        effect = aq.Normal("effect")
        aq.Potential("p", -0.5 * (effect - write(data)) ** 2)
    return model


FOLLOW: dict[str, Write] = {
    "mean": lambda x: x.mean(),
    "np.mean": lambda x: np.mean(x, axis=0),
    "std": lambda x: x.std(axis=0, ddof=1),
    "a length that follows": lambda x: x.sum() / np.ones_like(x).sum(),
    "columns": lambda x: x.sum() / x.shape[1],
    "columns, from the end": lambda x: x.sum() / np.shape(x)[-1],
    "np.size of an axis": lambda x: x.sum() / np.size(x, 1),
    "ndim": lambda x: x.sum() / np.ndim(x) / len(x.shape),
    "zeros_like": lambda x: (np.zeros_like(x) + 2).sum(),
    "compared": lambda x: x.sum() if x.shape == x.copy().shape else x,
    "printed": lambda x: x.sum() if f"{x.shape} {x!r}" else x,
    "reshape": lambda x: x.reshape(-1).sum(),
    "gradient": lambda x: np.gradient(x, axis=0).sum(),
    "cov": lambda x: np.cov(x.T).sum(),
    "outer": lambda x: np.add.outer(x[:, 0], x[:, 1]).mean(),
    "choose": lambda x: np.choose((x > 1).astype(int), [x, 2 * x]).mean(),
    "take_along_axis": lambda x: np.take_along_axis(x, np.argsort(x, axis=0), axis=0).mean(),
    "take": lambda x: np.take(x, [0, -1], axis=0).sum(),
    "median": lambda x: np.median(x),
    "trapezoid": lambda x: np.trapezoid(x, axis=0).sum(),
    "of what follows": lambda x: (x.sum(axis=0) / x.sum(axis=0).shape[0]).sum(),
}

REFUSED: dict[str, Write] = {
    "len": lambda x: x.sum() / len(x),
    "shape": lambda x: x.sum() / x.shape[0],
    "shape from the end": lambda x: x.sum() / x.shape[-2],
    "np.shape": lambda x: x.sum() / np.shape(x)[0],
    "unpacked": lambda x: x.sum() / next(iter(x.shape)),
    "a slice of the shape": lambda x: x.sum() / x.shape[:1][0],
    "size": lambda x: x.sum() / x.size,
    "np.size": lambda x: x.sum() / np.size(x),
    "np.size of an axis": lambda x: x.sum() / np.size(x, 0),
    "np.size by name": lambda x: x.sum() / np.size(x, axis=0),
    "of an expression": lambda x: x.sum() / len(np.exp(x) + 1),
    "of a column": lambda x: x.sum() / x[:, 0].size,
    "of the transpose": lambda x: x.sum() / x.T.shape[1],
    "arange": lambda x: np.arange(len(x)).sum() + x.sum() * 0,
    "ones": lambda x: x.sum() / np.ones(x.shape).sum(),
    "ones, by concatenation": lambda x: x.sum() / np.ones(x.shape + (1,)).sum(),  # noqa: RUF005
    "loop": lambda x: sum(x[i].sum() for i in range(len(x))),
    "iteration": lambda x: sum(row.sum() for row in x),
    "unpacking": lambda x: next(iter(x)).sum(),
    "the numbers": lambda x: x.sum() / x.value.size,
    "the numbers now": lambda x: x.sum() / x.value_now().size,
}


@pytest.mark.parametrize("name", FOLLOW)
def test_what_follows_is_what_a_fresh_model_has(name: str) -> None:
    model = model_of(FOLLOW[name], OLD)
    for x in (OLD, NEW, NEW[:1]) if name not in ("std", "gradient", "cov", "take") else (OLD, NEW):
        model.set_data({"x": x})
        fresh = model_of(FOLLOW[name], x)
        assert model.density().evaluate([0.3]) == pytest.approx(fresh.density().evaluate([0.3]))


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_go_stale_is_refused(name: str) -> None:
    model = model_of(REFUSED[name], OLD)
    before = model.density().evaluate([0.3])
    words = r"of .*x.* was read while .*test_lengths\.py, line \d+.*Write the model anew.*np\.mean"
    with pytest.raises(ShapeError, match=words):
        model.set_data({"x": NEW})
    assert model["x"].shape == OLD.shape
    assert model.density().evaluate([0.3]) == before
    if "numbers" not in name:  # data of the same length are no harm
        model.set_data({"x": NEW[:3]})
        fresh = model_of(REFUSED[name], NEW[:3])
        assert model.density().evaluate([0.3]) == pytest.approx(fresh.density().evaluate([0.3]))


def test_as_many_arrays_as_rows() -> None:
    model = model_of(lambda x: sum(row.sum() for row in np.unstack(x)), OLD)
    with pytest.raises(ShapeError, match=r"unstack\(x\) gave 3 arrays .* gives 5 now"):
        model.set_data({"x": NEW})
    model.set_data({"x": NEW[:3]})


def test_lengths_as_shapes() -> None:
    with aq.Model() as model:
        x = aq.Data("x", OLD)
        slopes = aq.Normal("slopes", shape=x.shape[1])
        aq.Normal("obs", x @ slopes, 1, observed=aq.Data("y", [1.0, 2.0, 3.0]))
    model.set_data({"x": NEW, "y": np.zeros(5)})  # the number of columns is the same
    with pytest.raises(ShapeError, match="length along axis 1 of x"):
        model.set_data({"x": np.ones((5, 3))})
    with aq.Model() as model:
        x = aq.Data("x", OLD[:, 0])
        aq.Normal("each", shape=len(x))
    with pytest.raises(ShapeError, match="dims for shape=len"):
        model.set_data({"x": NEW[:, 0]})
    with aq.Model() as model:
        x = aq.Data("x", OLD[:, 0], dims="row")
        each = aq.Normal("each", dims="row")
        aq.Normal("obs", each.sum() / len(each), 1, observed=[0.1])
    with pytest.raises(ShapeError, match="axis 0 of each"):
        model.set_data({"x": NEW[:, 0]})


def test_reading_when_all_is_written_is_no_harm() -> None:
    model = model_of(lambda x: x.mean(), OLD)
    x = model["x"]
    with model:
        assert (len(x), x.size, x.shape[0], len(x.value)) == (3, 6, 3, 3)
    model.set_data({"x": NEW})
    assert (len(x), x.size, x.shape[0], len(x.value)) == (5, 10, 5, 5)


def test_reading_between_blocks_counts() -> None:
    with aq.Model() as model:
        x = aq.Data("x", OLD[:, 0])
    count = len(x)
    with model:
        aq.Normal("y", x.sum() / count, 1)
    with pytest.raises(ShapeError, match="length along axis 0 of x"):
        model.set_data({"x": NEW[:, 0]})


def test_labels_that_were_read() -> None:
    def write(read: Callable[[aq.Model], Any]) -> aq.Model:
        with aq.Model(coords={"group": ["a", "b"]}) as model:
            x = aq.Data("x", [1.0, 2.0], dims="group")
            aq.Normal("mu", x.sum() / read(model), 1)
        return model

    for read in (
        lambda model: len(model.coords["group"]),
        lambda model: model.coords.length("group"),
        lambda model: len(dict(model.coords)["group"]),
        lambda model: len(model.coords.as_dict()["group"]),
    ):
        model = write(read)
        model.set_data({"x": [3.0, 4.0]})
        with pytest.raises(ShapeError, match="the coords of dim 'group'"):
            model.set_data({"x": [1.0, 2.0, 3.0]}, coords={"group": ["a", "b", "c"]})
    write(lambda model: 2.0).set_data({"x": [1.0, 2.0, 3.0]}, coords={"group": ["a", "b", "c"]})


def test_a_value_is_a_copy() -> None:
    with aq.Model() as model:
        x = aq.Data("x", [1.0, 2.0])
    x.value[0] = 5.0
    np.testing.assert_array_equal(model["x"].value, [1.0, 2.0])


def test_a_shape_is_like_any_other() -> None:
    with aq.Model():
        x = aq.Data("x", OLD)
        assert x.shape == (3, 2)
        assert (3, 2) == x.shape  # noqa: SIM300
        assert x.shape != (2, 3)
        assert repr(x.shape) == "(3, 2)"
        assert hash(x.shape) == hash((3, 2))
        assert tuple(x.shape) == (3, 2)
        assert ((1,) + x.shape, x.shape + (1,)) == ((1, 3, 2), (3, 2, 1))  # noqa: RUF005
        assert np.broadcast_shapes(x.shape, (1, 2)) == (3, 2)
        assert np.zeros(x.shape).shape == x.reshape(x.shape).shape == (3, 2)
        rows, columns = x.shape
        assert (rows, columns) == (3, 2)
        with pytest.raises(IndexError):
            x.shape[2]
