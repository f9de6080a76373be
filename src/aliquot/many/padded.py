"""Data sets of many lengths, and few programs: rows are added that do not count.

Lengths that are close share a program, of the longest. A shorter data set is given to the user's
function a second time, with its own rows once more below. Where that changes nothing but which
arrays are longer, the rows below are marked as not counting: their likelihood is left out, and
labels of theirs sum to one. Else, as where something was computed from all rows, a data set has a
program of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aliquot.density.structure import written
from aliquot.density.structure.rows import rows_of_variables
from aliquot.errors import heard
from aliquot.many.building import model_of
from aliquot.many.datasets import rows_in, rows_of
from aliquot.model import Model
from aliquot.model.variables import CountedRows, FreeVariable, ObservedVariable

# Lengths share a program up to this ratio; as many lengths as this have one each.
RATIO, FEW = 1.3, 2
# Points at which a padded model is compared with its own, and relative errors of rounding.
POINTS, ROUNDING = 3, 1e-9


@dataclass(frozen=True)
class PaddedModel:
    """A data set's model, and of variables with padded rows the axis and how many are real."""

    model: Model
    rows: Mapping[str, tuple[int, int]] = field(default_factory=dict)


class Writer:
    """Writes the models of all data sets."""

    def __init__(self, build: Callable[[Any], Any], datasets: Sequence[Any], user: str) -> None:
        self._build, self._datasets, self._user = build, datasets, user
        self._lengths = [rows_in(data) for data in datasets]
        self._holds: dict[int, bool] = {}
        self._padded = self._shared_lengths()

    def written(self, number: int) -> PaddedModel:
        """Write the model of a data set; what there is to warn of was heard before."""
        with heard():
            return self._written(number)

    def _written(self, number: int) -> PaddedModel:
        data = self._datasets[number]
        model = model_of(self._build, data, self._user)
        to = self._padded.get(number)
        if to is None or not self._holds.get(to, True):
            return PaddedModel(model)
        found = self._with_rows(model, data, self._lengths[number], to)
        if found is None:
            return PaddedModel(model)
        if to not in self._holds and found.model is not model:
            self._holds[to] = _same_density(model, found.model)
            if not self._holds[to]:
                return PaddedModel(model)
        return found

    def _with_rows(self, model: Model, data: Any, length: Any, to: int) -> PaddedModel | None:
        # The longest of a group tells by one row more which of its variables have rows.
        more = max(to, length + 1)
        try:
            places = np.arange(more) % length
            larger = model_of(self._build, rows_of(data, places), self._user)
        except Exception:  # it asks for as many rows as there are
            return None
        axes = rows_of_variables(model, larger)
        if axes is None or not _can_be_padded(model, axes):
            return None
        padded = model if length == to else larger
        for name, axis in axes.items():
            _mark(padded.variables[name], axis, length)
        if padded is model:
            return PaddedModel(model)
        return PaddedModel(padded, {name: (axis, length) for name, axis in axes.items()})

    def share_no_program(self, numbers: Sequence[int]) -> bool:
        """Say whether some of these data sets, of one length, differ by more than data."""
        group = next((group[:2] for group in self.grouped(numbers) if len(group) > 1), [])
        try:
            keys = [written(self.written(number).model) for number in group]
        except Exception:  # which is said when it is that data set's turn
            return False
        return len(keys) == 2 and None not in keys and keys[0] != keys[1]

    def grouped(self, numbers: Sequence[int]) -> list[list[int]]:
        """Sort some data sets into groups that are to share a program, the shortest first.

        On the first of a group it is seen whether its rows can be padded.
        """
        groups: dict[Any, list[int]] = {}
        for number in sorted(numbers, key=lambda n: self._lengths[n] or 0):
            groups.setdefault(self._padded.get(number, self._lengths[number]), []).append(number)
        return list(groups.values())

    def _shared_lengths(self) -> dict[int, int]:
        """Choose the length to which each data set is padded, where it is."""
        known = sorted({n for n in self._lengths if n is not None}, reverse=True)
        if len(known) <= FEW:
            return {}
        longest, to = known[0], {}
        for length in known:
            if longest > RATIO * length:
                longest = length
            to[length] = longest
        alone = {n for n in to.values() if list(to.values()).count(n) == 1}
        return {
            number: to[length]
            for number, length in enumerate(self._lengths)
            if length is not None and to[length] not in alone
        }


def _can_be_padded(model: Model, axes: Mapping[str, int]) -> bool:
    """Say whether rows that do not count would leave the rest of the model as it is."""
    if model.potentials:
        return False
    for name, axis in axes.items():
        variable = model.variables[name]
        if isinstance(variable, FreeVariable) and variable.transform is not None:
            return False  # a coordinate for each row
        if isinstance(variable, ObservedVariable):
            by_rows = axis < len(variable.distribution.batch_shape)
            if variable.latent is not None or not by_rows:
                return False
    return True


def _mark(variable: Any, axis: int, count: int) -> None:
    """Note which rows of a variable count."""
    if not isinstance(variable, ObservedVariable | FreeVariable):
        return
    observed = isinstance(variable, ObservedVariable)
    shape = variable.distribution.batch_shape if observed else variable.shape
    along = np.arange(shape[axis]) < count
    along = along.reshape([-1 if i == axis else 1 for i in range(len(shape))])
    variable.counted = CountedRows.of(variable, np.broadcast_to(along, shape))


def _same_density(model: Model, padded: Model) -> bool:
    """Compare the log densities of a model and of the same with rows that do not count."""
    one, other = model.density(), padded.density()
    if one.labels != other.labels:
        return False
    rng = np.random.default_rng(0)
    for _ in range(POINTS):
        point = one.start + rng.normal(scale=0.3, size=one.size)
        a, b = one.evaluate(point), other.evaluate(point)
        if np.isfinite(a) != np.isfinite(b) or (
            np.isfinite(a) and abs(a - b) > ROUNDING * max(1.0, abs(a))
        ):
            return False
    return True
