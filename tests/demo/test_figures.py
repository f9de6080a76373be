"""What is on each picture: axes, lines, words. How they look is for people to judge."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest

from aliquot.demo import figures
from aliquot.demo.figures.data import fitted_curves
from aliquot.demo.figures.loss import running_average
from aliquot.reporting.rows import thinned


def words(figure):
    return " ".join(text.get_text() for axes in figure.axes for text in axes.texts)


def test_data_figure(analysis):
    (axes,) = figures.data_figure(analysis).axes
    assert len(axes.lines) == 4  # the fit, two components, their sum
    heights = [bar.get_height() * bar.get_width() for bar in axes.patches]
    assert sum(heights) == pytest.approx(0.92)  # the bars leave a gap between them
    total = axes.lines[-1]
    assert total.get_xdata().shape == total.get_ydata().shape
    mass = np.trapezoid(total.get_ydata(), total.get_xdata())
    assert mass == pytest.approx(1, abs=0.01)


def test_fitted_curves_are_exact_for_one_point():
    draws = np.broadcast_to([-1.0, 1.0], (2, 10, 2))
    fitted, band = fitted_curves(draws, np.array([0.0]))
    assert fitted == pytest.approx(np.exp(-0.5) / np.sqrt(2 * np.pi))
    np.testing.assert_allclose(band[:, 0], fitted[[0, 0]])


@pytest.mark.parametrize(
    ("key", "rows"),
    [("nuts_unordered", 3), ("nuts_ordered", 3), ("advi_unordered", 1), ("advi_ordered", 1)],
)
def test_trace_figure(analysis, key, rows):
    figure = figures.trace_figure(analysis, analysis.fits[key])
    traces, sides = figure.axes[::2], figure.axes[1::2]
    assert len(traces) == len(sides) == rows
    draws = analysis.settings.draws
    assert [axes.get_xlim()[1] for axes in traces] == [2 * draws, draws, draws][:rows] or rows == 1
    for axes in traces:
        labels = [line.get_label() for line in axes.lines]
        assert labels[:2] == ["means[0]", "means[1]"]
    for axes in sides:
        assert len(axes.lines) == 4  # each mean's density, and the exact ones
    apart = [axes.get_title(loc="left") for axes in traces]
    assert apart == ["chains combined", "chain 1", "chain 2"][:rows] or apart == [""]


def test_trace_lines_are_the_draws(analysis):
    fit = analysis.fits["nuts_ordered"]
    chain_two = figures.trace_figure(analysis, fit).axes[4]
    line = chain_two.lines[0]
    np.testing.assert_array_equal(
        line.get_ydata(), fit.draws[1, line.get_xdata().astype(int) - 1, 0]
    )


def test_thinning_keeps_every_excursion(rng):
    values = rng.normal(size=10_000)
    values[4_321], values[777] = 50.0, -50.0
    at = thinned(values, 100)
    assert len(at) <= 200
    assert {4_321, 777} <= set(at)
    assert (np.diff(at) > 0).all()


def test_autocorrelation_figure(analysis):
    figure = figures.autocorrelation_figure(analysis)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["means[0]", "means[1]"]
    for axes in figure.axes:
        assert len(axes.lines) == 5  # zero, and two fits with two chains each
    chain = analysis.fits["nuts_ordered"].draws[0, :, 1]
    first_lag = figure.axes[1].lines[3].get_ydata()[0]
    centred = chain - chain.mean()
    assert first_lag == pytest.approx((centred[1:] @ centred[:-1]) / (centred @ centred), abs=0.02)


def test_joint_figure(analysis):
    figure = figures.joint_figure(analysis)
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "NUTS, no ordering",
        "NUTS, ordered",
        "ADVI, no ordering",
        "ADVI, ordered",
    ]
    assert words(figure).count("excluded by the ordering") == 2
    exact = [axes.collections[-1] for axes in figure.axes]
    for contours in exact:
        levels = np.log10(contours.levels)
        np.testing.assert_allclose(np.diff(levels), 0.5)


def test_label_switch_figure(analysis):
    figure = figures.label_switch_figure(analysis)
    traces, sides = figure.axes[::2], figure.axes[1::2]
    titles = [axes.get_title(loc="left") for axes in traces]
    assert titles == ["as drawn", "permuted", "relabelled, method “ecr”"]
    keys = ("as_drawn", "permuted", "relabelled_ecr")
    for key, axes in zip(keys, traces, strict=True):
        flat = analysis.versions[key].draws.reshape(-1, 2)
        for k, line in enumerate(axes.lines[:2]):
            np.testing.assert_array_equal(line.get_ydata(), flat[line.get_xdata() - 1, k])
    assert all(len(axes.lines) == 4 for axes in sides)


def test_relabelled_figure(analysis):
    figure = figures.relabelled_figure(analysis)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["no ordering, relabelled", "ordered", "exact"]
    exact = analysis.exact.ordered
    for axes in figure.axes:
        for limits, mean in zip((axes.get_xlim(), axes.get_ylim()), exact.mean, strict=True):
            assert np.mean(limits) == pytest.approx(mean)


def test_loss_figure(analysis):
    figure = figures.loss_figure(analysis)
    assert len(figure.axes) == 2
    for axes in figure.axes:
        average, bound = axes.lines
        assert set(bound.get_ydata()) == {-analysis.exact.log_evidence}
        low, high = axes.get_ylim()
        assert low < average.get_ydata()[-1] < high
        assert low < bound.get_ydata()[0] < high
    for key in ("advi_unordered", "advi_ordered"):
        assert f"{-analysis.fits[key].elbo:.3f}" in words(figure)


def test_running_average():
    losses = np.random.default_rng(0).normal(size=50)
    expected = np.convolve(losses, np.ones(7) / 7, mode="valid")
    np.testing.assert_allclose(running_average(losses, 7), expected)


def test_users_settings_are_left_alone(analysis):
    before = dict(matplotlib.rcParams)
    figures.joint_figure(analysis)
    assert dict(matplotlib.rcParams) == before
