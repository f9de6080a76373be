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
    if "posterior" not in tree.children:
        tree = _with_empty_posterior(tree)
    tree = recover(tree, model, kind="draws", random_seed=seed)
    tree.attrs["sampling_time"] = tree.attrs["total_time"] = time.perf_counter() - began
    return tree


def _with_empty_posterior(tree: xarray.DataTree) -> xarray.DataTree:
    """Add the group of draws where there is no continuous quantity to draw."""
    groups = groups_of(tree)
    stats = groups["sample_stats"]
    return tree_of({"posterior": stats.drop_vars(list(stats.data_vars)), **groups}, tree.attrs)
