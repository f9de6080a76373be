"""Ranks that are uniform are found to be, as often as is said; others are not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, norm

import aliquot as aq
from aliquot.calibration.uniformity import band, holm, p_value

VALUES = 20


def test_p_values_of_uniform_ranks_are_as_rare_as_they_say():
    rng = np.random.default_rng(1)
    n = 2000
    found = np.array([p_value(rng.integers(0, VALUES, 60), VALUES) for _ in range(n)])
    for level in (0.01, 0.05, 0.2, 0.5):
        # Not more often than the level; the statistic is discrete, so perhaps less often.
        most = binom.isf(1e-5, n, level * 1.03)
        assert (found <= level).sum() <= most
    assert (found <= 0.05).sum() >= binom.ppf(1e-5, n, 0.03)


def test_all_of_a_line_is_in_the_band_as_often_as_it_says():
    rng = np.random.default_rng(2)
    lower, upper = band(80, VALUES, 0.9)
    n = 3000
    counts = rng.multinomial(80, np.full(VALUES, 1 / VALUES), size=n)
    shares = np.cumsum(counts, axis=1)[:, :-1] / 80
    inside = ((shares >= lower) & (shares <= upper)).all(axis=1).sum()
    assert binom.ppf(1e-5, n, 0.89) <= inside <= binom.isf(1e-5, n, 0.95)


def test_the_band_is_where_p_values_are_small():
    rng = np.random.default_rng(3)
    lower, upper = band(50, VALUES, 0.95)
    for _ in range(300):
        ranks = np.minimum(
            VALUES - 1, (VALUES * rng.beta(1, rng.uniform(0.5, 1.5), 50)).astype(int)
        )
        shares = np.cumsum(np.bincount(ranks, minlength=VALUES))[:-1] / 50
        outside = bool(((shares < lower) | (shares > upper)).any())
        assert outside == (p_value(ranks, VALUES) <= 0.05)


def test_holm_is_between_the_p_values_and_those_times_their_number():
    p = np.random.default_rng(4).random(30) ** 3
    adjusted = holm(p)
    assert (adjusted >= p).all() and (adjusted <= np.minimum(1, 30 * p) + 1e-15).all()
    assert (np.diff(adjusted[np.argsort(p)]) >= 0).all()


def ranks_of(shift: float, width: float, n: int = 2000) -> np.ndarray:
    """Rank a true value in a posterior that is off by so many sds and too wide by a factor."""
    z = np.random.default_rng(5).normal(size=n)
    return np.minimum((norm.cdf((z - shift) / width) * 100).astype(int), 99)


@pytest.mark.parametrize(
    ("shift", "width", "said"),
    [
        (0.3, 1.0, "lies too high"),
        (-0.3, 1.0, "lies too low"),
        (0.0, 0.7, "too narrow"),
        (0.0, 1.5, "too wide"),
    ],
)
def test_the_direction_is_said(shift, width, said):
    good = ranks_of(0.0, 1.0)
    found = aq.Calibration(["x", "y"], np.stack([ranks_of(shift, width), good], axis=1), 99, None)
    assert not found and said in found.finding(0) and "x: the posterior" in found.verdict
    assert found.wrong(0) and said in str(found)
    table = found.to_dataframe()
    assert said in table.loc["x", "finding"]
    assert (table.loc["x", "mean_pit"] > 0.5) == (shift < 0) or shift == 0
    assert (table.loc["x", "spread"] > 1) == (width < 1) or width == 1
    assert "<li>" in found._repr_html_()


def test_a_mean_that_is_off_by_chance_is_not_taken_for_what_is_wrong():
    """Of ranks among too narrow posteriors the mean varies more than of uniform ones."""
    rng = np.random.default_rng(7)
    for _ in range(200):
        pit = norm.cdf(rng.normal(size=200) / 0.5)
        found = aq.Calibration(["x"], np.minimum((pit * 100).astype(int), 99)[:, None], 99, None)
        assert "too narrow" in found.finding(0)


def test_another_shape_is_not_called_a_direction():
    ranks = np.tile(np.r_[np.arange(16, 26), np.arange(74, 84)], 20)
    found = aq.Calibration(["x"], ranks[:, None], 99, None)
    assert not found and "another shape" in found.verdict


def test_where_there_is_nothing_to_find_it_is_said_what_might_be_left():
    ranks = np.tile(np.arange(100), 5)[:, None]
    found = aq.Calibration(["x"], ranks, 99, None)
    assert found and found.ok and "0.14 of its standard deviations" in found.verdict
    assert found.simulations == 500
    nothing = aq.Calibration(["x"], np.full((10, 1), -1), 99, None)
    assert "nothing to go by" in nothing.verdict


def test_pictures_of_what_was_asked_for():
    ranks = np.random.default_rng(6).integers(0, 100, size=(100, 15))
    found = aq.Calibration([f"x[{i}]" for i in range(15)], ranks, 99, None)
    assert found.plot().shape == (4, 3)
    (panel,) = found.plot(var_names="x[3]").flat
    assert panel.get_title(loc="left") + panel.get_title() == "x[3]"
    (line,) = [line for line in panel.lines if len(line.get_xdata()) == 101]
    shares = np.cumsum(np.bincount(ranks[:, 3], minlength=100)) / 100
    np.testing.assert_allclose(line.get_ydata()[1:], shares - np.arange(1, 101) / 100, atol=1e-12)
    for wrong in ({"var_names": "z"}, {"var_names": []}, {"level": 1.0}):
        with pytest.raises(aq.ModelError):
            found.plot(**wrong)
    with pytest.raises(aq.ModelError, match=r"aq\.calibrate"):
        aq.plots.plot_calibration(ranks)
