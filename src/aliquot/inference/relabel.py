"""``aq.relabel``: draws in which components have traded places, given their labels back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.diagnostics import check
from aliquot.errors import AliquotWarning, ModelError, warn
from aliquot.hints.arguments import PREDICT
from aliquot.hints.explain import explained
from aliquot.inference.model_order import in_model_order
from aliquot.inference.permute import that_hold
from aliquot.inference.posterior import continuous_values, posterior_of
from aliquot.inference.relabelled_tree import (
    discrete_in,
    rebuilt,
    renamed,
    states_of,
    without,
)
from aliquot.inference.responsibilities import Found, Responsibilities
from aliquot.model import Model, resolve_model
from aliquot.results import build_dataset, standard_attributes
from aliquot.symmetry import ATTRIBUTE, Block, Symmetries, block_names, signs_of
from aliquot.symmetry.relabelling import METHODS, Relabelled, relabel_block
from aliquot.variational.heights import log_densities

if TYPE_CHECKING:
    import xarray

# A draw's labels are in doubt below this certainty; so many of such draws are worth a warning.
SURE = 0.9
FEW = 0.05


@explained(PREDICT)
def relabel(
    trace: xarray.DataTree,
    model: Model | None = None,
    *,
    method: str = "ecr",
    _symmetries: Symmetries | None = None,
) -> xarray.DataTree:
    """Give components of a mixture that trade places from draw to draw their labels back.

    Parameters
    ----------
    trace : xarray.DataTree
        With a group ``posterior``: from `sample`, or the ``sample`` of an approximation.
    model : Model, optional
        By default the one whose ``with`` block is running.
    method : str
        "ecr": rows of the data are to belong to the same component in as many draws as possible
        [1]_. "stephens": the probabilities that rows belong to components are to be as alike as
        possible, in Kullback-Leibler divergence [2]_. "pivot": parameters are to be as near as
        possible to those of the draw of the highest density [3]_; the only one that works where no
        rows of the data belong to components.

    Returns
    -------
    xarray.DataTree
        A new tree. In ``posterior`` all variables that move together have traded places together,
        deterministics are computed anew, and recovered discrete variables renamed, their
        probabilities and most probable states, too. The group ``relabelling`` says what was done:
        by block of components ``permutation_...`` (component k is that component of the given
        trace) and ``certainty_...``. ``attrs["relabelling_certainty"]`` has its means.

    Raises
    ------
    ModelError
        For an unknown method, one that needs rows where there are none, a trace without draws or
        of another model.

    Notes
    -----
    Which components trade places, and what moves with them, is what `Model.symmetries` finds; each
    block is relabelled by itself. Components are numbered in ascending order of the posterior mean
    of the block's first variable with one number for each (weights and
    matrices only where there is no other),
    so that two runs can be compared. What is mirrored as components trade places (th, their one
    weight, to 1 - th) is so wherever they do. Signs that can turn, as those of factors and
    loadings, come from no rows: they are always those nearest to the draw of the highest density,
    and such that the first number is positive in the mean.

    A draw's certainty is :math:`1 / (1 + e^{-g})`, where another labelling is worse by g nats at
    least: in allocations under the mean classification for "ecr" and "stephens" [4]_, in half the
    squared standardised distance for "pivot". Where many are far below 1, components overlap, and
    no labels do them justice: summaries by component then look surer than they are.

    Of a transition matrix, which moves along two axes, "pivot" looks at the diagonal only, and
    at what does not move. Where draws times rows times components exceed 50 million, the others
    look at a random part of the rows, always the same, as the attributes of ``relabelling`` say.

    Warm-up draws and predictions stay as they are, but for discrete variables among the latter.

    References
    ----------
    .. [1] Papastamoulis and Iliopoulos (2010), Journal of Computational and Graphical Statistics
       19(2), iterated as in Papastamoulis (2016), Journal of Statistical Software 69.
    .. [2] Stephens (2000), Journal of the Royal Statistical Society B 62(4).
    .. [3] Marin, Mengersen and Robert (2005), Handbook of Statistics 25.
    .. [4] Sperrin, Jaki and Wit (2010), Statistics and Computing 20.

    Examples
    --------
    >>> import warnings
    >>> import numpy as np
    >>> import aliquot as aq
    >>> from aliquot.results import build_tree
    >>> with aq.Model() as model:
    ...     means = aq.Normal("means", 0, 5, shape=2)
    ...     obs = aq.NormalMixture("obs", [0.5, 0.5], means, 1, observed=[-2.0, -2.3, 1.9, 2.2])
    >>> switched = np.tile([[-2.0, 2.0], [2.1, -2.1]], (50, 1))
    >>> trace = build_tree(posterior={"means": switched[None]})
    >>> with warnings.catch_warnings(action="ignore"):
    ...     trace = aq.relabel(trace, model)
    >>> trace.posterior["means"].mean(("chain", "draw")).values.round(2)
    array([-2.05,  2.05])
    """
    if method not in METHODS:
        raise ModelError(
            f"aq.relabel: method must be one of {', '.join(map(repr, METHODS))}; got {method!r}"
        )
    model = resolve_model(model, "aq.relabel")
    posterior_of(trace, "aq.relabel")
    trace = in_model_order(trace, model)
    posterior = trace["posterior"].dataset
    if not posterior.sizes.get("draw") or not posterior.sizes.get("chain"):
        raise ModelError("aq.relabel: the posterior has no draws")
    values = continuous_values(model, posterior)
    symmetries = model.symmetries() if _symmetries is None else _symmetries
    symmetries = that_hold(model.density(), symmetries, {n: v[None] for n, v in values.items()})
    if not symmetries.coupled:
        why = symmetries.text.replace("\n", " ")
        warn(f"aq.relabel: there is nothing to relabel. {why}", AliquotWarning)
        return trace.copy()
    source = Responsibilities(model)
    trace = _without_stale(trace, model, symmetries, source, values)
    states = states_of(trace, symmetries.coupled)
    best = _best(trace, model, values)
    results: dict[str, tuple[Block, Relabelled, Found | None]] = {}
    for name, block in zip(block_names(symmetries.coupled), symmetries.coupled, strict=True):
        found = None if method == "pivot" else source.of(block, values)
        if found is None and method != "pivot" and not block.signs:
            raise ModelError(
                f"aq.relabel: method={method!r} needs rows of the data that belong to components, "
                f"and {block.text} have none (no observed mixture, nor a discrete variable, tells "
                'them apart). Use method="pivot", which looks at the parameters themselves'
            )
        probabilities = None if found is None else found.probabilities
        done = relabel_block(
            block,
            values,
            probabilities,
            method="pivot" if found is None else method,
            best=best,
            signs=() if block.signs else signs_of(block, symmetries.coupled),
        )
        values |= block.permute(values, done.permutations)
        for key, array in states.items():
            states[key] = renamed(block, model, key, array, done.permutations)
        results[name] = block, done, found
    tree = rebuilt(trace, model, values, states)
    tree["relabelling"] = _record(posterior, results)
    tree.attrs[ATTRIBUTE] = symmetries.to_json()
    tree.attrs["relabelled"] = method
    sure = {name: float(done.certainty.mean()) for name, (_, done, _) in results.items()}
    tree.attrs["relabelling_certainty"] = json.dumps(sure)
    for block, done, _ in results.values():
        _warn_where_unsure(block, done.certainty)
    check(tree).warn()
    return tree


def _without_stale(
    trace: xarray.DataTree,
    model: Model,
    symmetries: Symmetries,
    source: Responsibilities,
    values: Mapping[str, np.ndarray],
) -> xarray.DataTree:
    """Leave out discrete variables that would not fit the components once these have moved."""
    present = discrete_in(trace, model)
    stale = {
        name: None
        for block in symmetries.coupled
        if set(present) - set(dict(block.states))
        for name in source.left_behind(block, values, present)
    }
    if not stale:
        return trace
    warn(
        f"aq.relabel: left out {', '.join(stale)}, whose states cannot be renamed: they are not "
        "the same components everywhere. Call aq.recover on the relabelled trace",
        AliquotWarning,
    )
    return without(trace, list(stale))


def _best(trace: Any, model: Model, values: Mapping[str, np.ndarray]) -> int:
    """Find the draw of the highest posterior density, counted over all chains."""
    if "sample_stats" in trace.children and "lp" in trace["sample_stats"].data_vars:
        lp = trace["sample_stats"]["lp"].values.reshape(-1)
    else:
        density = model.density()
        lp = log_densities(density, density.unconstrain_draws(values))
    return int(np.argmax(np.where(np.isnan(lp), -np.inf, lp)))


def _record(
    posterior: Any, results: Mapping[str, tuple[Block, Relabelled, Found | None]]
) -> xarray.Dataset:
    """Say what was done: permutations and certainties by block."""
    sizes = posterior.sizes["chain"], posterior.sizes["draw"]
    arrays: dict[str, np.ndarray] = {}
    dims = {}
    attrs: dict[str, Any] = standard_attributes()
    for name, (_, done, found) in results.items():
        arrays[f"permutation_{name}"] = done.permutations.reshape((*sizes, -1))
        arrays[f"certainty_{name}"] = done.certainty.reshape(sizes)
        dims[f"permutation_{name}"] = [f"component_{name}"]
        attrs[f"ordered_by_{name}"] = done.ordered_by
        if found is not None:
            attrs[f"rows_of_{name}"] = ", ".join(found.names)
            attrs[f"rows_used_{name}"] = found.probabilities.shape[1]
            attrs[f"rows_total_{name}"] = found.total
    coords = {dim: posterior[dim].values for dim in ("chain", "draw")}
    return build_dataset("relabelling", arrays, dims=dims, coords=coords, attrs=attrs, sampled=True)


def _warn_where_unsure(block: Block, certainty: np.ndarray) -> None:
    unsure = float((certainty < SURE).mean())
    if unsure <= FEW:
        return
    warn(
        f"aq.relabel: in {unsure:.0%} of the draws another labelling of {block.text} is nearly as "
        "good (certainty below 0.9): components overlap, or several are empty, which "
        "aq.filled_components counts. Summaries by component look surer than they are: rely on "
        "what does not depend on labels, such as predictions and the density",
        AliquotWarning,
    )
