"""Hidden Markov models as text: what is written for which columns, and what trades places."""

from __future__ import annotations

import numpy as np
import pytest

from aliquot.builders import Column
from aliquot.builders.hidden_markov import hidden_markov
from aliquot.builders.mixture import arrays
from aliquot.errors import ModelError

PLACES = {"sequence": np.array([0, 0, 0, 1, 1]), "step": np.array([0, 1, 2, 0, 1])}
REAL = [Column("a", "normal"), Column("b", "normal")]


@pytest.mark.parametrize(
    ("columns", "covariance", "more"),
    [
        (REAL, "tied", {"init": "stationary"}),
        ([Column("a", "student_t"), Column("P", "bernoulli")], "diag", {"persistence": 3.0}),
        (
            [Column("n", "negative_binomial"), Column("start", "categorical", ("no", "yes"))],
            "full",
            {"covariates": ("rain", "sun")},
        ),
    ],
)
def test_states_can_trade_places(columns, covariance, more):
    """No prior tells one state from another: 3! ways to number them."""
    table = np.array([[0, 1], [1, 0], [1, 1], [np.nan, 0], [2, np.nan]])
    data = PLACES | arrays(columns, table)
    data["covariates"] = np.arange(12.0).reshape(2, 3, 2) / 10
    written = hidden_markov(columns, covariance, **more)
    with pytest.warns(match="missing"):
        model = written.build(data, 3)
    assert model.symmetries().modes == 6
    assert model["z"].shape == (2, 3)


def test_what_does_not_go_together():
    with pytest.raises(ModelError, match="init must be 'free' or 'stationary'; got 'first'"):
        hidden_markov(REAL, init="first")
    with pytest.raises(ModelError, match="no stationary distribution"):
        hidden_markov(REAL, covariates=["rain"], init="stationary")
