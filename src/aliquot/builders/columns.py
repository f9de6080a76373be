"""Columns of a table, as a model needs to know them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from aliquot.errors import ModelError

type Kind = Literal[
    "normal", "student_t", "skew_normal", "poisson", "negative_binomial", "bernoulli", "categorical"
]
KINDS: tuple[str, ...] = get_args(Kind.__value__)
# Families of real numbers: their columns are standardised, and can have a covariance.
REAL = ("normal", "student_t", "skew_normal")
COUNTS = ("poisson", "negative_binomial")


@dataclass(frozen=True)
class Column:
    """One column: what it is called, which family its values are of, and what is known of it.

    Attributes
    ----------
    name : str
    kind : str
        One of `KINDS`.
    levels : tuple
        Of a categorical column, its values in the order of their codes; of a Bernoulli column what
        counts as 0 and as 1.
    mean : float
        Of a column of counts, the mean of what was seen, about which the prior of rates is.
    """

    name: str
    kind: str
    levels: tuple[Any, ...] = ()
    mean: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a kind that is not known."""
        if self.kind not in KINDS:
            raise ModelError(
                f"column {self.name!r}: the family must be one of "
                f"{', '.join(map(repr, KINDS))}; got {self.kind!r}"
            )


def whole_or_masked(values: np.ndarray) -> Any:
    """Give whole numbers, masked where they are missing."""
    gone = np.isnan(values)
    whole = np.where(gone, 0, values).astype(np.int64)
    return np.ma.masked_array(whole, gone) if gone.any() else whole
