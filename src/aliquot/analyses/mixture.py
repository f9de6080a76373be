"""A mixture of the columns of a table: ``aliquot mixture``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.analyses.analysis import Analysis, Parameter
from aliquot.analyses.answers import answer_parameters, encode_answers
from aliquot.analyses.components import WEIGHT
from aliquot.analyses.counting import component_numbers
from aliquot.analyses.encoding import Encoding, dictionary
from aliquot.analyses.families import families_of
from aliquot.analyses.portraits import portrait_of
from aliquot.builders import Column
from aliquot.builders.columns import COUNTS, REAL
from aliquot.builders.mixture import COVARIANCES, answer_names, mixture
from aliquot.builders.names import vector
from aliquot.errors import ParameterError, TableError
from aliquot.tables import DataTable, categories, ids, numbers, standardise
from aliquot.tables.words import count, number, quoted, rows

if TYPE_CHECKING:
    import xarray

MISSING = "missing values are no obstacle: each row counts with what is seen of it"
# What the parameters of a family are called in its own units.
MIDDLE = {
    "normal": ("mean", "sd"),
    "student_t": ("centre", "scale"),
    "skew_normal": ("location", "scale"),
}


def mixture_of(
    table: DataTable,
    columns: Sequence[str],
    *,
    components: str = "auto",
    family: Sequence[str] = (),
    covariance: str | None = None,
    factors: int = 1,
    id_name: str | None = None,
) -> Analysis:
    """Make the analysis of columns; without any, of all that hold numbers.

    Raises
    ------
    TableError, ParameterError, ModelError
        Before anything is fitted, for columns or options that make no sense.
    """
    names_of_rows = None if id_name is None else ids(table, id_name)
    aside = [] if id_name is None else [id_name]
    chosen = table.chosen(list(columns)) if columns else list(numbers(table, aside=aside).names)
    if both := [name for name in chosen if name in aside]:
        raise TableError(f"{quoted(both)} cannot be a column of the mixture and --id at once")
    families = families_of(family, chosen, "normal")
    if covariance is not None and covariance not in COVARIANCES:
        raise ParameterError(
            f"--covariance {covariance!r}: it must be one of {', '.join(COVARIANCES)}"
        )
    real = [name for name in chosen if families[name] in REAL]
    if covariance is not None and not real:
        raise ParameterError("--covariance: none of the columns is of real numbers")
    numeric = [name for name in chosen if families[name] in (*REAL, *COUNTS)]
    answers = [name for name in chosen if name not in numeric]

    said, missing = [], 0
    lines: list[str] = []
    entries: dict[str, str] = {}
    constants: list[str] = []
    used: set[str] = set()
    known: dict[str, Column] = {}
    centre, scale = np.zeros(0), np.ones(0)
    if numeric:
        found = numbers(table, numeric, least=2)
        said.append(found.in_words())
        missing += sum(found.missing.counts.values())
        used.add("numbers")
        values = dict(zip(found.names, found.values.T, strict=True))
        known |= {name: _column(table, name, families[name], values[name]) for name in numeric}
        if real:
            standard = standardise(tuple(real), np.column_stack([values[name] for name in real]))
            centre, scale = standard.centre, standard.scale
            said.append(standard.in_words())
            constants += [
                f"CENTRE = np.array({vector(centre)})",
                f"SCALE = np.array({vector(scale)})",
            ]
            lines.append(f"x = numbers(table, {_names(real)}).values")
            entries["x"] = "(x - CENTRE) / SCALE"
        for kind in COUNTS:
            mine = [name for name in numeric if families[name] == kind]
            if mine:
                lines.append(f"{kind} = numbers(table, {_names(mine)}).values")
                gone = any(np.isnan(values[name]).any() for name in mine)
                whole = f"np.where(np.isnan({kind}), 0, {kind}).astype(int)"
                entries[kind] = (
                    f"np.ma.masked_array({whole}, np.isnan({kind}))"
                    if gone
                    else f"{kind}.astype(int)"
                )
    if answers:
        coded = categories(table, answers)
        said.append(coded.in_words())
        missing += sum(coded.missing.counts.values())
        used.add("categories")
        for name, levels in zip(coded.names, coded.levels, strict=True):
            if families[name] == "bernoulli" and len(levels) > 2:
                raise TableError(
                    f"the column {name!r} of {table.path.name} has {len(levels)} levels, and "
                    "bernoulli is for two: use categorical"
                )
            known[name] = Column(name, families[name], levels)
        more_lines, more = encode_answers([known[name] for name in answers], coded.codes)
        lines += more_lines
        entries |= more
    if missing:
        said.append(MISSING)
    listed = [known[name] for name in chosen]
    kinds = {column.kind for column in listed}
    shape = covariance or ("diag" if "skew_normal" in kinds else "full")
    written = mixture(listed, shape, factors)
    return Analysis(
        command="mixture",
        title=f"A mixture of {_listing(chosen)} of {table.path.name}",
        kind="component",
        kinds="components",
        table=table,
        said=tuple(said),
        written=written,
        encoding=Encoding((*lines, *dictionary(entries)), tuple(sorted(used)), tuple(constants)),
        numbers=component_numbers(components, "--components", table.rows),
        parameters=_parameters(listed, shape, centre, scale),
        portrait=portrait_of,
        ids=names_of_rows,
        id_name=id_name or "",
    )


def _column(table: DataTable, name: str, family: str, values: np.ndarray) -> Column:
    seen = values[~np.isnan(values)]
    if family in COUNTS:
        wrong = np.flatnonzero((values < 0) | (values != np.floor(values)) & ~np.isnan(values))
        if wrong.size:
            raise TableError(
                f"the column {name!r} of {table.path.name} should hold counts for {family}, but is "
                f"{number(values[wrong[0]])} in {rows(wrong[:1])}"
                + (
                    f", and no count in {count(wrong.size - 1, 'other row')}"
                    if wrong.size > 1
                    else ""
                )
            )
    return Column(name, family, mean=float(seen.mean()))


def _names(names: Sequence[str]) -> str:
    return "[" + ", ".join(map(repr, names)) + "]"


def _listing(names: Sequence[str]) -> str:
    if len(names) > 4:
        return f"{len(names)} columns"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _parameters(
    columns: Sequence[Column], covariance: str, centre: np.ndarray, scale: np.ndarray
) -> Callable[[xarray.Dataset], list[Parameter]]:
    """Give the function from draws to parameters in the data's own units."""
    real = [column for column in columns if column.kind in REAL]

    def parameters(draws: xarray.Dataset) -> list[Parameter]:
        weight = draws["w"].values
        found = [Parameter(WEIGHT, "", weight)]
        if real:
            found += _of_real(draws, real, covariance, centre, scale, weight.shape)
        for kind in COUNTS:
            mine = [column.name for column in columns if column.kind == kind]
            rate = "rate" if kind == "poisson" else "mean"
            for i, name in enumerate(mine):
                found.append(Parameter("rate", name, draws[rate].values[..., i]))
                if kind == "negative_binomial":
                    found.append(Parameter("shape", name, draws["shape"].values[..., i]))
        return found + answer_parameters(draws, columns, answer_names(columns))

    return parameters


