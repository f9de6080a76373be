"""What is given as y, checked as scikit-learn does."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_array, check_consistent_length, column_or_1d


def as_response(y: Any, rows: int) -> np.ndarray:
    """Give y as numbers, shape (rows,), NaN where it is missing."""
    values = check_array(
        column_or_1d(y, warn=True),
        ensure_2d=False,
        dtype=np.float64,
        ensure_all_finite="allow-nan",
        input_name="y",
    )
    check_consistent_length(np.empty(rows), values)
    return np.asarray(values)
