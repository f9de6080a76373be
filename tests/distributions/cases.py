"""The continuous univariate rows of the table, against SciPy."""

from __future__ import annotations

import numpy as np
from scipy import stats

from aliquot.distributions.normal import HalfNormal, Normal
from tests.distributions.case import Case

__all__ = ["CASES", "Case"]


CASES: list[Case] = [
    Case(
        "normal",
        Normal,
        {"mu": 1.5, "sigma": 2.0},
        stats.norm(1.5, 2.0).logpdf,
        points=np.array([-40.0, -1.0, 0.0, 1.4, 3.0, 1e4]),
        outside=[np.nan, np.inf, -np.inf],
        bad=[({"sigma": -2.5}, "sigma.*-2.5"), ({"mu": np.nan}, "mu.*NaN")],
        mean=1.5,
        variance=4.0,
        cdf=stats.norm(1.5, 2.0).cdf,
    ),
    Case(
        "half-normal",
        HalfNormal,
        {"sigma": 2.0},
        stats.halfnorm(0, 2.0).logpdf,
        points=np.array([1e-3, 1.4, 3.0, 1e3]),
        edges=[0.0],
        outside=[-1e-9, -3.0, np.nan, np.inf],
        bad=[({"sigma": 0.0}, "sigma.*0")],
        mean=stats.halfnorm(0, 2.0).mean(),
        variance=stats.halfnorm(0, 2.0).var(),
        cdf=stats.halfnorm(0, 2.0).cdf,
    ),
]
