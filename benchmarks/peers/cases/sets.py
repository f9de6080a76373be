"""The same model on many data sets, one after another.

``sets-classic``: a thousand data sets of 100 rows, each from the two Gaussians of `classic` with
means that are its own, through one model, as each library lets one exchange data without compiling
again. What is compared is how many of them are done in a second, and done right.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from benchmarks.peers.case import Case, Data
from benchmarks.peers.cases import classic
from benchmarks.peers.cases.files import generator

SETS, ROWS = 1_000, 100


def data() -> Data:
    """Draw (sets, rows); the true means are -1 and 1, give or take a quarter."""
    rng = generator(1_000)
    means = np.array([-1.0, 1.0]) + 0.25 * rng.normal(size=(SETS, 2))
    z = rng.integers(0, 2, (SETS, ROWS))
    return {"y": rng.normal(np.take_along_axis(means, z, axis=1), 1.0)}


def exact(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give mean and sd of both means for one data set, by quadrature."""
    return _exact(tuple(y))


@cache
def _exact(y: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    mean, sd, _ = classic.reference({"y": np.array(y)})["means"]
    return mean, sd


CASES = [
    Case(
        name="sets-classic",
        title="1,000 data sets one after another: two Gaussians, n = 100",
        kind="sets",
        data=data,
        chains=2,
        quantities=("means",),
        limit=600.0,
    ),
]
