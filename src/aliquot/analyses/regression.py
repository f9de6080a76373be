"""A mixture of regressions of columns of a table: ``aliquot regression``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from aliquot.analyses.analysis import Parameter, TableAnalysis
from aliquot.analyses.components import WEIGHT
from aliquot.analyses.counting import component_numbers
from aliquot.analyses.fitted_means import fitted_means
from aliquot.analyses.formulas import read_formula
from aliquot.analyses.rounding import rounded
from aliquot.builders.posterior import Posterior
from aliquot.builders.regression import REAL, RESPONSES, regression
from aliquot.errors import ParameterError
from aliquot.tables import DataTable, ids
from aliquot.tables.words import quoted

if TYPE_CHECKING:
    import xarray

COEFFICIENT = "coefficient"


def regression_of(
    table: DataTable,
    formula: str,
    *,
    components: str = "auto",
    weights: str | None = None,
    family: str = "normal",
    trials: str | None = None,
    id_name: str | None = None,
) -> TableAnalysis:
    """Make the analysis of a formula.

    Raises
    ------
    TableError, ParameterError, ModelError, ImportError
        Before anything is fitted, for formulas or options that make no sense.
    """
    names_of_rows = None if id_name is None else ids(table, id_name)
    if family not in RESPONSES:
        raise ParameterError(f"--family {family!r}: the families are {quoted(RESPONSES)}")
    read = read_formula(table, formula, weights, family, trials)

    def parameters(draws: xarray.Dataset) -> list[Parameter]:
        beta = read.coefficients(draws["beta"].values)
        found = [Parameter(COEFFICIENT, name, beta[..., i]) for i, name in enumerate(read.x.names)]
        if family in REAL:
            found.append(
                Parameter(
                    "scale" if family == "student_t" else "sd",
                    "residual",
                    draws["sigma"].values * read.y_scale,
                )
            )
        if "shape" in draws:
            found.append(Parameter("shape", "", draws["shape"].values))
        if "nu" in draws:
            nu = np.broadcast_to(draws["nu"].values[:, None], beta.shape[:2])
            found.append(Parameter("degrees of freedom", "", nu))
        if read.w is None:
            return [Parameter(WEIGHT, "", draws["w"].values), *found]
        gamma = draws["gamma"].values
        against = read.w.unscaled(gamma - gamma[:, :1])
        found += [
            Parameter("log weight against 0", name, against[..., i])
            for i, name in enumerate(read.w.names)
        ]
        return found

    def more(posterior: Posterior) -> dict[str, np.ndarray]:
        means = fitted_means(posterior, analysis.data, family)
        means = read.spread(means * read.y_scale + read.y_centre)
        return {f"fitted_{k}": means[:, k] for k in range(means.shape[1])}

    analysis = TableAnalysis(
        command="regression",
        title=f"Regressions {formula} of {table.path.name}",
        kind="component",
        kinds="components",
        table=table,
        said=read.said,
        written=regression(
            read.x.names,
            None if read.w is None else read.w.names,
            family,
            centre=read.centre,
        ),
        encoding=read.encoding,
        numbers=component_numbers(components, "--components", len(read.rows)),
        parameters=parameters,
        portrait=_portrait,
        ids=names_of_rows,
        id_name=id_name or "",
        to_rows=read.spread,
        more=more,
    )
    return analysis


def _portrait(parameters: Sequence[Parameter], k: int) -> str:
    said = []
    for p in parameters:
        values = p.values[:, k]
        if p.name == COEFFICIENT:
            wide = float(values.std())
            said.append(f"{p.of} {rounded(values.mean(), wide)} ± {rounded(wide, wide)}")
        elif p.of == "residual":
            wide = float(values.mean())
            said.append(f"{p.name} around it {rounded(wide, wide)}")
    return ", ".join(said)
