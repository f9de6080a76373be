"""Columns of a table that move transitions: one value for each step of each sequence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aliquot.analyses.analysis import Parameter
from aliquot.analyses.encoding import texts
from aliquot.analyses.rounding import rounded
from aliquot.builders.names import vector
from aliquot.errors import TableError
from aliquot.tables import DataTable, SequenceOrder, numbers, standardise
from aliquot.tables.words import count, quoted

SLOPE = "slope"


@dataclass(frozen=True, eq=False)
class MovingColumns:
    """What is read of them, in words and as text.

    Attributes
    ----------
    names : tuple of str
    said : tuple of str
    lines, constants : tuple of str
        Of the `EncodingText`, after the lines that say where rows stand.
    scale : array (covariates,)
        One standard deviation of each.
    """

    names: tuple[str, ...]
    said: tuple[str, ...]
    lines: tuple[str, ...]
    constants: tuple[str, ...]
    scale: np.ndarray

    def parameters(self, slope: np.ndarray) -> list[Parameter]:
        """Give slopes in own units, of draws (draws, states, states, covariates)."""
        states = slope.shape[1]
        if states == 1:  # there is nowhere to go
            return []
        own = (slope - slope.mean(axis=2, keepdims=True)) / self.scale
        return [
            Parameter(SLOPE, name, own[:, :, j, i], f"to {j}")
            for i, name in enumerate(self.names)
            for j in range(states)
        ]


def read_covariates(table: DataTable, names: Sequence[str], order: SequenceOrder) -> MovingColumns:
    """Read the columns that move transitions.

    Raises
    ------
    TableError
        For what is missing anywhere, or tells no rows apart.
    """
    found = numbers(table, list(names))
    if gone := [name for name, many in found.missing.counts.items() if many]:
        many = sum(found.missing.counts.values())
        raise TableError(
            f"--covariate: {count(many, 'value')} of {quoted(gone)} of {table.path.name} "
            f"{'is' if many == 1 else 'are'} missing. What moves transitions must be known at each "
            "step: fill it in first"
        )
    if order.missing_steps:
        raise TableError(
            f"--covariate: {count(order.missing_steps, 'step')} of {table.path.name} "
            f"{'has' if order.missing_steps == 1 else 'have'} no row, so that {quoted(names)} "
            "is not known there: add rows in which only that is given, or leave out --time"
        )
    standard = standardise(found.names, found.values)
    lines = (
        f"moving = (numbers(table, {texts(found.names)}).values - MIDDLE) / SPREAD",
        "covariates = np.zeros((sequence.max() + 1, step.max() + 1, moving.shape[1]))",
        "covariates[sequence, step] = moving  # after the end of a sequence nothing reads them",
    )
    constants = (
        f"MIDDLE = np.array({vector(standard.centre.tolist())})",
        f"SPREAD = np.array({vector(standard.scale.tolist())})",
    )
    said = f"moves into a step depend on its {quoted(names)}; {standard.in_words()}"
    return MovingColumns(found.names, (said,), lines, constants, standard.scale)


def moved(parameters: Sequence[Parameter], k: int) -> str:
    """Say how covariates move the log odds of staying in state k; empty where there are none.

    Against a move to another state, on average over the others: of two states there is one.
    """
    slopes = [p for p in parameters if p.name == SLOPE]
    said = []
    for name in dict.fromkeys(p.of for p in slopes):
        own = np.stack([p.values[:, k] for p in slopes if p.of == name], axis=1)
        others = np.delete(own, k, axis=1).mean(axis=1)
        adds = own[:, k] - others
        wide = float(adds.std())
        against = " against another state, on average" if own.shape[1] > 2 else ""
        said.append(
            f"one more of {name} adds {rounded(float(adds.mean()), wide)} ± {rounded(wide, wide)} "
            f"to the log odds of staying{against}"
        )
    return ", ".join(said)
