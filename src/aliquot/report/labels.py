"""The unordered NUTS fit once more: its draws diagnosed, permuted and relabelled.

No chain runs again. A sample with ``label_switching="permute"`` and the same seed has the same
chains, permuted, so that the draws of the fit are permuted here as `aq.sample` would have.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

import aliquot as aq
from aliquot.diagnostics import Diagnosis
from aliquot.diagnostics.statistics import ess_bulk, rhat
from aliquot.inference.permute import permuted
from aliquot.report.said import said_by_aliquot
from aliquot.report.summary import Summary, summarise
from aliquot.symmetry import Symmetries
from aliquot.symmetry.relabelling import METHODS

if TYPE_CHECKING:
    import xarray

# The quantities whose convergence is compared: the first two depend on labels.
QUANTITIES = ("means[0]", "means[1]", "lower mean", "upper mean", "log density")
# A draw's labels are in doubt below this certainty.
SURE = 0.9


@dataclass(frozen=True)
class Version:
    """The draws of the unordered NUTS fit, after something was done about their labels or nothing.

    Attributes
    ----------
    key
        ``as_drawn``, ``permuted``, or ``relabelled_`` and the method.
    tree
        The draws of ``means``.
    summary
        The numbers for the table.
    diagnosis
        What `aq.check` finds.
    warnings
        What Aliquot said meanwhile.
    seconds
        How long it took.
    """

    key: str
    tree: xarray.DataTree
    summary: Summary
    diagnosis: Diagnosis
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def draws(self) -> np.ndarray:
        """The draws of the two means, ``(chain, draw, 2)``."""
        return np.asarray(self.tree["posterior"]["means"].values)

    @property
    def method(self) -> str | None:
        """How the draws were relabelled."""
        return self.tree.attrs.get("relabelled")

    @property
    def verdict(self) -> str:
        """The first line of what the convergence checks say."""
        return str(self.diagnosis).splitlines()[0]

    @property
    def unsure(self) -> float | None:
        """The share of draws whose labels are less than 0.9 certain; None if not relabelled."""
        if self.method is None:
            return None
        certainty = np.asarray(self.tree["relabelling"]["certainty_means"].to_numpy())
        return float(np.mean(certainty < SURE))

    @property
    def turned(self) -> int:
        """In how many draws the first mean is the greater one."""
        return int((self.draws[..., 0] > self.draws[..., 1]).sum())

    def convergence(self) -> dict[str, tuple[float | None, float]]:
        """Return R-hat (None for one chain) and bulk ESS by quantity.

        Sorted means and the log density do not depend on labels.
        """
        ascending = np.sort(self.draws, axis=-1)
        lp = self.tree["sample_stats"]["lp"].transpose("chain", "draw").values
        rows = np.stack([*np.moveaxis(self.draws, -1, 0), *np.moveaxis(ascending, -1, 0), lp])
        high = rhat(rows) if rows.shape[1] > 1 else [None] * len(rows)
        return {
            name: (None if r is None else float(r), float(ess))
            for name, r, ess in zip(QUANTITIES, high, ess_bulk(rows), strict=True)
        }


def announced(tree: xarray.DataTree) -> str:
    """Return what Aliquot said before sampling of components that can trade places."""
    found = Symmetries.of({str(key): value for key, value in tree.attrs.items()})
    return f"{found.line}." if found else ""


def versions(tree: xarray.DataTree, model: aq.Model) -> Iterator[Version]:
    """Yield the draws in `tree` as they are, permuted, and relabelled by each method.

    Parameters
    ----------
    tree : xarray.DataTree
        From `aq.sample`, of `model`.
    model : Model
        The unordered one.
    """
    yield _version("as_drawn", tree)
    began = time.perf_counter()
    moved = permute(tree, model)
    yield _version("permuted", moved, began=began)
    for method in METHODS:
        began = time.perf_counter()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            named = aq.relabel(tree, model, method=method)
        yield _version(f"relabelled_{method}", named, said_by_aliquot(caught), began)


def permute(tree: xarray.DataTree, model: aq.Model) -> xarray.DataTree:
    """Return what ``aq.sample(..., label_switching="permute")`` gives with the seed of `tree`."""
    posterior = tree["posterior"].to_dataset()
    values = {str(name): array.values for name, array in posterior.data_vars.items()}
    moved = permuted(model.density(), model.symmetries(), values, tree.attrs["random_seed"])
    result: xarray.DataTree = tree.copy()
    if moved is not None:
        arrays = {name: posterior[name].copy(data=array) for name, array in moved.items()}
        result["posterior"] = posterior.assign(arrays)
        result.attrs["label_switching"] = "permute"
    return result


def _version(
    key: str, tree: xarray.DataTree, said: tuple[str, ...] = (), began: float | None = None
) -> Version:
    seconds = 0.0 if began is None else time.perf_counter() - began
    return Version(key, tree, summarise(tree), aq.check(tree), said, seconds)
