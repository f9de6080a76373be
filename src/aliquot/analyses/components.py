"""Tables of what was found: parameters of each component, and numbers of components compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.analyses.analysis import Parameter, TableAnalysis
from aliquot.builders.posterior import Posterior

if TYPE_CHECKING:
    import xarray

# Of intervals, with as much on either side.
PROBABILITY = 0.9
WEIGHT = "weight"


def in_one_chain(trace: xarray.DataTree) -> xarray.Dataset:
    """Give the posterior with all draws along one first dim, ``sample``."""
    posterior = trace["posterior"].to_dataset()
    return posterior.stack(sample=("chain", "draw")).transpose("sample", ...)


def components_table(analysis: TableAnalysis, parameters: Sequence[Parameter]) -> str:
    """Give CSV with a row for each parameter of each component, in the data's own units."""
    import polars as pl

    tails = [(1 - PROBABILITY) / 2, (1 + PROBABILITY) / 2]
    rows: list[tuple[Any, ...]] = []
    for parameter in parameters:
        low, high = np.quantile(parameter.values, tails, axis=0)
        mean, sd = parameter.values.mean(axis=0), parameter.values.std(axis=0)
        for k in range(parameter.values.shape[1]):
            what = (parameter.name, parameter.of, parameter.level)
            rows.append((k, *what, mean[k], sd[k], low[k], high[k]))
    rows.sort(key=lambda row: row[0])
    numbers = ("mean", "sd", f"{tails[0]:.0%}", f"{tails[1]:.0%}")
    names = (analysis.kind, "parameter", "column", "level", *numbers)
    frame = pl.DataFrame(rows, schema=list(names), orient="row")
    return frame.with_columns(pl.col(list(numbers)).round_sig_figs(6)).write_csv()


def comparison_table(analysis: TableAnalysis, posterior: Posterior) -> str:
    """Give CSV with a row for each number of components that was tried: how probable it is."""
    import polars as pl

    table = posterior.comparison.table.reset_index()
    columns = {
        analysis.kinds: table["components"].to_numpy(),
        "log_evidence": table["log_evidence"].to_numpy(),
        "error": table["error"].to_numpy(),
        "probability": table["probability"].to_numpy(),
        "probability_error": table["probability_error"].to_numpy(),
        "method": table["method"].tolist(),
        "seconds": table["seconds"].round(1).to_numpy(),
        "trusted": table["good"].tolist(),
        "message": table["message"].tolist(),
    }
    frame = pl.DataFrame(columns).with_columns(
        pl.col("log_evidence", "error", "probability", "probability_error").round(4)
    )
    return frame.write_csv()
