"""The tree of results, in ArviZ's schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aliquot.errors import ShapeError
from aliquot.results.attributes import encode_attributes, standard_attributes
from aliquot.results.axes import SAMPLE_DIMS
from aliquot.results.dataset import build_dataset

if TYPE_CHECKING:
    import xarray

# Groups whose draws are those of the posterior, one by one; predictions may be of some only.
_ONE_BY_ONE = ("sample_stats", "unconstrained_posterior", "log_likelihood")
_PREDICTED = ("posterior_predictive", "predictions")
_DATA = ("observed_data", "constant_data", "predictions_constant_data")
# All groups, in the order in which they stand in a tree.
GROUPS = (
    "posterior",
    "sample_stats",
    "unconstrained_posterior",
    "warmup_posterior",
    "warmup_sample_stats",
    "warmup_unconstrained_posterior",
    "log_likelihood",
    *_PREDICTED,
    "prior",
    "prior_predictive",
    *_DATA,
)


def build_tree(
    *,
    dims: Mapping[str, Sequence[str | None] | None] | None = None,
    coords: Mapping[str, Any] | None = None,
    attrs: Mapping[str, Any] | None = None,
    order: Sequence[str] = (),
    extend: xarray.DataTree | None = None,
    **groups: Mapping[str, Any] | None,
) -> xarray.DataTree:
    """Build a tree in ArviZ's schema from arrays, which are not copied.

    The schema is https://python.arviz.org/en/stable/schema/schema.html. The `groups` are some of
    `GROUPS`, each by variable: draws are arrays ``(chain, draw, *shape)``, data ``(*shape)``.
    Predictions may have fewer draws than the posterior. Every dim gets a coordinate.

    `dims` names the axes of each variable's own shape, ``{variable}_dim_{axis}`` where it does not;
    `coords` has the labels by dim, 0, 1, 2, ... where it does not. Unconstrained variables take
    the dims of their name only where these fit. A variable with the name of a dim is refused.

    `attrs` is what the root and every new group should say of their making (seed, times, settings).
    Booleans are stored as 0 and 1, lists and mappings as JSON, None not at all.

    `order` has the names of variables as a model was written: so they stand in each group of
    values. JAX hands mappings back in the order of the alphabet.

    `extend` is a tree to add to. It is left as it is; the answer is a new tree with its groups and
    the new ones, which replace those of the same name.

    >>> import numpy as np
    >>> tree = build_tree(
    ...     posterior={"means": np.zeros((4, 100, 2))},
    ...     dims={"means": ["component"]},
    ...     coords={"component": ["low", "high"]},
    ... )
    >>> tree.posterior["means"].dims
    ('chain', 'draw', 'component')
    >>> tree.posterior["means"].sel(component="low").shape
    (4, 100)
    """
    if unknown := groups.keys() - set(GROUPS):
        raise TypeError(f"build_tree: {', '.join(sorted(unknown))} is no group of the schema")
    labels = dict(coords or {})
    own_attrs = standard_attributes() | encode_attributes(attrs or {})
    made = {} if extend is None else groups_of(extend)
    sample_labels = {}
    if "posterior" in made and groups.get("posterior") is None:
        sample_labels = {dim: made["posterior"][dim].values for dim in SAMPLE_DIMS}
    for name in GROUPS:
        arrays = groups.get(name)
        if not arrays:
            continue
        if not name.endswith(("sample_stats", "unconstrained_posterior")):
            arrays = in_written_order(arrays, order)
        made[name] = build_dataset(
            name,
            arrays,
            dims={} if name.endswith("sample_stats") else dims or {},
            coords=labels | sample_labels if name in (*_ONE_BY_ONE, *_PREDICTED) else labels,
            attrs=own_attrs,
            sampled=name not in _DATA,
            lenient=name.endswith("unconstrained_posterior"),
        )
    _require_matching_draws(made)
    return tree_of(made, own_attrs if extend is None else extend.attrs)


def groups_of(tree: xarray.DataTree) -> dict[str, xarray.Dataset]:
    """Give the groups of a tree by name."""
    return {name: node.to_dataset() for name, node in tree.children.items()}


def tree_of(groups: Mapping[str, xarray.Dataset], attrs: Mapping[Any, Any]) -> xarray.DataTree:
    """Make a tree of groups, with attributes of the whole."""
    import xarray

    tree = xarray.DataTree.from_dict(groups)
    tree.attrs = dict(attrs)
    return tree


def in_written_order(arrays: Mapping[str, Any], order: Sequence[str]) -> dict[str, Any]:
    """Put a mapping into the order of names that are known, with the others after them.

    >>> in_written_order({"a": 1, "b": 2, "mine": 3}, ["b", "x", "a"])
    {'b': 2, 'a': 1, 'mine': 3}
    """
    place = {name: number for number, name in enumerate(order)}
    return dict(sorted(arrays.items(), key=lambda item: place.get(item[0], len(place))))


def _require_matching_draws(groups: Mapping[str, xarray.Dataset]) -> None:
    if "posterior" not in groups:
        return
    expected = {dim: groups["posterior"].sizes[dim] for dim in SAMPLE_DIMS}
    for name in [name for name in _ONE_BY_ONE if name in groups]:
        sizes = {dim: groups[name].sizes[dim] for dim in SAMPLE_DIMS}
        if sizes != expected:
            raise ShapeError(
                f"{name} has {sizes['chain']} chains of {sizes['draw']} draws, but the posterior "
                f"has {expected['chain']} chains of {expected['draw']} draws."
            )
