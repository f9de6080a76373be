"""What `plot_states` draws, and what it says when it cannot."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import to_hex

import aliquot as aq
from aliquot.errors import ModelError, ShapeError
from aliquot.plots.single import smallest_set
from aliquot.plots.style import PALETTE
from tests.plots.trees import tree

STEPS = 12


def chain(steps: int = STEPS, states: int = 2) -> np.ndarray:
    p = np.random.default_rng(5).dirichlet(np.full(states, 0.3), size=steps)
    return np.asarray(p)


def texts(axes: Any) -> str:
    return " ".join(text.get_text() for text in axes.texts)


def test_areas_have_the_height_of_the_probabilities() -> None:
    p = chain()
    (axes,) = aq.plots.plot_states(tree(p, ("step",), states=["calm", "wild"]))
    lower, upper = axes.collections
    # An area's outline holds its lower and its upper border.
    assert {round(v, 9) for v in lower.get_paths()[0].vertices[:, 1]} == {
        0.0, *(round(v, 9) for v in p[:, 0])
    }  # fmt: skip
    assert upper.get_paths()[0].vertices[:, 1].max() == 1
    assert "calm wild" in texts(axes)
    assert axes.get_xlabel() == "step"
    assert axes.get_xlim() == (-0.5, STEPS - 0.5)


def test_data_above_and_the_most_probable_path_below() -> None:
    p = chain()
    y = np.arange(STEPS) * 1.0
    results = tree(
        p,
        ("step",),
        states=["calm", "wild"],
        observed_data={"y": ("step", y)},
        most_probable={"z": ("step", p.argmax(axis=1))},
    )
    above, _, path = aq.plots.plot_states(results, observed="y")
    np.testing.assert_array_equal(above.collections[0].get_offsets()[:, 1], y)
    assert above.get_ylabel() == "y"
    np.testing.assert_array_equal(path.patches[0].get_data().values, p.argmax(axis=1))
    assert [label.get_text() for label in path.get_yticklabels()] == ["calm", "wild"]
    assert texts(path) == "most probable path"


def test_paths_of_many_draws_are_put_together() -> None:
    p = chain()
    paths = np.zeros((2, 4, STEPS), int)
    paths[0, :, 3] = paths[1, 0, 3] = 1
    results = tree(p, ("step",), most_probable={"z": (("chain", "draw", "step"), paths)})
    path = aq.plots.plot_states(results)[-1]
    np.testing.assert_array_equal(path.patches[0].get_data().values, np.arange(STEPS) == 3)
    assert "in most draws" in texts(path)


@pytest.mark.parametrize("state_dim", ["z_state", "component"])
def test_states_that_do_not_begin_at_zero(state_dim: str) -> None:
    """Numbers are states where the dim is the variable's own, else positions along it."""
    p = chain()
    own = state_dim == "z_state"
    path = p.argmax(axis=1) + (1 if own else 0)
    results = tree(
        p, ("step",), states=[1, 2], state_dim=state_dim, most_probable={"z": ("step", path)}
    )
    drawn = aq.plots.plot_states(results)[-1].patches[0].get_data().values
    np.testing.assert_array_equal(drawn, p.argmax(axis=1))


def test_many_states_are_a_map() -> None:
    p = chain(states=9)
    (axes,) = aq.plots.plot_states(
        tree(p, ("step",), most_probable={"z": ("step", p.argmax(axis=1))})
    )
    np.testing.assert_allclose(axes.collections[0].get_array(), p.T)
    np.testing.assert_array_equal(axes.patches[0].get_data().values, p.argmax(axis=1))
    assert "Line: the most probable path" in texts(axes)


def test_a_long_chain_is_averaged_and_that_is_said() -> None:
    p = chain(10_000)
    y = np.zeros(10_000)
    above, areas = aq.plots.plot_states(tree(p, ("step",)), observed=y)
    assert "10,000 steps" in texts(above)
    assert "each column averages 7 steps" in texts(above)
    assert above.collections[0].get_rasterized()
    outline = areas.collections[0].get_paths()[0].vertices
    assert len(outline) < 8_000
    assert outline[:, 1].max() == pytest.approx(p[:9_996, 0].reshape(-1, 7).mean(axis=1).max())


def test_each_sequence_has_its_own_panel() -> None:
    p = np.stack([chain() for _ in range(6)])
    axes = aq.plots.plot_states(tree(p, ("patient", "day")))
    assert len(axes) == 4
    assert "4 of 6 sequences" in texts(axes[0])
    assert "patient 1" in texts(axes[1])


