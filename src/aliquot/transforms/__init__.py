"""Bijections between supports and unconstrained real coordinates.

Each file is named for the set that its transform reaches. Classes are in CamelCase; the instance
that most models need has the name that PyMC gives it: ``transform=aliquot.transforms.ordered``.
"""

from typing import TYPE_CHECKING

from aliquot.hints import explain as _explain
from aliquot.hints import names as _names
from aliquot.transforms.base import Transform
from aliquot.transforms.bounds import (
    Circular,
    Identity,
    Interval,
    Log,
    Logit,
    LogOdds,
    UpperLog,
    circular,
    identity,
    interval,
    log,
    logodds,
)
from aliquot.transforms.covariance import (
    Cholesky,
    CholeskyCorr,
    Correlation,
    cholesky,
    cholesky_corr,
    correlation,
)
from aliquot.transforms.default import default_transform
from aliquot.transforms.order import Ordered, PositiveOrdered, ordered, positive_ordered
from aliquot.transforms.probabilities import Simplex, simplex
from aliquot.transforms.zero_sum import ZeroSum, zero_sum

__all__ = [
    "Transform",
    "default_transform",
    "identity",
    "log",
    "logodds",
    "interval",
    "ordered",
    "positive_ordered",
    "simplex",
    "circular",
    "cholesky",
    "cholesky_corr",
    "correlation",
    "zero_sum",
    "Identity",
    "Log",
    "UpperLog",
    "Logit",
    "LogOdds",
    "Interval",
    "Ordered",
    "PositiveOrdered",
    "Simplex",
    "Circular",
    "Cholesky",
    "CholeskyCorr",
    "Correlation",
    "ZeroSum",
]


def __dir__() -> list[str]:
    return sorted([*__all__, *(name for name in globals() if name.startswith("__"))])


if not TYPE_CHECKING:  # a type checker is to go on seeing which names there are

    def __getattr__(name: str) -> None:
        raise _explain.MissingError(
            "aq.transforms", name, _names.TRANSFORMS, lambda: __all__, "aq.transforms."
        )
