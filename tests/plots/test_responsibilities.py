"""What `plot_responsibilities` draws, and what it says when it cannot."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

import aliquot as aq
from aliquot.errors import ModelError, ShapeError
from tests.plots.trees import tree, two_groups


def texts(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_over_one_column() -> None:
    y, p = two_groups()
    axes = aq.plots.plot_responsibilities(
        tree(p, ("row",), states=["low", "high"]), x=y, labels=["left", "right"]
    )
    assert axes.shape == (2,)
    data, curves = axes
    # Every observation is in one bar or another, divided by its probabilities.
    heights = np.array([bar.get_height() for bar in data.patches]).reshape(2, -1)
    np.testing.assert_allclose(heights.sum(axis=1), p.sum(axis=0))
    for line, expected in zip(curves.lines, p[np.argsort(y)].T, strict=True):
        np.testing.assert_array_equal(line.get_xdata(), np.sort(y))
        np.testing.assert_allclose(line.get_ydata(), expected)
    assert texts(curves) == ["left", "right"]
    assert texts(data) == ["40 observations, 2 states; mean over 8 draws", "Responsibilities of z"]


def test_bands_hold_the_probability_over_draws() -> None:
    y, p = two_groups()
    rng = np.random.default_rng(0)
    high = np.clip(p[:, 1] + rng.uniform(-0.2, 0.2, size=(2, 50, 1)), 0, 1)
    draws = np.stack([1 - high, high], axis=-1)
    axes = aq.plots.plot_responsibilities(tree(draws, ("row",)), x=y, prob=0.5)
    band = axes[1].collections[0].get_paths()[0].vertices
    expected = np.quantile(1 - high.reshape(100, -1), [0.25, 0.75], axis=0)
    assert band[:, 1].min() == pytest.approx(expected[0].min())
    assert band[:, 1].max() == pytest.approx(expected[1].max())


def test_probabilities_that_depend_on_something_else_are_points() -> None:
    _, p = two_groups()
    elsewhere = np.random.default_rng(1).normal(size=len(p))
    axes = aq.plots.plot_responsibilities(tree(p, ("row",)), x=elsewhere)
    assert not axes[1].lines
    points = [c for c in axes[1].collections if len(c.get_offsets()) == len(p)]
    np.testing.assert_allclose(points[1].get_offsets()[:, 1], p[np.argsort(elsewhere), 1])


def test_the_data_are_found_where_there_is_one_that_fits() -> None:
    y, p = two_groups()
    found = aq.plots.plot_responsibilities(
        tree(p, ("row",), observed_data={"obs": ("row", y), "other": ("col", [1.0, 2.0])})
    )
    assert found[1].get_xlabel() == "obs"


def test_missing_data_are_left_out() -> None:
    y, p = two_groups()
    y[3] = np.nan
    axes = aq.plots.plot_responsibilities(tree(p, ("row",)), x=y)
    assert len(axes[1].lines[0].get_xdata()) == len(y) - 1


def test_over_two_columns() -> None:
    y, p = two_groups(60, 3)
    results = tree(p, ("row",), states=["low", "high"], constant_data={"y": (("row", "c"), y)})
    (axes,) = aq.plots.plot_responsibilities(results, x="y", columns=(0, 2))
    sure, ringed = axes.collections
    unsure = p.max(axis=1) < 0.8
    assert unsure.any()
    assert len(ringed.get_offsets()) == unsure.sum()
    assert len(sure.get_offsets()) == (~unsure).sum()
    assert {tuple(row) for row in ringed.get_offsets()} == {
        tuple(row) for row in y[unsure][:, [0, 2]]
    }
    assert texts(axes)[:2] == ["low", "high"]
    assert f"({unsure.sum()} of 60)" in " ".join(texts(axes))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("y[0]", "y[2]")
    # Where the states are even, the colour is neither's.
    even = ringed.get_facecolors()[np.argmax(ringed.get_sizes())]
    certain = sure.get_facecolors()[np.argsort(sure.get_sizes())[:1]][0]
    assert np.abs(even[:3] - certain[:3]).max() > 0.1
    assert ringed.get_sizes().max() > sure.get_sizes().min()


def test_one_column_of_many() -> None:
    y, p = two_groups(40, 3)
    axes = aq.plots.plot_responsibilities(tree(p, ("row",)), x=y, columns=1)
    np.testing.assert_array_equal(axes[1].get_xlabel(), "column 1")
    assert len(axes) == 2


def test_a_variable_with_two_axes_is_flattened() -> None:
    y, p = two_groups(40)
    axes = aq.plots.plot_responsibilities(
        tree(p.reshape(4, 10, 2), ("group", "row")), x=y.reshape(4, 10)
    )
    np.testing.assert_array_equal(axes[1].lines[0].get_xdata(), np.sort(y))


def test_switched_labels_are_said() -> None:
    y, p = two_groups()
    draws = np.broadcast_to(p, (2, 4, *p.shape)).copy()
    straight = aq.plots.plot_responsibilities(tree(draws, ("row",)), x=y)
    draws[1] = draws[1, ..., ::-1]
    switched = aq.plots.plot_responsibilities(tree(draws, ("row",)), x=y)
    assert "switched" not in " ".join(texts(straight[0]))
    assert "labels of z = 0 and z = 1 have switched" in " ".join(texts(switched[0]))


def test_one_chain_of_four_that_switched_is_said() -> None:
    y, p = two_groups()
    draws = np.broadcast_to(p, (4, 5, *p.shape)).copy()
    draws[2] = draws[2, ..., ::-1]
    axes = aq.plots.plot_responsibilities(tree(draws, ("row",)), x=y)
    assert "have switched" in " ".join(texts(axes[0]))


def test_long_notes_stay_within_the_figure() -> None:
    y, p = two_groups(40, 2)
    draws = np.broadcast_to(p, (2, 4, *p.shape)).copy()
    draws[1] = draws[1, ..., ::-1]
    (axes,) = aq.plots.plot_responsibilities(tree(draws, ("row",)), x=y)
    axes.figure.canvas.draw()
    assert "Order or relabel them first" in " ".join(texts(axes)[::-1])
    width = axes.figure.bbox.width
    assert all(text.get_window_extent().x1 <= width for text in axes.texts)
    assert axes.get_window_extent().width > 0.8 * width


def test_given_axes_are_drawn_in() -> None:
    y, p = two_groups()
    figure, given = plt.subplots(2)
    axes = aq.plots.plot_responsibilities(tree(p, ("row",)), x=y, ax=given)
    assert list(axes) == list(given)
    assert len(plt.get_fignums()) == 1
    assert figure.axes == list(given)


def test_the_users_settings_are_left_alone() -> None:
    before = dict(mpl.rcParams)
    y, p = two_groups()
    aq.plots.plot_responsibilities(tree(p, ("row",)), x=y, figsize=(4, 3))
    assert dict(mpl.rcParams) == before
    np.testing.assert_array_equal(plt.gcf().get_size_inches(), (4, 3))


def test_many_observations_are_pixels() -> None:
    y, p = two_groups(3_000, 2)
    (axes,) = aq.plots.plot_responsibilities(tree(p, ("row",)), x=y)
    assert all(one.get_rasterized() for one in axes.collections)


# What it says when it cannot ----------------------------------------------------------------------

Y, P = two_groups()
RESULTS = tree(P, ("row",))


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (
            {"tree": tree(P, ("row",)).drop_nodes("state_probabilities")},
            ModelError,
            r"call aq\.rec",
        ),
        ({"tree": 3}, ModelError, r"call aq\.recover first.*got int"),
        ({"var_name": "w"}, ModelError, r"'w' is not among the recovered variables \(z\)"),
        ({"x": None}, ModelError, "give x=, the data"),
        ({"x": "height"}, ModelError, "x='height' is not among the data of the results"),
        ({"x": Y[:7]}, ShapeError, r"x has shape \(7,\).*'z' has shape \(40,\)"),
        ({"x": np.array(["a"] * 40)}, ShapeError, "must be numbers"),
        ({"columns": 4}, ModelError, "one or two of the data's 1; got 4"),
        ({"columns": (0, 0, 0)}, ModelError, "columns must be one or two"),
        ({"labels": ["only"]}, ShapeError, "2 states, but 1 labels"),
        ({"prob": 1.5}, ModelError, "prob must be between 0 and 1"),
        (
            {"sel": {"step": 1}},
            ModelError,
            r"no dim 'step'; sel= can choose along chain, draw, row",
        ),
        ({"sel": {"chain": 9}}, ModelError, r"9 is not a label of dim 'chain' \(0, 1\)"),
        ({"ax": 3}, ModelError, "ax= must be 2 matplotlib axes"),
        ({"tree": tree([0.5, 0.5])}, ShapeError, r"single number.*plot_states"),
    ],
)
def test_wrong_arguments_are_named(
    arguments: dict[str, Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        aq.plots.plot_responsibilities(**({"tree": RESULTS, "x": Y} | arguments))
