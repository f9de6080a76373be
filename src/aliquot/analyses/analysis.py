"""`TableAnalysis`: a table, the model that is written for it, and what its numbers mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.analyses.encoding import EncodingText
from aliquot.builders import ModelText
from aliquot.builders.posterior import Posterior
from aliquot.tables import DataTable

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True, eq=False)
class Parameter:
    """Draws of one number of each component, in the data's own units.

    Attributes
    ----------
    name : str
        Such as "mean", "sd", "probability".
    of : str
        The column that it is of; empty for what belongs to the component as a whole.
    values : array (draws, components)
    level : str
        Of a probability, what it is the probability of.
    """

    name: str
    of: str
    values: np.ndarray
    level: str = ""


@dataclass(frozen=True)
class RunSettings:
    """How an analysis is run."""

    draws: int = 2000
    seed: int = 0


@dataclass(frozen=True, eq=False)
class TableAnalysis:
    """What is known before anything is fitted.

    Attributes
    ----------
    command : str
        Of the command line: "mixture".
    title : str
    kind, kinds : str
        What a component is called, one and several.
    table : DataTable
    said : tuple of str
        What was read, and what was done with it.
    written : ModelText
        The model as text.
    encoding : EncodingText
        The text that makes the model's data from the table.
    numbers : sequence of int
        Of components, to compare.
    parameters : callable
        From the draws, ``posterior`` with all draws in one dim, to `Parameter` in own units.
    portrait : callable
        What is said of a component in a few words, from its parameters.
    ids : array of str, optional
        The names of the rows.
    id_name : str
    to_rows : callable
        From values of the labels' elements, as `data` has them, to rows of the table.
    more : callable
        What else is known of rows, by name, from the posterior.
    rows_apart : bool
        Whether the data are cut along their first axis without one part knowing of the other.
    thing : str
        What has a component: "row", "step".
    """

    command: str
    title: str
    kind: str
    kinds: str
    table: DataTable
    said: tuple[str, ...]
    written: ModelText
    encoding: EncodingText
    numbers: Sequence[int]
    parameters: Callable[[xarray.Dataset], list[Parameter]]
    portrait: Callable[[Sequence[Parameter], int], str]
    ids: np.ndarray | None = None
    id_name: str = ""
    to_rows: Callable[[np.ndarray], np.ndarray] = lambda values: values
    more: Callable[[Posterior], dict[str, np.ndarray]] = lambda posterior: {}
    rows_apart: bool = True
    thing: str = "row"

    @cached_property
    def data(self) -> dict[str, Any]:
        """The data of the model, by the text that the script has as well."""
        return self.encoding.encode(self.table)

    @property
    def folder(self) -> Path:
        """Where the answer goes unless told: named after the table and the command."""
        name = self.table.path.name
        stem = name[: -len("".join(self.table.path.suffixes[-2:]))] if name.endswith(".gz") else ""
        return Path(f"{stem or self.table.path.stem}-{self.command}")
