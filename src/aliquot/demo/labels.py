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
from aliquot.demo.summary import Drawn, summarise
from aliquot.diagnostics import Diagnosis
from aliquot.diagnostics.statistics import mixing
from aliquot.inference.permute import permuted
from aliquot.reporting.said import said_by_aliquot
from aliquot.symmetry import Symmetries
from aliquot.symmetry.relabelling import METHODS

if TYPE_CHECKING:
    import xarray

# The quantities whose convergence is compared: the first two depend on labels.
QUANTITIES = ("means[0]", "means[1]", "lower mean", "upper mean", "log density")
# A draw's labels are in doubt below this certainty.
SURE = 0.9


@dataclass(frozen=True)
class Version(Drawn):
    """The draws of the unordered NUTS fit, after something was done about their labels or nothing.

    Its key is ``as_drawn``, ``permuted``, or ``relabelled_`` and the method.
    """

    diagnosis: Diagnosis

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
        found = mixing(rows)
        return {
            name: (float(r) if rows.shape[1] > 1 else None, float(ess))
            for name, r, ess in zip(QUANTITIES, found.rhat, found.ess_bulk, strict=True)
        }


def announced(tree: xarray.DataTree) -> str:
    """Return what Aliquot said before sampling of components that can trade places."""
    found = Symmetries.of({str(key): value for key, value in tree.attrs.items()})
    return f"{found.line}." if found else ""


def versions(tree: xarray.DataTree, model: aq.Model) -> Iterator[Version]:
    """Yield the draws in `tree` as they are, permuted, and relabelled by each method.

    `tree` is from `aq.sample`, of the unordered `model`.
    """
    for key in ("as_drawn", "permuted", *(f"relabelled_{method}" for method in METHODS)):
        began = time.perf_counter()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            made = tree
            if key == "permuted":
                made = permute(tree, model)
            elif key != "as_drawn":
                made = aq.relabel(tree, model, method=key.removeprefix("relabelled_"))
        seconds, said = time.perf_counter() - began, said_by_aliquot(caught)
        yield Version(key, made, summarise(made), said, seconds, aq.check(made))


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
