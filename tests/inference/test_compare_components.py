"""`aq.compare_components`: against evidences in closed form, and what fails."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

import aliquot as aq
from aliquot.errors import ModelError, PartialResultWarning
from aliquot.inference.deterministic import Fitting

DATA = np.array([-2.6, -1.9, -2.2, -1.4, 1.7, 2.4, 2.0, 1.5, 2.2, -2.0])
WIDTH = 3.0


def build(count: int) -> aq.Model:
    with aq.Model() as model:
        means = aq.Normal("means", 0, WIDTH, shape=count)
        if count == 1:
            aq.Normal("y", means[0], 1, observed=DATA)
        else:
            aq.NormalMixture("y", np.full(count, 1 / count), means, 1, observed=DATA)
    return model


def exact(count: int) -> float:
    """The log evidence by adding up all allocations of the rows."""
    if count == 1:
        covariance = np.eye(len(DATA)) + WIDTH**2
        return float(stats.multivariate_normal(cov=covariance).logpdf(DATA))
    assert count == 2
    parts = []
    for number in range(2 ** len(DATA)):
        own = (number >> np.arange(len(DATA))) & 1 == 1
        total = -len(DATA) * np.log(2)
        for rows in (DATA[own], DATA[~own]):
            if len(rows):
                covariance = np.eye(len(rows)) + WIDTH**2
                residual = rows @ np.linalg.solve(covariance, rows)
                total -= 0.5 * (residual + np.linalg.slogdet(2 * np.pi * covariance)[1])
        parts.append(total)
    return float(np.logaddexp.reduce(parts))


@pytest.fixture(scope="module")
def found() -> aq.ComponentComparison:
    return aq.compare_components(build, [1, 2, 3], random_seed=1, progressbar=False)


def test_evidences_are_those_of_all_allocations(found: aq.ComponentComparison) -> None:
    table = found.table
    for count in (1, 2):
        row = table.loc[count]
        assert row["good"]
        assert abs(row["log_evidence"] - exact(count)) < max(5 * row["error"], 0.01)
    assert found.best == 2
    assert table["probability"].sum() == pytest.approx(1)
    odds = table.loc[2, "probability"] / table.loc[1, "probability"]
    assert np.log(odds) == pytest.approx(exact(2) - exact(1), abs=0.2)


def test_prediction_and_filled_components_come_along(found: aq.ComponentComparison) -> None:
    table = found.table
    assert table.loc[1, "filled"] == 1
    assert table.loc[2, "filled"] == pytest.approx(2, abs=0.1)
    # Of one normal with a wide prior each row is predicted by the mean of the others.
    n = len(DATA)
    others = (DATA.sum() - DATA) / (n - 1 + 1 / WIDTH**2)
    spread = np.sqrt(1 + 1 / (n - 1 + 1 / WIDTH**2))
    right = stats.norm(others, spread).logpdf(DATA).sum()
    assert table.loc[1, "elpd"] == pytest.approx(right, abs=0.15)
    assert table.loc[2, "elpd"] > table.loc[1, "elpd"] + 3
    assert (table["seconds"] > 0).all()
    assert sorted(found.traces) == [1, 2, 3]
    assert found.models[2].symmetries().modes == 2


def test_it_shows_itself(found: aq.ComponentComparison) -> None:
    assert "log_evidence" in repr(found)
    assert "<table" in found._repr_html_()
    axes = found.plot()
    assert len(axes) == 3
    heights = [bar.get_height() for bar in axes[1].patches]
    np.testing.assert_allclose(heights, found.table["probability"])


def test_patience_ends_it_and_leaves_what_cannot_be_the_best() -> None:
    found = aq.compare_components(
        build, range(1, 9), patience=1.0, predictive=False, random_seed=1, progressbar=False
    )
    assert found.best == 2
    heights = found.table["log_evidence"]
    assert len(heights) < 8
    *_, before, last = heights
    assert last < before < heights[2]
    assert heights[2] - last > 1
    assert heights[2] - heights[1] == pytest.approx(exact(2) - exact(1), abs=0.2)
    assert 2 in found.traces
    # Whatever has no draws cannot be the best.
    rough = [number for number in heights.index if number not in found.traces]
    assert all(heights[2] - heights[number] > 1 for number in rough)
    assert found.table["elpd"].isna().all()


def test_a_prior_of_the_number_counts(found: aq.ComponentComparison) -> None:
    again = aq.ComponentComparison(found.rows, {1: 0.0, 2: 0.1, 3: 0.9})
    one, other = found.table["probability"], again.table["probability"]
    assert other[1] == 0
    assert other[3] / other[2] == pytest.approx(9 * one[3] / one[2])


def test_what_fails_is_a_row() -> None:
    def fragile(count: int) -> aq.Model:
        if count == 2:
            raise ValueError("two is not to be")
        with aq.Model() as model:
            x = aq.Flat("x")
            aq.Normal("y", x, 1, observed=DATA[:3])
        return model

    table = aq.compare_components(fragile, [1, 2], random_seed=1, progressbar=False).table
    assert table.loc[2, "message"] == "ValueError: two is not to be"
    assert "'x'" in table.loc[1, "message"]
    assert table["log_evidence"].isna().all()
    assert table["probability"].isna().all()
    aq.plots.plot_comparison(table)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"build": 3}, "build must be a function"),
        ({"build": lambda count: None}, r"build\(1\) must return an aq.Model; got NoneType"),
        ({"components": 3}, "components must be a range or list"),
        ({"components": []}, "different numbers, one at least"),
        ({"components": [1, 1]}, "different numbers"),
        ({"components": [0]}, "components must be a whole number of at least 1"),
        ({"prior": {2: 1.0}}, r"each of \[1\]"),
        ({"prior": {1: -1.0}}, "at least 0"),
        ({"draws": 3}, "draws must be a whole number of at least 100"),
    ],
)
def test_wrong_arguments_are_named(arguments: dict[str, Any], message: str) -> None:
    given = {"build": build, "components": [1], "progressbar": False} | arguments
    with pytest.raises(ModelError, match=message):
        aq.compare_components(**given)


@pytest.mark.parametrize("method", ["raised", "in a fit"])
def test_an_interrupt_keeps_the_rows_so_far(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Fitting.run

    def pressed(fitting: Fitting, *arguments: Any) -> Any:
        approx = whole(fitting, *arguments)
        if not fitting.symmetries:
            return approx
        if method == "raised":
            raise KeyboardInterrupt
        return replace(approx, partial=True)

    monkeypatch.setattr(Fitting, "run", pressed)
    with pytest.warns(PartialResultWarning, match="interrupted after 1 of 2"):
        found = aq.compare_components(build, [1, 2], random_seed=1, progressbar=False)
    assert found.partial
    assert list(found.table.index) == [1]


def test_a_table_of_something_else_is_refused() -> None:
    with pytest.raises(ModelError, match=r"plot_comparison: table must be that of"):
        aq.plots.plot_comparison({"a": 1})
