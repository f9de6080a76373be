"""`Model.log_likelihood` at the maxima of published analyses: all printed digits.

The parameters are those at which ``verification/test_published_likelihoods.py`` finds the maximum.
They do not decide: a likelihood that is computed wrongly has other values there.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.inference.published import CASES

OPTIMA = json.loads((Path(__file__).parents[1] / "data" / "published_optima.json").read_text())


@pytest.mark.parametrize("name", CASES)
def test_the_printed_log_likelihood(name: str) -> None:
    case = CASES[name]
    model = case.build()
    point = {key: np.asarray(value) for key, value in OPTIMA[name].items()}
    for key, value in point.items():
        if model[key].distribution.family == "Dirichlet":  # the digits kept do not quite add up
            point[key] = value / value.sum(-1, keepdims=True)
    printed, half = case.log_likelihood()
    assert abs(model.log_likelihood(point) - printed) <= 1.001 * half
