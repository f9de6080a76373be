"""What estimators share whose tables have columns of several families."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

from aliquot.builders.columns import REAL
from aliquot.builders.names import answer_names
from aliquot.estimators.base import WritesModel


class OfColumns(WritesModel):
    """An estimator with a parameter ``family``, of all columns or of each."""

    family: Any

    def __sklearn_tags__(self) -> Any:
        """Say that values may be missing, and may be text where a family is of categories."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = tags.input_tags.categorical = self._of_categories()
        return tags

    def _of_categories(self) -> bool:
        family = self.family
        each = [family] if isinstance(family, str) else list(_values_of(family))
        return any(kind in ("categorical", "bernoulli") for kind in each)

    def _names(self) -> list[str]:
        given = getattr(self, "feature_names_in_", None)
        if given is not None:
            return [str(name) for name in given]
        return [f"x{i}" for i in range(self.n_features_in_)]

    def _values(self, X: Any, *, reset: bool) -> np.ndarray:
        """Give the values of rows, checked as scikit-learn does."""
        dtype = None if self._of_categories() else "numeric"
        return np.asarray(
            validate_data(self, X, reset=reset, dtype=dtype, ensure_all_finite="allow-nan")
        )


def _values_of(family: Any) -> Sequence[str]:
    return list(family.values()) if isinstance(family, Mapping) else family


def as_table(columns: Sequence[Any], drawn: Mapping[str, np.ndarray]) -> np.ndarray:
    """Put what a model has drawn back into the columns of a table of numbers."""
    names = answer_names(columns)
    block = dict.fromkeys(REAL, "x") | {"bernoulli": "said_yes"}
    place: dict[str, int] = {}
    table = np.empty((len(drawn["label"]), len(columns)))
    for i, column in enumerate(columns):
        if column.kind == "categorical":
            table[:, i] = drawn[names[column.name]]
            continue
        key = block.get(column.kind, column.kind)
        table[:, i] = drawn[key][:, place.get(key, 0)]
        place[key] = place.get(key, 0) + 1
    return table
