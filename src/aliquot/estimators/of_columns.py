"""What estimators share whose tables have columns of several families."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import validate_data

from aliquot.builders.columns import REAL
from aliquot.builders.names import answer_names
from aliquot.errors import ParameterError
from aliquot.estimators.base import WritesModel
from aliquot.estimators.table import Encoding
from aliquot.estimators.within_components import LEARNT, within_components

if TYPE_CHECKING:
    import xarray


class OfColumns(WritesModel):
    """An estimator with a parameter ``family``, of all columns or of each."""

    family: Any
    encoding_: Encoding

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
        # Of pandas' columns scikit-learn makes numbers where one is nullable, of text as well.
        if dtype is None and hasattr(X, "iloc") and X.iloc[:0].to_numpy().dtype == object:
            X = X.astype(object)
        try:
            values = validate_data(self, X, reset=reset, dtype=dtype, ensure_all_finite="allow-nan")
        except ValueError as error:
            if dtype is not None and (text := _first_text(X)) is not None:
                raise ParameterError(
                    f"column {text[0]!r} must hold numbers; got {text[1]!r}. Of answers and names "
                    f"the family is 'categorical': family={{{text[0]!r}: 'categorical', ...}}, "
                    "with one for each column"
                ) from error
            raise
        return np.asarray(values)

    def _learn_columns(self, posterior: xarray.Dataset) -> None:
        """Set what is seen in each component; what an earlier fit to other columns set is gone."""
        for name in LEARNT:
            self.__dict__.pop(name, None)
        for name, value in within_components(posterior, self.encoding_).items():
            setattr(self, name, value)


def _values_of(family: Any) -> Sequence[str]:
    return list(family.values()) if isinstance(family, Mapping) else family


def one_of(name: str, given: Any, known: Sequence[str]) -> str:
    """Refuse a word that is not one of those known."""
    if given not in known:
        raise ParameterError(f"{name} must be one of {', '.join(map(repr, known))}; got {given!r}")
    return str(given)


def _first_text(X: Any) -> tuple[str, str] | None:
    """Find the first entry that is text and no number, with its column's name."""
    values = np.asarray(X)
    if values.ndim != 2:
        return None
    names = getattr(X, "columns", [f"x{i}" for i in range(values.shape[1])])
    for name, column in zip(names, values.T, strict=True):
        for value in column:
            if isinstance(value, str):
                try:
                    float(value)
                except ValueError:
                    return str(name), str(value)
    return None


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
