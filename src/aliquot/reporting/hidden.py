"""Pictures of discrete variables that have come back: responsibilities, paths, single numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.text import Text

from aliquot.distributions.markov_chain import MarkovChain
from aliquot.errors import AliquotError
from aliquot.model import Model
from aliquot.plots import plot_responsibilities, plot_states
from aliquot.plots.recovered import GROUP, data_for, read

if TYPE_CHECKING:
    import xarray

MOST_STATES = 60
# Each observation is a mark in the page.
MOST_DOTS = 5_000


@dataclass(frozen=True)
class Hidden:
    """A picture of one discrete variable, and what it shows."""

    name: str
    figure: Figure
    caption: str


def from_draws(tree: xarray.DataTree, names: Sequence[str]) -> xarray.DataTree:
    """Add to a tree, for recovered draws of discrete variables, which state each draw is in.

    Its averages are the shares of draws in each state, so that pictures of probabilities can be
    made where only draws are known.
    """
    import xarray

    made = {}
    for name in names:
        array = tree["posterior"].dataset[name]
        states = np.unique(array.values)
        if 0 < len(states) <= MOST_STATES:
            state = xarray.DataArray(states, dims=f"{name}_state", coords={f"{name}_state": states})
            made[name] = (array == state).astype(float)
    if not made:
        return tree
    groups = {key: node.to_dataset() for key, node in tree.children.items()}
    return xarray.DataTree.from_dict(groups | {GROUP: xarray.Dataset(made)})


def pictures(tree: xarray.DataTree, names: Sequence[str], model: Model | None) -> list[Hidden]:
    """Draw each of the discrete variables in the way that suits it.

    A chain over its steps; a single number as bars; independent elements over their data, where
    these are one or two columns of measurements, and sorted by state where they are not.
    """
    found = []
    for name in names:
        variable = None if model is None else model[name]
        chain = isinstance(getattr(variable, "distribution", None), MarkovChain)
        recovered = read(tree, name)
        single = not recovered.shape
        observed = _states(tree, name) if single else data_for(tree, recovered)
        if chain or single:
            figure = _over_steps(tree, name, observed)
            caption = "The probability of each value." if single else "States over the steps."
        elif observed is not None and _measured(tree, observed, recovered.shape):
            figure = closed(plot_responsibilities(tree, name, x=observed))
            caption = "The probability of each state, over the data."
        else:
            figure = closed(plot_states(_sorted(tree, name), name))
            figure.axes[-1].set_xlabel("elements, sorted")
            for text in figure.axes[0].texts:
                text.set_text(text.get_text().replace(" steps,", " elements,"))
            caption = (
                "The probability of each state; elements are sorted by their most probable one "
                "and how sure that is."
            )
        found.append(Hidden(name, figure, caption))
    return found


def closed(axes: Any) -> Figure:
    """Give the figure of axes that pyplot has made, with dollars as such; pyplot forgets it."""
    import matplotlib.pyplot as plt

    figure = np.ravel(axes)[0].figure
    plt.close(figure)
    for text in figure.findobj(Text):
        text.set_parse_math(False)
    return figure


def _over_steps(tree: xarray.DataTree, name: str, observed: str | None) -> Figure:
    try:
        return closed(plot_states(tree, name, observed=observed))
    except AliquotError:  # data that do not lie along the steps
        return closed(plot_states(tree, name))


def _states(tree: xarray.DataTree, name: str) -> str | None:
    """Name the only observed variable with a value for each state of a single number."""
    states = tree[GROUP][name].shape[-1]
    data = tree["observed_data"].dataset if "observed_data" in tree.children else {}
    fitting = [str(key) for key, array in data.items() if array.shape == (states,)]
    return fitting[0] if len(fitting) == 1 else None


def _measured(tree: xarray.DataTree, observed: str, shape: tuple[int, ...]) -> bool:
    """Whether data are one or two columns of numbers that are not whole, and not too many."""
    values = np.asarray(tree["observed_data"].dataset[observed].values)
    if values.size > MOST_DOTS:
        return False
    columns = int(np.prod(values.shape[len(shape) :]))
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else np.zeros(0)
    return columns <= 2 and bool(np.any(finite != np.round(finite)))


def _sorted(tree: xarray.DataTree, name: str) -> xarray.DataTree:
    """Sort the elements of a variable, along one dim, by their most probable states."""
    import xarray

    array = read(tree, name).array
    flat = array.values.reshape((*array.shape[:2], -1, array.shape[-1]))
    mean = flat.mean(axis=(0, 1))
    best = mean.argmax(axis=-1)
    order = np.lexsort((np.where(best % 2, 1, -1) * mean.max(axis=-1), best))
    dims = ("chain", "draw", f"{name}_sorted", str(array.dims[-1]))
    made = xarray.DataArray(flat[:, :, order], dims=dims)
    if array.dims[-1] in array.coords:
        made = made.assign_coords({array.dims[-1]: array.coords[array.dims[-1]]})
    return xarray.DataTree.from_dict({GROUP: xarray.Dataset({name: made})})
