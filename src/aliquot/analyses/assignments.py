"""Which component each row belongs to: probabilities over draws, computed in pieces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.analyses.analysis import TableAnalysis
from aliquot.builders.posterior import Posterior, quietly
from aliquot.inference.recover import recover
from aliquot.model import Model
from aliquot.results import build_tree

if TYPE_CHECKING:
    import xarray

# Probabilities are averages over so many draws at most, evenly spread over all.
DRAWS, FEWEST_DRAWS = 400, 50
# Draws times rows times components that are computed at once: 160 MB.
MOST_NUMBERS = 20_000_000
# From here on a row belongs to its component; below the second it is in doubt.
SURE, DOUBT = 0.95, 0.8


@dataclass(frozen=True, eq=False)
class Assignments:
    """Of each row of the table the probability of each component.

    Attributes
    ----------
    mean, spread : array (rows, components)
        Over draws: the probability, and its standard deviation.
    more : dict from str to array (rows,)
        What else is known of rows: the most probable path, the fitted mean.
    """

    mean: np.ndarray
    spread: np.ndarray
    more: Mapping[str, np.ndarray]

    @property
    def known(self) -> np.ndarray:
        """The rows that the model has looked at."""
        return np.flatnonzero(~np.isnan(self.mean[:, 0]))

    @property
    def component(self) -> np.ndarray:
        """The most probable component of each row; -1 where nothing is known."""
        found = np.full(len(self.mean), -1)
        found[self.known] = self.mean[self.known].argmax(axis=1)
        return found

    @property
    def sure(self) -> np.ndarray:
        """Its probability, of rows that are known."""
        return self.mean[self.known].max(axis=1)


def assignments(
    analysis: TableAnalysis,
    posterior: Posterior,
    told: Callable[[float], None] = lambda share: None,
) -> Assignments:
    """Compute the probabilities of components; `told` hears which share of it is done."""
    z = posterior.model["z"]
    shape = tuple(z.shape)
    if posterior.components == 1:
        one = np.ones((*shape, 1))
        return Assignments(
            analysis.to_rows(one), analysis.to_rows(0 * one), analysis.more(posterior)
        )
    most = DRAWS
    if not analysis.rows_apart:
        each = int(np.prod(shape)) * posterior.components
        most = int(np.clip(MOST_NUMBERS // each, FEWEST_DRAWS, DRAWS))
    few = few_draws(posterior.trace, posterior.model, most)
    count = few["posterior"].sizes["draw"]
    size = shape[0]
    numbers = count * int(np.prod(shape)) * posterior.components
    if numbers <= MOST_NUMBERS or not analysis.rows_apart:
        mean, spread = _of_model(few, posterior.model)
    else:
        length = max(1, size * MOST_NUMBERS // numbers)
        parts = []
        for start in range(0, size, length):
            # The last piece is as long as the others, so that one program serves all.
            at = slice(max(0, min(start, size - length)), min(start + length, size))
            piece = {key: value[at] for key, value in analysis.data.items()}
            model = quietly(analysis.written, piece, posterior.components)
            found = _of_model(few, model)
            new = at.stop - start
            parts.append([array[len(array) - new :] for array in found])
            told(at.stop / size)
        mean, spread = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Assignments(analysis.to_rows(mean), analysis.to_rows(spread), analysis.more(posterior))


def few_draws(trace: xarray.DataTree, model: Model, most: int = DRAWS) -> xarray.DataTree:
    """Give some of the draws of the free variables, as one chain."""
    posterior = trace["posterior"].dataset
    values = {}
    for variable in model.free:
        if variable.name in posterior:
            array = posterior[variable.name].transpose("chain", "draw", ...).values
            values[variable.name] = array.reshape((-1, *array.shape[2:]))
    total = len(next(iter(values.values())))
    few = np.unique(np.linspace(0, total - 1, min(total, most)).round().astype(int))
    return build_tree(posterior={name: value[few][None] for name, value in values.items()})


def _of_model(few: xarray.DataTree, model: Model) -> tuple[np.ndarray, np.ndarray]:
    tree = recover(few, model, kind="probabilities", var_names="z", thin=1)
    found = tree["state_probabilities"].dataset["z"].values[0]
    mean = found.mean(axis=0)
    return mean / mean.sum(axis=-1, keepdims=True), found.std(axis=0)


def assignments_table(analysis: TableAnalysis, found: Assignments) -> str:
    """Give CSV with a row for each row of the table, in its order."""
    import polars as pl

    columns: dict[str, Any] = {"row": np.arange(1, analysis.table.rows + 1)}
    if analysis.ids is not None:
        columns[_free(analysis.id_name, columns)] = analysis.ids.astype(str)
    columns[_free(analysis.kind, columns)] = found.component
    for k in range(found.mean.shape[1]):
        columns[_free(f"probability_{k}", columns)] = found.mean[:, k].round(6)
    for k in range(found.mean.shape[1]):
        columns[_free(f"sd_{k}", columns)] = found.spread[:, k].round(6)
    for name, values in found.more.items():
        columns[_free(name, columns)] = values if values.dtype.kind == "i" else significant(values)
    frame = pl.DataFrame(columns)
    counted = frame.with_columns(pl.col(pl.Int64).replace(-1, None))
    return counted.with_columns(pl.col(pl.Float64).fill_nan(None)).write_csv()


def _free(name: str, taken: Mapping[str, Any]) -> str:
    while name in taken:
        name += "_"
    return name


def significant(values: np.ndarray, digits: int = 6) -> np.ndarray:
    """Round numbers to significant digits.

    >>> significant(np.array([1234.5678, 0.00012345678])).tolist()
    [1234.57, 0.000123457]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.where(values == 0, 0, np.floor(np.log10(np.abs(values))))
        power = 10.0 ** (digits - 1 - size)
        return np.asarray(np.where(np.isfinite(power), np.round(values * power) / power, values))
