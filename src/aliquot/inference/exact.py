"""Models whose unknowns are all discrete: exact draws, no sampler needed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from aliquot.inference.described import described
from aliquot.inference.recover import recover
from aliquot.model import Model
from aliquot.results import build_tree, groups_of, tree_of

if TYPE_CHECKING:
    import xarray


def exact_draws(model: Model, draws: int, chains: int, seed: int) -> xarray.DataTree:
    """Draw independently from the joint posterior of discrete variables, as `aq.sample` does."""
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
    tree.attrs["sampling_time"] = tree.attrs["total_time"] = time.perf_counter() - began
    return tree
