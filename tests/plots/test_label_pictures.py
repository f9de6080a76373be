"""What the pictures of label switching draw, and what they say when they cannot."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import to_hex, to_rgb

import aliquot as aq
from aliquot.errors import AliquotError, ModelError, ShapeError
from aliquot.plots.filled import standard_error
from aliquot.plots.style import PALETTE
from aliquot.symmetry import Block, Role
from tests.plots.mirrors import mirrored, relabelled, switched

RIGHT, SHUFFLED, PERMUTATIONS = switched()
RAW = mirrored({"means": SHUFFLED})
DONE = relabelled({"means": RIGHT}, PERMUTATIONS)


def texts(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.texts]


# Two components -----------------------------------------------------------------------------------


def test_before_and_after_are_side_by_side() -> None:
    ordered = mirrored({"means": np.sort(RIGHT, axis=-1)}, attrs={"symmetries": '{"blocks": []}'})
    axes = aq.plots.plot_mirror_modes(RAW, DONE, ordered=ordered)
    for panel, title in zip(axes, ["as drawn", "relabelled (ecr)", "ordered"], strict=True):
        assert title in texts(panel)
        assert panel.get_xlim() == panel.get_ylim() == axes[0].get_xlim()
        assert panel.get_xlabel() == "means[0]"
    assert axes[0].get_ylabel() == "means[1]"
    below = (SHUFFLED[..., 1] < SHUFFLED[..., 0]).mean()
    assert {"2 mirror modes", f"{below:.0%} of the draws below the mirror"} <= set(texts(axes[0]))
    assert "2 mirror modes" not in texts(axes[1])
    assert "no draw below the mirror" in texts(axes[2])
    # The same shade is the same share of the draws.
    limits = {panel.collections[0].get_clim() for panel in axes}
    assert len(limits) == 1


def test_relabelled_draws_alone_show_what_they_were() -> None:
    alone = aq.plots.plot_mirror_modes(DONE)
    both = aq.plots.plot_mirror_modes({"before": RAW, "after": DONE})
    for one, other in zip(alone, both, strict=True):
        hexagons, others = one.collections[0], other.collections[0]
        np.testing.assert_array_equal(hexagons.get_array(), others.get_array())
        np.testing.assert_array_equal(hexagons.get_offsets(), others.get_offsets())
    assert "before" in texts(both[0])


def test_hexagons_hold_all_draws_and_the_dot_is_their_mean() -> None:
    inside = np.array([[[0.0, 1.0]] * 30 + [[1.0, 0.0]] * 10])
    (axes,) = aq.plots.plot_mirror_modes(mirrored({"means": inside}))
    shares = axes.collections[0].get_array()
    np.testing.assert_allclose(np.sort(shares), [0.25, 0.75])
    dot = axes.lines[1]
    np.testing.assert_allclose([dot.get_xdata()[0], dot.get_ydata()[0]], [0.25, 0.75])


def test_two_of_three_components() -> None:
    right, _, _ = switched(3)
    block = Block((Role(("means",), 0, (0, 1, 2)),))
    tree = mirrored(
        {"means": right}, block, dims={"means": ["group"]}, coords={"group": ["a", "b", "c"]}
    )
    (axes,) = aq.plots.plot_mirror_modes(tree, components=["c", "a"])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("means[c]", "means[a]")
    assert "6 mirror modes" in texts(axes)
    below = (right[..., 0] < right[..., 2]).mean()
    assert any(f"{below:.1%}" in text or f"{below:.0%}" in text for text in texts(axes))


# Traces -------------------------------------------------------------------------------------------


def test_traces_as_drawn_and_relabelled() -> None:
    axes = aq.plots.plot_label_traces(DONE)
    assert axes.shape == (2, 2)
    for row, values in enumerate([SHUFFLED, RIGHT]):
        for chain in range(2):
            dots = axes[row, chain].collections[0]
            for k in range(2):
                own = [np.allclose(c[:3], to_rgb(PALETTE[k])) for c in dots.get_facecolor()]
                x, y = np.asarray(dots.get_offsets())[own].T
                np.testing.assert_array_equal(np.sort(x), np.arange(60))
                np.testing.assert_array_equal(y[np.argsort(x)], values[chain, :, k])
    assert "means, as drawn" in texts(axes[0, 0])
    assert "means, relabelled (ecr)" in texts(axes[1, 0])
    key = axes[0, -1].get_legend()
    assert [text.get_text() for text in key.get_texts()] == ["means[0]", "means[1]"]


def test_few_of_many_draws_and_chains() -> None:
    _, shuffled, _ = switched(draws=50, chains=6)
    tree = mirrored({"means": shuffled}, attrs={"label_switching": "permute"})
    axes = aq.plots.plot_label_traces(tree, max_draws=20)
    assert axes.shape == (1, 4)
    assert len(axes[0, 0].collections[0].get_offsets()) == 2 * 17
    assert axes[0, 0].get_xlabel() == "draw (every 3rd)"
    assert "means, permuted" in texts(axes[0, 0])
    axes = aq.plots.plot_label_traces(tree, sel={"chain": [4, 5]})
    assert ["chain 4" in texts(axes[0, 0]), "chain 5" in texts(axes[0, 1])] == [True, True]


def test_the_ends_of_many_labels_are_in_the_key() -> None:
    right, _, _ = switched(9)
    tree = mirrored({"means": right}, Block((Role(("means",), 0, tuple(range(9))),)))
    key = aq.plots.plot_label_traces(tree)[0, -1].get_legend()
    assert [text.get_text() for text in key.get_texts()] == [
        "means[0]", "means[1] …", "means[7]", "means[8]"
    ]  # fmt: skip


# Certainty ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("below", [0.9, 0.99])
def test_bars_of_certainty_agree_with_the_share_that_is_written(below: float) -> None:
    rng = np.random.default_rng(4)
    certainty = 1 / (1 + np.exp(-rng.gamma(2.0, 4.0, size=(2, 60))))
    certainty[0, :4] = [0.5, below, np.nextafter(below, 0), 1.0]
    tree = relabelled({"means": RIGHT}, PERMUTATIONS, certainty=certainty)
    (axes,) = aq.plots.plot_label_certainty(tree, below=below)
    heights = np.array([bar.get_height() for bar in axes.patches])
    unsure = np.array([to_hex(bar.get_facecolor()) == PALETTE[1] for bar in axes.patches])
    assert heights.sum() == pytest.approx(1)
    assert heights[unsure].sum() == pytest.approx((certainty < below).mean())
    assert heights[-1] == pytest.approx((certainty >= 1 - 1e-6).mean())
    share = (certainty < below).mean()
    written = f"{share:.0%}" if share >= 0.1 else f"{share:.2%}"
    assert f"{written} of 120 draws below {below}" in texts(axes)
    assert "Certainty of the labels of means (ecr)" in texts(axes)


def test_each_block_has_its_bars() -> None:
    tree = DONE.copy()
    found = tree["relabelling"].to_dataset()
    tree["relabelling"] = xr.DataTree(found.assign(certainty_w=found["certainty_means"] * 0.6))
    axes = aq.plots.plot_label_certainty(tree)
    assert "none of 120 draws below 0.9" in texts(axes[0])
    assert "median over 0.999999" in texts(axes[0])
    assert {"100% of 120 draws below 0.9", "median 0.60"} <= set(texts(axes[1]))


# Filled components --------------------------------------------------------------------------------


def test_bars_errors_and_dots_of_filled_components() -> None:
    counts = np.random.default_rng(5).choice([2, 3, 5], p=[0.5, 0.3, 0.2], size=(4, 500))
    array = xr.DataArray(counts.T, dims=("draw", "chain"), attrs={"variable": "z", "components": 6})
    (axes,) = aq.plots.plot_filled_components(array)
    p = np.array([(counts == k).mean() for k in range(2, 6)])
    bars = axes.patches
    np.testing.assert_allclose([bar.get_height() for bar in bars], p)
    np.testing.assert_allclose([bar.get_x() + 0.4 for bar in bars], np.arange(2, 6))
    assert [to_hex(bar.get_facecolor()) == PALETTE[0] for bar in bars] == [True, *[False] * 3]
    dots = np.asarray(axes.collections[-1].get_offsets())[:, 1].reshape(4, 4)
    np.testing.assert_allclose(dots, [[(c == k).mean() for k in range(2, 6)] for c in counts])
    assert "Filled components of z" in texts(axes)
    assert any(text.startswith(f"Most probable: 2 ({p[0]:.2f} ± ") for text in texts(axes))
    assert axes.get_xlim() == pytest.approx((0.4, 6.6))


def test_the_standard_error_is_that_of_independent_draws() -> None:
    inside = np.random.default_rng(6).uniform(size=(20, 2_000)) < 0.3
    exact = np.sqrt(0.3 * 0.7 / inside.size)
    # Twenty groups: the ratio's square is chi-squared with 19 degrees of freedom over 19, within
    # (0.25, 2.6) but for 1 in 10,000.
    assert 0.5 < standard_error(inside) / exact < 1.62
    # Chains that disagree: the spread of two shares, 0 and 1, over the root of two.
    assert standard_error(np.array([[True] * 50, [False] * 50])) == pytest.approx(0.5)
    # A single chain in two halves that differ is no independent draws: as 20 batches.
    one = standard_error(np.repeat([[True, False]], 500, axis=1).reshape(1, -1))
    assert one == pytest.approx(np.sqrt(0.25 * 20 / 19 / 20))
    assert standard_error(np.array([[True]])) == 0.0


# What they say when they cannot -------------------------------------------------------------------

COUNTS = xr.DataArray([[1, 2]], dims=("chain", "draw"))


@pytest.mark.parametrize(
    ("plot", "arguments", "kind", "message"),
    [
        (
            "mirror_modes",
            (RAW, None, {"components": [0, 5]}),
            ModelError,
            r"'5' is not a comp.*0, 1",
        ),
        ("mirror_modes", (RAW, None, {"components": [1, 1]}), ModelError, "two different labels"),
        ("mirror_modes", ({}, None, {}), ModelError, "the mapping from titles to traces is empty"),
        (
            "mirror_modes",
            (mirrored({"means": RIGHT * np.nan}), None, {}),
            ModelError,
            "no draw of means is finite",
        ),
        ("mirror_modes", (RAW, None, {"ax": [1]}), ModelError, "ax= must be 1 matplotlib axes"),
        ("label_traces", (RAW, {"max_draws": 0}), ModelError, "max_draws must be at least 1"),
        ("label_certainty", (RAW, {}), ModelError, r"call aq\.relabel first"),
        ("label_certainty", (DONE, {"below": 0.3}), ModelError, "below must be between 0.5 and 1"),
        ("filled_components", ([1, 2], {}), ShapeError, "counts must be .* got list"),
        ("filled_components", (COUNTS[0], {}), ShapeError, "dims chain and draw"),
        ("filled_components", (COUNTS * 0.5, {}), ModelError, "counts must be whole numbers"),
    ],
)
def test_wrong_arguments_are_named(
    plot: str, arguments: Any, kind: type[AliquotError], message: str
) -> None:
    *given, named = arguments
    with pytest.raises(kind, match=message):
        getattr(aq.plots, f"plot_{plot}")(*given, **named)
