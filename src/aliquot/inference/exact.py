"""Models whose unknowns are all discrete: exact draws, no sampler needed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from aliquot.inference.described import described
from aliquot.inference.recover import recover
from aliquot.model import Model
from aliquot.results import build_tree, groups_of, tree_of
from aliquot.storage import make, require_zarr

if TYPE_CHECKING:
    import xarray


def exact_draws(
    model: Model, draws: int, chains: int, seed: int, store: Path | None = None
) -> xarray.DataTree:
    """Draw independently from the joint posterior of discrete variables, as `aq.sample` does.

    A `store` is made of them when they are all there, which they are at once.
    """
    if store is not None:
        require_zarr()
    began = time.perf_counter()
    density = model.density()
    values = density.constrain_draws(np.empty((chains, draws, 0)))
    evidence = density.evaluate(np.empty(0))
    attrs = {
        "sampler": "exact",
        "random_seed": seed,
        "draws": draws,
        "chains": chains,
        "tuning_steps": 0,
        "partial": False,
    }
    stats = {"lp": np.full((chains, draws), evidence)}
    tree = build_tree(posterior=values, sample_stats=stats, **described(model), attrs=attrs)
    # Where there is no continuous quantity to draw, the group of draws is empty.
    groups = groups_of(tree)
    tree = tree_of({"posterior": groups["sample_stats"].drop_vars("lp"), **groups}, tree.attrs)
    tree = recover(tree, model, kind="draws", random_seed=seed)
    if store is not None:
        make(store, tree, {"exact": True})
    tree.attrs["sampling_time"] = tree.attrs["total_time"] = time.perf_counter() - began
    return tree
