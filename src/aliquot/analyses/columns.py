"""Columns of a table for a model: what is read, in words and as text, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aliquot.analyses.analysis import Parameter
from aliquot.analyses.answers import answer_parameters, encode_answers
from aliquot.analyses.encoding import texts
from aliquot.analyses.families import families_of
from aliquot.analyses.real_columns import real_parameters
from aliquot.builders import Column
from aliquot.builders.columns import COUNTS, REAL
from aliquot.builders.mixture import COVARIANCES
from aliquot.builders.names import answer_names, vector
from aliquot.errors import ParameterError, TableError
from aliquot.tables import DataTable, categories, numbers, standardise
from aliquot.tables.words import count, number, quoted, rows

if TYPE_CHECKING:
    import xarray

MISSING = "missing values are no obstacle: each row counts with what is seen of it"


@dataclass(frozen=True, eq=False)
class ReadColumns:
    """Columns as a model reads them.

    Attributes
    ----------
    columns : tuple of Column
    said : tuple of str
    lines, constants, names : tuple of str
        Of the `EncodingText`.
    entries : dict from str to str
        The data by key, as text.
    covariance : str
    parameters : callable
        From draws, ``sample`` the first dim, and the shape (draws, components).
    """

    columns: tuple[Column, ...]
    said: tuple[str, ...]
    lines: tuple[str, ...]
    constants: tuple[str, ...]
    names: tuple[str, ...]
    entries: Mapping[str, str]
    covariance: str
    parameters: Callable[[xarray.Dataset, tuple[int, int]], list[Parameter]]


def read_columns(
    table: DataTable,
    names: Sequence[str],
    *,
    aside: Sequence[str] = (),
    family: Sequence[str] = (),
    covariance: str | None = None,
) -> ReadColumns:
    """Read columns by their families; without names, all that hold numbers.

    Raises
    ------
    TableError, ParameterError
        For columns or options that make no sense.
    """
    chosen = table.chosen(list(names)) if names else list(numbers(table, aside=aside).names)
    if both := [name for name in chosen if name in aside]:
        raise TableError(f"{quoted(both)} cannot be analysed and be used as --id or alike at once")
    families = families_of(family, chosen, "normal")
    real = [name for name in chosen if families[name] in REAL]
    if covariance is not None and covariance not in COVARIANCES:
        raise ParameterError(
            f"--covariance {covariance!r}: it must be one of {', '.join(COVARIANCES)}"
        )
    if covariance is not None and not real:
        raise ParameterError("--covariance: none of the columns is of real numbers")
    if covariance == "factor" and len(real) == 1:
        raise ParameterError("--covariance factor: columns share factors, and only one is real")
    numeric = [name for name in chosen if families[name] in (*REAL, *COUNTS)]
    answers = [name for name in chosen if name not in numeric]
    said: list[str] = []
    lines: list[str] = []
    constants: list[str] = []
    entries: dict[str, str] = {}
    known: dict[str, Column] = {}
    centre, scale, missing = np.zeros(0), np.ones(0), 0
    if numeric:
        found = numbers(table, numeric, least=2)
        said.append(found.in_words())
        missing += sum(found.missing.counts.values())
        values = dict(zip(found.names, found.values.T, strict=True))
        known |= {name: _column(table, name, families[name], values[name]) for name in numeric}
        if real:
            standard = standardise(tuple(real), np.column_stack([values[name] for name in real]))
            centre, scale = standard.centre, standard.scale
            said.append(standard.in_words())
            constants += [
                f"CENTRE = np.array({vector(centre.tolist())})",
                f"SCALE = np.array({vector(scale.tolist())})",
            ]
            lines.append(f"x = numbers(table, {texts(real)}).values")
            entries["x"] = "(x - CENTRE) / SCALE"
        for kind in COUNTS:
            mine = [name for name in numeric if families[name] == kind]
            if mine:
                lines.append(f"{kind} = numbers(table, {texts(mine)}).values")
                gone = any(np.isnan(values[name]).any() for name in mine)
                entries[kind] = whole_numbers(kind, gone)
    if answers:
        coded = categories(table, answers)
        said.append(coded.in_words())
        missing += sum(coded.missing.counts.values())
        for name, levels in zip(coded.names, coded.levels, strict=True):
            if families[name] == "bernoulli" and len(levels) > 2:
                raise TableError(
                    f"the column {name!r} of {table.path.name} has {len(levels)} levels, and "
                    "bernoulli is for two: use categorical"
                )
            known[name] = Column(name, families[name], levels)
        more, coded_entries = encode_answers([known[name] for name in answers], coded.codes)
        lines += more
        entries |= coded_entries
    if missing:
        said.append(MISSING)
    columns = tuple(known[name] for name in chosen)
    kinds = {column.kind for column in columns}
    shape = covariance or ("diag" if "skew_normal" in kinds else "full")
    used = [*(["numbers"] if numeric else []), *(["categories"] if answers else [])]

    def parameters(draws: xarray.Dataset, sizes: tuple[int, int]) -> list[Parameter]:
        made = []
        if real:
            mine = [column for column in columns if column.kind in REAL]
            made += real_parameters(draws, mine, shape, centre, scale, sizes)
        for kind in COUNTS:
            rate = "rate" if kind == "poisson" else "mean"
            for i, column in enumerate(column for column in columns if column.kind == kind):
                made.append(Parameter("rate", column.name, draws[rate].values[..., i]))
                if kind == "negative_binomial":
                    made.append(Parameter("shape", column.name, draws["shape"].values[..., i]))
        return made + answer_parameters(draws, columns, answer_names(columns))

    return ReadColumns(
        columns,
        tuple(said),
        tuple(lines),
        tuple(constants),
        tuple(used),
        entries,
        shape,
        parameters,
    )


def whole_numbers(name: str, missing: bool) -> str:
    """Write counts as whole numbers, masked where they are missing."""
    if not missing:
        return f"{name}.astype(int)"
    whole = f"np.where(np.isnan({name}), 0, {name}).astype(int)"
    return f"np.ma.masked_array({whole}, np.isnan({name}))"


def _column(table: DataTable, name: str, family: str, values: np.ndarray) -> Column:
    seen = values[~np.isnan(values)]
    if family in COUNTS:
        wrong = np.flatnonzero((values < 0) | ((values != np.floor(values)) & ~np.isnan(values)))
        if wrong.size:
            others = f", and no count in {count(wrong.size - 1, 'other row')}"
            raise TableError(
                f"the column {name!r} of {table.path.name} should hold counts for {family}, but is "
                f"{number(values[wrong[0]])} in {rows(wrong[:1])}"
                f"{others if wrong.size > 1 else ''}"
            )
    return Column(name, family, mean=float(seen.mean()))


def listing(names: Sequence[str]) -> str:
    """Name columns in a title.

    >>> listing(["a", "b", "c"]), listing(["a", "b", "c", "d", "e"])
    ('a, b and c', '5 columns')
    """
    if len(names) > 4:
        return f"{len(names)} columns"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
