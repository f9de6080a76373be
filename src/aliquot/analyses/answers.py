"""Columns of answers: their codes as a model reads them, and probabilities of each answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from aliquot.analyses.analysis import Parameter
from aliquot.analyses.encoding import texts
from aliquot.builders import Column
from aliquot.builders.names import answer_names

if TYPE_CHECKING:
    import xarray


def encode_answers(
    columns: Sequence[Column], codes: np.ndarray
) -> tuple[list[str], dict[str, str]]:
    """Write how codes become data: lines of ``encode``, and entries of its dict."""
    lines = [f"codes = categories(table, {texts(column.name for column in columns)}).codes"]
    entries: dict[str, str] = {}
    names = answer_names(columns)
    yes = [i for i, column in enumerate(columns) if column.kind == "bernoulli"]
    if yes:
        entries["yes"] = _masked(f"codes[:, {yes}]", codes[:, yes])
    for i, column in enumerate(columns):
        if column.kind == "categorical":
            entries[names[column.name]] = _masked(f"codes[:, {i}]", codes[:, i])
    return lines, entries


def _masked(text: str, codes: np.ndarray) -> str:
    """Mask what is missing, where anything is; what stands under a mask is a code all the same."""
    if (codes >= 0).all():
        return text
    return f"np.ma.masked_array({text}.clip(0), {text} < 0)"


def answer_parameters(
    draws: xarray.Dataset, columns: Sequence[Column], names: Mapping[str, str]
) -> list[Parameter]:
    """Give the probability of each answer in each component."""
    found = []
    yes = [column for column in columns if column.kind == "bernoulli"]
    for i, column in enumerate(yes):
        level = str(column.levels[1])
        found.append(Parameter("probability", column.name, draws["yes"].values[..., i], level))
    for column in columns:
        if column.kind == "categorical":
            p = draws[f"p_{names[column.name]}"].values
            for code, level in enumerate(column.levels):
                found.append(Parameter("probability", column.name, p[..., code], str(level)))
    return found