def _of_real(
    draws: xarray.Dataset,
    columns: Sequence[Column],
    covariance: str,
    centre: np.ndarray,
    scale: np.ndarray,
    shape: tuple[int, int],
) -> list[Parameter]:
    middle, spread = MIDDLE[columns[0].kind]
    mu = draws["mu"].values * scale + centre
    width = len(columns)
    found, correlation = [], None
    if covariance in ("full", "tied", "factor") and (width > 1 or covariance == "factor"):
        matrix = _covariances(draws, covariance)
        matrix = np.broadcast_to(matrix, (*shape, width, width))
        sd = np.sqrt(np.diagonal(matrix, axis1=-2, axis2=-1))
        correlation = matrix / (sd[..., :, None] * sd[..., None, :])
    else:
        sigma = draws["sigma"].values
        sigma = sigma.reshape((len(sigma), *((1, 1) if sigma.ndim == 1 else sigma.shape[1:])))
        sd = np.broadcast_to(sigma if sigma.ndim == 3 else sigma[..., None], (*shape, width))
    for i, column in enumerate(columns):
        found.append(Parameter(middle, column.name, mu[..., i]))
        found.append(Parameter(spread, column.name, sd[..., i] * scale[i]))
        if column.kind == "skew_normal":
            found.append(
                Parameter("skewness parameter", column.name, draws["alpha"].values[..., i])
            )
    if correlation is not None:
        for i in range(width):
            for j in range(i):
                pair = f"{columns[j].name} and {columns[i].name}"
                found.append(Parameter("correlation", pair, correlation[..., j, i]))
    if columns[0].kind == "student_t":
        nu = np.broadcast_to(draws["nu"].values[:, None], shape)
        found.append(Parameter("degrees of freedom", "", nu))
    return found


def _covariances(draws: xarray.Dataset, covariance: str) -> Any:
    """Give covariance matrices (draws, components or 1, columns, columns)."""
    if covariance == "factor":
        loading = draws["loading"].values
        loading = loading * np.tri(*loading.shape[2:])
        own = draws["sigma"].values[..., None] ** 2 * np.eye(loading.shape[2])
        return loading @ np.swapaxes(loading, -1, -2) + own
    chol = draws["chol"].values
    chol = chol[:, None] if covariance == "tied" else chol
    return chol @ np.swapaxes(chol, -1, -2)
