"""All data sets' models, written once before anything is fitted: what will have to be held."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aliquot.density.structure.rows import arrays_in
from aliquot.errors import heard
from aliquot.inference.identity import lines_of
from aliquot.inference.origin import digests
from aliquot.many.building import model_of, reason
from aliquot.model import Model
from aliquot.model.describe import rows


@dataclass
class Axis:
    """A dim over all data sets: its labels, those of the first first; None where it is counted."""

    length: int
    labels: np.ndarray | None = None

    def add(self, length: int, labels: np.ndarray | None) -> None:
        """Make room for a data set's own labels."""
        if labels is None or self.labels is None:
            self.labels = None
            self.length = max(self.length, length)
            return
        if len(labels) == len(self.labels) and (labels == self.labels).all():
            return
        known = set(self.labels.tolist())
        new = [label for label in labels.tolist() if label not in known]
        if new:
            self.labels = np.concatenate([self.labels, np.asarray(new)])
            self.length = len(self.labels)

    def places(self, length: int, labels: np.ndarray) -> np.ndarray:
        """Say where a data set's own entries are."""
        if self.labels is None:
            return np.arange(length)
        if len(labels) == self.length and (labels == self.labels).all():
            return np.arange(length)
        at = {label: place for place, label in enumerate(self.labels.tolist())}
        return np.array([at[label] for label in labels.tolist()], int)


class Survey:
    """What is known of the models before they are fitted.

    Attributes
    ----------
    failures : dict from int to BaseException
        Of data sets for which no model could be written.
    axes : dict from str to Axis
        Every dim, over all data sets.
    digests : list of str
        Of each data set.
    description : dict from str to str
        The first model's lines.
    said : dict from str to list of int
        Warnings that came while models were written, and for which data sets.
    """

    def __init__(self, build: Callable[[Any], Any], datasets: Sequence[Any], user: str) -> None:
        self.failures: dict[int, BaseException] = {}
        self.axes: dict[str, Axis] = {}
        self.digests: list[str] = []
        self.description: dict[str, str] = {}
        self.said: dict[str, list[int]] = {}
        for number, data in enumerate(datasets):
            try:
                with heard() as messages:
                    model = model_of(build, data, user)
            except Exception as failure:
                self.failures[number] = failure
                self.digests.append(reason(failure))
                continue
            for message in messages:
                self.said.setdefault(message, []).append(number)
            self._add(model)

    def _add(self, model: Model) -> None:
        coords = model.coords.as_dict()
        for name, variable in model.variables.items():
            for dim, length in zip(dims_of(name, variable), np.shape(variable), strict=True):
                labels = None if dim not in coords else np.asarray(coords[dim])
                axis = self.axes.get(dim)
                if axis is None:
                    self.axes[dim] = Axis(length, labels)
                else:
                    axis.add(length, labels)
        self.digests.append(digest_of(model))
        if not self.description:
            self.description = lines_of(model)


def digest_of(model: Model) -> str:
    """Give a digest of a model's lines and of all its numbers, data and others."""
    digest = hashlib.blake2b(repr(rows(model)).encode(), digest_size=8)
    for array in arrays_in(model) or ():
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return " ".join([digest.hexdigest(), *digests(model).values()])


def dims_of(name: str, variable: Any) -> tuple[str, ...]:
    """Name the axes of a variable as results do."""
    named: Any = getattr(variable, "dims", None) or (None,) * len(np.shape(variable))
    return tuple(f"{name}_dim_{axis}" if dim is None else dim for axis, dim in enumerate(named))
