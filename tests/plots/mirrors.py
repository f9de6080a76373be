"""Small trees of draws whose components trade places."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from aliquot.results import build_tree
from aliquot.symmetry import Block, Role, Symmetries

MEANS = Block((Role(("means",), 0, (0, 1)),))


def switched(
    components: int = 2, draws: int = 60, chains: int = 2, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give draws with labels in place, those with labels shuffled, and what undoes it.

    The last is what relabelling finds: component k is that component of the shuffled draw.
    """
    rng = np.random.default_rng(seed)
    right = 3.0 * np.arange(components) + rng.normal(size=(chains, draws, components))
    permutations = np.argsort(rng.uniform(size=right.shape), axis=-1)
    shuffled = np.take_along_axis(right, np.argsort(permutations, axis=-1), axis=-1)
    return right, shuffled, permutations


def mirrored(posterior: dict[str, np.ndarray], *blocks: Block, **given: Any) -> xr.DataTree:
    """Make a tree whose attributes tell of blocks: that of two means if none is given."""
    attrs = {"symmetries": Symmetries(blocks or (MEANS,)).to_json()} | given.pop("attrs", {})
    return build_tree(posterior=posterior, attrs=attrs, **given)


def relabelled(
    posterior: dict[str, np.ndarray],
    permutations: np.ndarray,
    *blocks: Block,
    certainty: np.ndarray | None = None,
    name: str = "means",
    **given: Any,
) -> xr.DataTree:
    """Make a tree as relabelling gives it."""
    made = mirrored(posterior, *blocks, attrs={"relabelled": "ecr"}, **given)
    sure = np.ones(permutations.shape[:2]) if certainty is None else certainty
    made["relabelling"] = xr.Dataset(
        {
            f"permutation_{name}": (("chain", "draw", f"component_{name}"), permutations),
            f"certainty_{name}": (("chain", "draw"), sure),
        }
    )
    return made
