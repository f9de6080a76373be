"""What a recovered tree says of one discrete variable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.errors import ModelError, ShapeError
from aliquot.plots import style
from aliquot.results.axes import SAMPLE_DIMS, in_order

if TYPE_CHECKING:
    import xarray

GROUP = "state_probabilities"

# Draws that bands and the search for switched labels look at; evenly spread over all.
MOST_DRAWS = 200

# A state whose average over draws varies this much less from row to row than it does within a
# draw has been averaged with others. One of four chains with two labels swapped gives a quarter.
SWITCHED_BELOW = 0.5


@dataclass(frozen=True)
class Recovered:
    """A discrete variable's state probabilities in each draw."""

    name: str
    array: xarray.DataArray  # (chain, draw, *dims of the variable, state dim)
    given_names: tuple[str, ...] | None = None  # for the states, in place of `labels`

    @property
    def dims(self) -> tuple[str, ...]:
        """The dims of the variable in a model."""
        return tuple(str(dim) for dim in self.array.dims[2:-1])

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the variable in a model."""
        return tuple(self.array.shape[2:-1])

    @property
    def draws(self) -> int:
        """Draws of all chains together."""
        return int(self.array.sizes["chain"] * self.array.sizes["draw"])

    @cached_property
    def values(self) -> np.ndarray:
        """The states, as the coordinate of the state dim gives them, shape (K,)."""
        dim = self.array.dims[-1]
        if dim in self.array.coords:
            return np.asarray(self.array.coords[dim].values)
        return np.arange(self.array.shape[-1])

    @cached_property
    def labels(self) -> list[str]:
        """The states' names: labels as they are, numbers as ``z = 0``."""
        if self.numeric:
            return [f"{self.name} = {value}" for value in self.values]
        return [str(value) for value in self.values]

    @property
    def names(self) -> list[str]:
        """What the states are called in the picture."""
        return self.labels if self.given_names is None else list(self.given_names)

    @cached_property
    def colors(self) -> np.ndarray:
        """The states' colours, shape (K, 3)."""
        return style.state_colors(len(self.values))

    @property
    def numeric(self) -> bool:
        """Whether states are numbers."""
        return bool(self.values.dtype.kind in "iuf")

    @cached_property
    def mean(self) -> np.ndarray:
        """The posterior probability of each state, over all draws, shape (*shape, K)."""
        return np.asarray(self.array.mean(SAMPLE_DIMS), dtype=float)

    @property
    def rows(self) -> np.ndarray:
        """The same with the variable's axes as one, shape (rows, K)."""
        return self.mean.reshape(-1, len(self.values))

    @cached_property
    def some_draws(self) -> np.ndarray:
        """A number of draws, evenly spread over all chains, shape (draws, rows, K)."""
        chains = int(self.array.sizes["chain"])
        each = max(1, MOST_DRAWS // chains)
        length = int(self.array.sizes["draw"])
        chosen = np.unique(np.linspace(0, length - 1, min(each, length)).round().astype(int))
        part = np.asarray(self.array.isel(draw=chosen), dtype=float)
        return part.reshape((chains * len(chosen), -1, len(self.values)))

    @cached_property
    def switched(self) -> list[str]:
        """Names of the states that averages over draws mix up, because labels have switched."""
        draws = self.some_draws
        if draws.shape[1] < 3:
            return []
        within = draws.var(axis=1).mean(axis=0)
        across = draws.mean(axis=0).var(axis=0)
        mixed = (across < SWITCHED_BELOW * within) & (within > 1e-4)
        # A label cannot be swapped with nothing.
        return [self.labels[k] for k in np.flatnonzero(mixed)] if mixed.sum() > 1 else []

    def positions(self, states: np.ndarray) -> np.ndarray:
        """Find states among `values`.

        Numbers are values where the state dim is made for the variable, else positions: labels of a
        dim that was there before are not what the variable takes.
        """
        states = np.asarray(states)
        holds_values = self.array.dims[-1] == f"{self.name}_state" and self.numeric
        if states.dtype.kind in "iufb" and not holds_values:
            self._refuse(states, ~np.isin(states, np.arange(len(self.values))))
            return states.astype(int)
        order = np.argsort(self.values)
        where = np.searchsorted(self.values, states, sorter=order)
        found = np.asarray(order[np.minimum(where, len(order) - 1)])
        self._refuse(states, self.values[found] != states)
        return found

    def _refuse(self, states: np.ndarray, unknown: np.ndarray) -> None:
        if unknown.any():
            raise ModelError(
                f"{self.name}: {states[unknown][0]} is none of its states "
                f"({', '.join(map(str, self.values[:8]))}{', ...' if len(self.values) > 8 else ''})"
            )

    @property
    def switching_note(self) -> str:
        """What to say where labels have switched, else nothing."""
        if not self.switched:
            return ""
        names = " and ".join(self.switched) if len(self.switched) < 4 else "several states"
        return (
            f"The labels of {names} have switched between draws: these averages mix them up. "
            "Order or relabel them first."
        )


def read(
    tree: Any,
    var_name: str,
    *,
    labels: Sequence[str] | None = None,
    prob: float = 0.9,
    sel: Mapping[str, Any] | None = None,
) -> Recovered:
    """Read one variable's state probabilities from a tree that `aq.recover` gives.

    `labels` are names for the states, in place of the coordinate's; `prob`, a probability to be
    drawn, is only checked; `sel` chooses along the variable's dims, or of the chains and draws.
    """
    children = getattr(tree, "children", {})
    if GROUP not in children:
        raise ModelError(
            f"the results have no group {GROUP!r}: call aq.recover first, as in "
            "trace = aq.recover(trace)"
            + ("" if children else f"; got {type(tree).__name__} without groups")
        )
    dataset = tree[GROUP].dataset
    names = [str(name) for name in dataset.data_vars]
    if var_name not in names:
        raise ModelError(
            f"{var_name!r} is not among the recovered variables ({', '.join(names)}); "
            "give one of them as var_name="
        )
    array = in_order(dataset[var_name])
    if array.dims[:2] != SAMPLE_DIMS or array.ndim < 3:
        raise ShapeError(
            f"{var_name!r} in {GROUP} has dims {array.dims}; they must be chain, draw, "
            "the variable's own, and its states"
        )
    recovered = Recovered(var_name, choose(array, sel, var_name))
    if not 0 < prob < 1:
        raise ModelError(f"prob must be between 0 and 1; got {prob!r}")
    if labels is None:
        return recovered
    if len(labels) != len(recovered.values):
        raise ShapeError(
            f"labels: {recovered.name!r} has {len(recovered.values)} states, "
            f"but {len(labels)} labels were given"
        )
    return replace(recovered, given_names=tuple(map(str, labels)))


def choose(array: Any, sel: Mapping[str, Any] | None, name: str) -> Any:
    """Select by labels, keeping every dim."""
    for dim, labels in (sel or {}).items():
        if dim not in array.dims:
            raise ModelError(
                f"{name!r} has no dim {dim!r}; sel= can choose along "
                f"{', '.join(map(str, array.dims[:-1]))}"
            )
        wanted = labels if isinstance(labels, slice) else np.atleast_1d(labels)
        try:
            array = array.sel({dim: wanted})
        except (KeyError, IndexError):
            known = ", ".join(map(str, array[dim].values[:8]))
            raise ModelError(
                f"{labels!r} is not a label of dim {dim!r} ({known}"
                f"{', ...' if array.sizes[dim] > 8 else ''})"
            ) from None
    return array


@dataclass(frozen=True)
class PlotData:
    """Data to draw: an array, what it is called, and the names of its columns, if it has any."""

    array: np.ndarray
    name: str
    columns: tuple[str, ...] = ()

    def column(self, position: int) -> str:
        """Name one column."""
        if self.columns:
            return self.columns[position]
        return f"{self.name}[{position}]" if self.name else f"column {position}"


def data(tree: Any, given: Any, name: str) -> PlotData:
    """Give data by name, from observed or constant data, or as an array."""
    if isinstance(given, str):
        known: dict[str, Any] = {}
        for group in ("observed_data", "constant_data"):
            if group in getattr(tree, "children", {}):
                dataset = tree[group].dataset
                known |= {str(key): value for key, value in dataset.coords.items()}
                known |= {str(key): value for key, value in dataset.data_vars.items()}
        if given not in known:
            raise ModelError(
                f"{name}={given!r} is not among the data of the results "
                f"({', '.join(known) or 'none'}); give one of them, or an array"
            )
        given = known[given]
    label = getattr(given, "name", None)
    columns: tuple[str, ...] = ()
    if hasattr(given, "dims") and given.ndim > 1 and given.dims[-1] in given.coords:
        labels = given.coords[given.dims[-1]].values
        if labels.dtype.kind in "UO":
            columns = tuple(map(str, labels))
    elif hasattr(given, "columns"):
        columns = tuple(map(str, given.columns))
    return PlotData(np.asarray(given), label if isinstance(label, str) else "", columns)


def data_for(tree: Any, recovered: Recovered) -> str | None:
    """Name the only observed variable whose leading axes are those of the discrete one."""
    rows = recovered.shape
    known = tree["observed_data"].dataset.data_vars if "observed_data" in tree.children else {}
    fitting = [str(name) for name, array in known.items() if array.shape[: len(rows)] == rows]
    return fitting[0] if len(fitting) == 1 else None


def uncertainty(probabilities: np.ndarray) -> np.ndarray:
    """Compute the entropy along the last axis, as a fraction of the largest there can be."""
    p = np.clip(probabilities, 1e-300, 1.0)
    return np.asarray(-(p * np.log(p)).sum(axis=-1) / np.log(max(p.shape[-1], 2)))