def test_which_sequences_can_be_chosen() -> None:
    p = np.stack([chain() for _ in range(6)])
    results = tree(p, ("patient", "day"))
    found = results["state_probabilities"].dataset.assign_coords(patient=list("abcdef"))
    results["state_probabilities"] = xr.DataTree(found)
    axes = aq.plots.plot_states(results, sel={"patient": ["c", "f"]})
    assert ["patient c" in texts(axes[0]), "patient f" in texts(axes[1])] == [True, True]
    assert len(axes) == 2
    with pytest.raises(ModelError, match=r"'x' is not a label of dim 'patient' \(a, b, c"):
        aq.plots.plot_states(results, sel={"patient": "x"})


def test_steps_lie_where_their_coordinate_says() -> None:
    p = chain()
    (axes,) = aq.plots.plot_states(tree(p, ("step",)), x=2.0 * np.arange(STEPS) + 100)
    assert axes.get_xlim() == (99, 2 * STEPS + 99)


def test_dates() -> None:
    days = np.datetime64("2020-01-01") + np.arange(STEPS)
    (axes,) = aq.plots.plot_states(tree(chain(), ("step",)), x=days)
    assert axes.get_xlim()[1] - axes.get_xlim()[0] == STEPS


# A single number ----------------------------------------------------------------------------------

YEARS = np.arange(1851, 1871)
CHANGE = np.exp(-0.5 * (YEARS - 1860.2) ** 2)
CHANGE = CHANGE / CHANGE.sum()


def test_a_change_point_is_bars() -> None:
    (axes,) = aq.plots.plot_states(tree(CHANGE, name="switch", states=YEARS), "switch")
    np.testing.assert_allclose([bar.get_height() for bar in axes.patches], CHANGE)
    centers = [bar.get_x() + bar.get_width() / 2 for bar in axes.patches]
    np.testing.assert_allclose(centers, YEARS)
    inside = np.array([to_hex(bar.get_facecolor()) == PALETTE[0] for bar in axes.patches])
    np.testing.assert_array_equal(inside, smallest_set(CHANGE, 0.9))
    assert CHANGE[inside].sum() >= 0.9
    assert CHANGE[inside].sum() - CHANGE[inside].min() < 0.9
    assert "Most probable: 1860" in texts(axes)
    # States that have next to no probability are outside the picture, and that is said.
    assert axes.get_xlim()[0] > 1852
    assert "Further states" in texts(axes)


def test_a_change_point_below_its_data() -> None:
    y = np.arange(len(YEARS)) * 1.0
    results = tree(CHANGE, name="switch", states=YEARS, observed_data={"disasters": ("year", y)})
    above, _ = aq.plots.plot_states(results, "switch", observed="disasters")
    np.testing.assert_array_equal(above.collections[-1].get_offsets(), np.stack([YEARS, y], 1))


def test_states_with_names() -> None:
    (axes,) = aq.plots.plot_states(tree([0.2, 0.7, 0.1], states=["none", "one", "both"]))
    assert [label.get_text() for label in axes.get_xticklabels()] == ["none", "one", "both"]
    assert "Most probable: one (0.70)" in texts(axes)


# What it says when it cannot ----------------------------------------------------------------------

RESULTS = tree(chain(), ("step",))


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (
            {"tree": RESULTS.drop_nodes("state_probabilities")},
            ModelError,
            r"call aq\.recover first",
        ),
        ({"var_name": "s"}, ModelError, "'s' is not among the recovered"),
        (
            {"observed": np.zeros(3)},
            ShapeError,
            r"observed has shape \(3,\), but 'z' needs \(12,\)",
        ),
        ({"observed": "y"}, ModelError, "observed='y' is not among the data"),
        ({"x": np.zeros(STEPS)}, ShapeError, "x must be one row of numbers or dates that increase"),
        ({"labels": ["a", "b", "c"]}, ShapeError, "2 states, but 3 labels"),
        ({"prob": 0}, ModelError, "prob must be between"),
        ({"ax": [1, 2]}, ModelError, "ax= must be 1 matplotlib axes, from the top down; got 2"),
    ],
)
def test_wrong_arguments_are_named(
    arguments: dict[str, Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        aq.plots.plot_states(**({"tree": RESULTS} | arguments))
