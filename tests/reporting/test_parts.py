"""The parts of a report: what is chosen, how it is written, and what pictures hold."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import xarray as xr
from scipy.stats import multivariate_normal, norm

import aliquot as aq
from aliquot.plots import style
from aliquot.reporting import pictures, predictive
from aliquot.reporting.densities import line_density, plane_density, robust_scale
from aliquot.reporting.elements import choose, elements_of, kinds_of
from aliquot.reporting.notation import formula, notation, symbol
from aliquot.reporting.numbers import listed, measured
from aliquot.reporting.observed import answers_of, columns_of
from aliquot.reporting.svg import inline_svg
from aliquot.results import build_tree


def elements(posterior, kinds=None):
    data = build_tree(posterior=posterior)["posterior"].to_dataset()
    kinds = kinds or kinds_of(data, None)
    return elements_of(data.data_vars.values(), kinds, prob=0.9, independent=False)


def labels(found):
    return [element.label for element in found]


def test_hyperparameters_come_before_vectors(rng):
    long = {"theta": rng.normal(size=(2, 400, 50)), "mu": rng.normal(size=(2, 400))}
    chosen = choose(elements(long, {"theta": 1, "mu": 0}), 4)
    assert labels(chosen) == ["theta[0]", "theta[24]", "theta[49]", "mu"]


def test_the_worst_are_always_there(rng):
    theta = rng.normal(size=(2, 400, 50))
    theta[0, :, [17, 31]] += 3
    chosen = choose(elements({"theta": theta}), 6)
    assert labels(chosen) == ["theta[0]", "theta[17]", "theta[24]", "theta[31]", "theta[49]"]


def test_what_is_computed_comes_last_and_has_three_places(rng):
    found = elements(
        {"rate": rng.normal(size=(2, 400, 20)), "x": rng.normal(size=(2, 400, 9))},
        {"rate": 2, "x": 1},
    )
    assert labels(choose(found, 20)) == [
        "rate[0]", "rate[10]", "rate[19]", *(f"x[{k}]" for k in range(9)),
    ]  # fmt: skip
    assert {element.variable for element in choose(found, 5)} == {"x"}


def test_what_never_changes_has_no_place(rng):
    diagonal = 1 + 1e-16 * rng.integers(-2, 3, (2, 100))
    posterior = {"c": np.ones((2, 100)), "x": rng.normal(size=(2, 100)), "corr": diagonal}
    found = elements(posterior)
    assert labels(choose(found, 5)) == ["x"]
    assert np.isnan(found[0].rhat)


def test_statistics_are_those_of_the_checks(rng):
    draws = rng.normal(size=(4, 500, 3)).cumsum(axis=1)
    found = elements({"x": draws})
    facts = aq.check(build_tree(posterior={"x": draws})).facts
    assert max(element.rhat for element in found) == pytest.approx(facts["rhat"])
    assert min(element.ess_tail for element in found) == pytest.approx(facts["ess_tail"])
    assert found[1].mean == pytest.approx(draws[..., 1].mean())
    assert [found[1].low, found[1].high] == pytest.approx(np.quantile(draws[..., 1], [0.05, 0.95]))


def test_kinds_of_a_model():
    with aq.Model() as model:
        mu = aq.Normal("mu", 0, 1)
        theta = aq.Normal("theta", mu, 1, shape=2)
        aq.Deterministic("total", theta.sum())
    data = build_tree(posterior={n: np.zeros((1, 2)) for n in ("mu", "theta", "total", "z")})
    posterior = data["posterior"].to_dataset()
    posterior["z"].attrs["recovered"] = 1
    assert kinds_of(posterior, model) == {"mu": 0, "theta": 1, "total": 2, "z": 3}
    assert kinds_of(posterior, None) == {"mu": 1, "theta": 1, "total": 1, "z": 3}


def test_pairs_are_those_that_depend_on_each_other(rng):
    x = rng.normal(size=(2, 500, 8))
    x[..., 6] = x[..., 2] + 0.1 * rng.normal(size=(2, 500))
    found = pictures.paired(elements({"x": x}), most=3)
    assert {"x[2]", "x[6]"} <= set(labels(found))
    assert len(found) <= 3
    figure = pictures.pair_figure(found, np.zeros((2, 500), bool))
    assert len(figure.axes) == len(found) * (len(found) - 1) // 2


def test_a_row_for_each_element(rng):
    found = elements({"x": rng.normal(size=(3, 200, 2))})
    figure = pictures.trace_figure(found)
    assert [axes.get_title(loc="left") for axes in figure.axes[::2]] == ["x[0]", "x[1]"]
    assert [len(axes.lines) for axes in figure.axes] == [3, 3, 3, 3]


def test_densities_against_exact_ones(rng):
    draws = rng.normal(size=(100_000, 2))
    points = np.linspace(-4, 4, 81)
    # Histogram noise over the width of the kernel, and its smoothing, at the peak: below 3%.
    found = line_density(draws[:, 0], points, robust_scale(draws[:, 0]))
    assert abs(found - norm.pdf(points)).max() < 0.05 * norm.pdf(0)
    plane = plane_density(draws, (points, points), (1.0, 1.0))
    grid = np.stack(np.meshgrid(points, points, indexing="ij"), axis=-1)
    assert abs(plane - multivariate_normal.pdf(grid, [0, 0])).max() < 0.1 / (2 * np.pi)
    assert plane.sum() * 0.01 == pytest.approx(1, abs=0.01)


def test_spread_of_modes_apart(rng):
    draws = np.concatenate([rng.normal(-9, 1, 3_400), rng.normal(9, 1, 600)])
    assert robust_scale(draws) < 0.5 * draws.std()


@pytest.mark.parametrize("whole", [True, False])
def test_checks_count_every_observation(whole, rng):
    replicated = rng.poisson(3, (50, 200)) if whole else rng.normal(size=(50, 200))
    data = replicated[0].astype(float)
    data[3] = np.nan
    found = predictive.check_of("y", data, replicated, 0.9)
    (axes,) = found.figure.axes
    assert sum(bar.get_height() for bar in axes.patches) == 199
    if whole:
        assert {bar.get_width() for bar in axes.patches} == {0.9}
    assert [row[0] for row in found.rows][:2] == ["mean", "standard deviation"]


def test_data_far_out_at_either_end_are_marked(rng):
    # Data in the middle of what is replicated in every respect, whatever the seed.
    replicated, data = rng.normal(size=(200, 50)), norm.ppf((np.arange(50) + 0.5) / 50)
    for shift in (-20, 0, 20):
        check = predictive.check_of("y", data + shift, replicated, prob=0.9)
        far = {name for name, *_, marked in check.rows if marked}
        assert far == ({"mean", "least", "greatest"} if shift else set())
    # The ends of whole numbers are the same in most replications: neither is far.
    counts, data = rng.binomial(3, 0.5, (200, 20)), np.repeat([0, 1, 2, 3], [3, 7, 7, 3])
    assert not any(marked for *_, marked in predictive.check_of("y", data, counts, 0.9).rows)


def test_checks_leave_out_what_says_nothing(rng):
    data = rng.integers(0, 2, 100)
    found = predictive.check_of("y", data, rng.integers(0, 2, (30, 100)), 0.9)
    assert [row[0] for row in found.rows] == ["mean", "standard deviation"]
    assert predictive.check_of("y", data, np.zeros((30, 99)), 0.9) is None
    assert predictive.check_of("y", np.full(3, np.nan), np.zeros((30, 3)), 0.9) is None


def test_answers_have_their_names_below_their_bars(rng):
    data, replicated = rng.integers(0, 3, 100), rng.integers(0, 3, (30, 100))
    names = ["no", "yes $", "a long answer " * 9]
    found = predictive.check_of("y", data, replicated, 0.9, names)
    found.figure.draw_without_rendering()
    (axes,) = found.figure.axes
    texts = [text.get_text() for text in axes.get_xticklabels()]
    assert texts[:2] == ["no", r"yes \$"]
    assert texts[2].startswith("a long answer")
    boxes = [text.get_window_extent() for text in axes.get_xticklabels()]
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
    assert list(axes.get_xticks()) == [0, 1, 2]


def test_answers_are_named_by_the_dim_of_their_probabilities():
    coords = {"row": range(4), "group": range(2), "answer": ["no", "maybe", "yes"]}
    codes, group = [0, 2, 1, 2], [0, 0, 1, 1]
    with aq.Model(coords=coords) as model:
        p = aq.Dirichlet("p", np.ones(3), dims=("group", "answer"))
        q = aq.Deterministic("q", p[group], dims=("row", "answer"))
        effects = aq.Normal("effects", 0, 1, dims=("group", "answer"))
        aq.Categorical("taken", p[group], observed=codes)
        aq.Categorical("computed", q, observed=codes)
        aq.Categorical("logits", logit_p=effects[group], observed=codes)
        aq.Categorical("unnamed", np.full(3, 1 / 3), observed=codes)
        aq.Categorical("first", logit_p=effects[group, :2], observed=[0, 1, 1, 1])
        aq.Poisson("count", 2.0, observed=codes)
    for name in ("taken", "computed", "logits"):
        assert answers_of(model, name) == ["no", "maybe", "yes"]
    for name in ("unnamed", "first", "count", "not there"):
        assert answers_of(model, name) is None
    assert answers_of(None, "taken") is None


def test_columns_that_words_name_are_checked_one_by_one(rng):
    coords = {"column": ["age", "weight", "height"], "year": [2001, 2002, 2003]}
    for dims, most, names in [
        (("row", "column"), 3, ["x[age]", "x[weight]", "x[height]"]),
        (("row", "column"), 2, ["x"]),
        (("row", "year"), 3, ["x"]),
        (("row", "other"), 3, ["x"]),
        (("column",), 3, ["x"]),
    ]:
        shape = (2, 5, *((4, 3) if len(dims) == 2 else (3,)))
        array = xr.DataArray(rng.normal(size=shape), dims=("chain", "draw", *dims), name="x")
        array = array.assign_coords({dim: coords[dim] for dim in dims if dim in coords})
        found = columns_of(array, most)
        assert [name for name, _ in found] == names
        parts = [array.values[0, 0][at] for _, at in found]
        whole = np.stack(parts, axis=-1) if len(parts) > 1 else parts[0]
        np.testing.assert_array_equal(whole, array.values[0, 0])


def test_a_vector_s_labels(recwarn, rng):
    draws = rng.normal(size=(2, 40, 3))
    draws[..., 1] = np.nan
    draws[0, 0, 2] = np.inf
    dims, coords = ("chain", "draw", "$a$ b"), {"$a$ b": ["x", "y", "z"]}
    figure = pictures.vector_figure(xr.DataArray(draws, dims=dims, coords=coords, name="mu"), 0.9)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    assert axes.get_xlabel() == r"\$a\$ b"
    assert [line.get_xdata().tolist() for line in axes.lines] == [[0, 2]]
    ticks = axes.get_xticks()
    np.testing.assert_array_equal(ticks, np.round(ticks))
    assert not recwarn.list


def test_what_is_to_be_read_in_a_picture_stays_as_it_is():
    with style.styled():
        figure = style.new_figure(1.0)
        words = f'1.23456 {style.INK} id="x" url(#y) font-family: z'
        figure.text(0.1, 0.5, words, color=style.INK)
        found = str(inline_svg(figure, "one", f"says {style.INK} and 0.12345"))
    assert words in found
    assert f'aria-label="says {style.INK} and 0.12345"' in found
    assert "var(--ink)" in found and "var(--sans)" in found and 'id="one-' in found


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("mu", "<i>μ</i>"),
        ("Sigma", "<i>Σ</i>"),
        ("sigma_y", "<i>σ</i><sub>y</sub>"),
        ("log_steps", "<i>log_steps</i>"),
        ("a<b", "<i>a&lt;b</i>"),
    ],
)
def test_symbols(name, written):
    assert symbol(name) == written


def test_formulas():
    assert formula("Poisson") == "Poisson"
    assert formula("x.sum() < 2 & y") == "<i>x</i>.sum() &lt; 2 &amp; <i>y</i>"
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        aq.Deterministic("twice", 2 * x)
    assert [row[1] for row in notation(model)] == ["∼", "="]


def test_numbers():
    assert measured(0.1234, 0.02) == "0.1234"
    assert measured(-3.0, 0) == "−3"
    assert measured(float("nan"), 1.0) == "–"
    assert measured(float("inf"), float("nan")) == "∞"
    assert listed([]) == ""
