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

Arrays = Mapping[str, Any] | None

# Groups whose draws belong, one by one, to the draws of the posterior.
_MATCHED = {
    "sample_stats",
    "unconstrained_posterior",
    "log_likelihood",
    "posterior_predictive",
    "predictions",
}
_NOT_SAMPLED = {"observed_data", "constant_data", "predictions_constant_data"}


def build_tree(
    *,
    posterior: Arrays = None,
    sample_stats: Arrays = None,
    observed_data: Arrays = None,
    constant_data: Arrays = None,
    unconstrained_posterior: Arrays = None,
    warmup_posterior: Arrays = None,
    warmup_sample_stats: Arrays = None,
    warmup_unconstrained_posterior: Arrays = None,
    log_likelihood: Arrays = None,
    prior: Arrays = None,
    prior_predictive: Arrays = None,
    posterior_predictive: Arrays = None,
    predictions: Arrays = None,
    predictions_constant_data: Arrays = None,
    dims: Mapping[str, Sequence[str | None] | None] | None = None,
    coords: Mapping[str, Any] | None = None,
    attrs: Mapping[str, Any] | None = None,
    order: Sequence[str] = (),
    extend: xarray.DataTree | None = None,
) -> xarray.DataTree:
    """Build an ``xarray.DataTree`` in ArviZ's schema from arrays.

    Parameters
    ----------
    posterior, sample_stats, log_likelihood
        Draws by variable, each array ``(chain, draw, *shape)``.
    prior, prior_predictive, posterior_predictive, predictions
        Likewise. Predictions may have fewer draws than the posterior.
    unconstrained_posterior, warmup_posterior, warmup_sample_stats, warmup_unconstrained_posterior
        Likewise. Unconstrained variables take the dims of their name only where these fit.
    observed_data, constant_data, predictions_constant_data
        Data by variable, each array ``(*shape)``.
    dims
        Names for the axes of each variable's own shape; ``{variable}_dim_{axis}`` where not given.
    coords
        Labels by dim; 0, 1, 2, ... where not given.
    attrs
        What the root and every new group should say of their making (seed, times, settings).
        Booleans are stored as 0 and 1, lists and mappings as JSON, None not at all.
    order
        Names of variables in the order in which a model was written: so they stand in each group
        of values. JAX hands mappings back in the order of the alphabet.
    extend
        A tree to add to. It is left as it is; the answer is a new tree with its groups and the
        new ones, of which those of a known name replace it.

    Returns
    -------
    xarray.DataTree
        With the groups that were given, a coordinate on every dim, and the schema's attributes.

    Raises
    ------
    ShapeError
        If shapes, dims and coordinates do not fit.
    ModelError
        If a variable has the name of a dim.

    Notes
    -----
    The schema is that of ArviZ [1]_. Arrays are not copied.

    References
    ----------
    .. [1] https://python.arviz.org/en/stable/schema/schema.html

    Examples
    --------
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
    given: dict[str, Arrays] = {
        "posterior": posterior,
        "sample_stats": sample_stats,
        "unconstrained_posterior": unconstrained_posterior,
        "warmup_posterior": warmup_posterior,
        "warmup_sample_stats": warmup_sample_stats,
        "warmup_unconstrained_posterior": warmup_unconstrained_posterior,
        "log_likelihood": log_likelihood,
        "posterior_predictive": posterior_predictive,
        "predictions": predictions,
        "prior": prior,
        "prior_predictive": prior_predictive,
        "observed_data": observed_data,
        "constant_data": constant_data,
        "predictions_constant_data": predictions_constant_data,
    }
    labels = dict(coords or {})
    own_attrs = standard_attributes() | encode_attributes(attrs or {})
    groups: dict[str, xarray.Dataset] = {}
    sample_labels = {}
    if extend is not None:
        groups = groups_of(extend)
        if posterior is None and "posterior" in groups:
            sample_labels = {dim: groups["posterior"][dim].values for dim in SAMPLE_DIMS}
    for name, arrays in given.items():
        if not arrays:
            continue
        matched = name in _MATCHED
        if not name.endswith(("sample_stats", "unconstrained_posterior")):
            arrays = in_written_order(arrays, order)
        groups[name] = build_dataset(
            name,
            arrays,
            dims={} if name.endswith("sample_stats") else dims or {},
            coords={**labels, **sample_labels} if matched else labels,
            attrs=own_attrs,
            sampled=name not in _NOT_SAMPLED,
            lenient=name.endswith("unconstrained_posterior"),
        )
    _require_matching_draws(groups)
    return tree_of(groups, own_attrs if extend is None else extend.attrs)


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

    Examples
    --------
    >>> in_written_order({"a": 1, "b": 2, "mine": 3}, ["b", "x", "a"])
    {'b': 2, 'a': 1, 'mine': 3}
    """
    place = {name: number for number, name in enumerate(order)}
    return dict(sorted(arrays.items(), key=lambda item: place.get(item[0], len(place))))


def _require_matching_draws(groups: Mapping[str, xarray.Dataset]) -> None:
    if "posterior" not in groups:
        return
    expected = {dim: groups["posterior"].sizes[dim] for dim in SAMPLE_DIMS}
    for name in sorted(_MATCHED & groups.keys()):
        # Predictions may be made from a subset of the draws.
        if name in {"posterior_predictive", "predictions"}:
            continue
        sizes = {dim: groups[name].sizes[dim] for dim in SAMPLE_DIMS}
        if sizes != expected:
            raise ShapeError(
                f"{name} has {sizes['chain']} chains of {sizes['draw']} draws, but the posterior "
                f"has {expected['chain']} chains of {expected['draw']} draws."
            )
