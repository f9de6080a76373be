"""What `Model.debug` prints and returns."""

from __future__ import annotations

import numpy as np
import pytest

import aliquot as aq
from aliquot.errors import ModelError, ShapeError, SupportError


def test_every_term_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    with aq.Model() as model:
        x = aq.Normal("x", 1, 2)
        s = aq.HalfNormal("s", 1)
        with pytest.warns(aq.ImputationWarning):
            aq.Normal("idle", x, s, observed=[0.5, np.nan])
        with pytest.warns(aq.ImputationWarning):
            obs = aq.Normal("obs", x, s, observed=[0.5, np.nan])
        aq.Potential("tilt", 3 * x + 0 * obs.sum())
    report = model.debug({"x": 0.5, "s": 2.0})
    printed = capsys.readouterr().out
    kinds = {row.name: row.kind for row in report.rows}
    assert kinds == {
        "x": "free",
        "s": "free",
        "idle": "observed",
        "obs_missing": "missing values",
        "obs": "observed",
        "tilt": "potential",
    }
    terms = {row.name: row.log_density for row in report.rows}
    np.testing.assert_allclose(terms["tilt"], 1.5)
    np.testing.assert_allclose(terms["x"], -0.5 * 0.25**2 - np.log(2 * np.sqrt(2 * np.pi)))
    assert report.culprits == ()
    assert printed.strip() == report.text
    assert "all finite" in repr(report)


def test_the_variable_and_the_parameter_at_fault_are_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with aq.Model() as model:
        x = aq.Normal("x", shape=2)
        aq.Normal("fine", x, 1, observed=[0.0, 1.0])
        aq.Normal("bad", 0, x, observed=[0.0, 1.0])
    report = model.debug({"x": [1.0, -1.0]})
    printed = capsys.readouterr().out
    assert report.culprits == ("bad",)
    assert "its parameter sigma must be positive; it is -1.0 at index (1,)" in printed
    assert "<-- not finite" in printed
    assert "The log density of 'bad' is not finite at this point." in printed
    assert "not finite: bad" in repr(report)


def test_a_potential_can_be_at_fault() -> None:
    with aq.Model() as model:
        x = aq.Normal("x")
        aq.Potential("wall", np.where(x > 1, 0.0, -np.inf))
    assert model.debug().culprits == ("wall",)
    assert model.debug({"x": 2.0}).culprits == ()


def test_points_that_do_not_fit() -> None:
    with aq.Model() as model:
        aq.HalfNormal("s", shape=2)
    with pytest.raises(ModelError, match="'t' is not a free variable of the model"):
        model.debug({"t": 1.0})
    with pytest.raises(SupportError, match=r"s: the start value .* is outside its support"):
        model.debug({"s": [1.0, -1.0]})
    with pytest.raises(
        ShapeError, match=r"s: the start value has shape \(3,\), the variable \(2,\)"
    ):
        model.debug({"s": [1.0, 1.0, 1.0]})
