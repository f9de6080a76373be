"""Which component each row belongs to: probabilities over draws, computed in pieces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.analyses.analysis import Analysis
from aliquot.builders.posterior import Posterior, quietly
from aliquot.inference.recover import recover
from aliquot.model import Model
from aliquot.results import build_tree

if TYPE_CHECKING:
    import xarray

# Probabilities are averages over so many draws at most, evenly spread over all.
DRAWS = 400
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
    def component(self) -> np.ndarray:
        """The most probable component of each row."""
        return self.mean.argmax(axis=1)

    @property
    def sure(self) -> np.ndarray:
        """Its probability."""
        return self.mean.max(axis=1)


def assignments(
    analysis: Analysis,
    posterior: Posterior,
    told: Callable[[float], None] = lambda share: None,
) -> Assignments:
    """Compute the probabilities of components; `told` hears which share of it is done."""
    rows = analysis.table.rows
    if posterior.components == 1:
        return Assignments(np.ones((rows, 1)), np.zeros((rows, 1)), {})
    few = few_draws(posterior.trace, posterior.model)
    count = few["posterior"].sizes["draw"]
    size = next(iter(posterior.model["z"].distribution.batch_shape), 1)
    elements = int(np.prod(posterior.model["z"].distribution.batch_shape))
    numbers = count * elements * posterior.components
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
    return Assignments(analysis.to_rows(mean), analysis.to_rows(spread), {})


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
    found = tree["state_probabilities"]["z"].values[0]
    mean = found.mean(axis=0)
    return mean / mean.sum(axis=-1, keepdims=True), found.std(axis=0)


def write_assignments(path: Path, analysis: Analysis, found: Assignments) -> None:
    """Write a row for each row of the table, in its order."""
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
        columns[_free(name, columns)] = values
    pl.DataFrame(columns).write_csv(path)


def _free(name: str, taken: Mapping[str, Any]) -> str:
    while name in taken:
        name += "_"
    return name
