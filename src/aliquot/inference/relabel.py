"""``aq.relabel``: draws in which components have traded places, given their labels back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from aliquot.density.rows import over_rows
from aliquot.errors import AliquotWarning, ModelError, warn
from aliquot.inference.posterior import continuous_values, posterior_of
from aliquot.inference.responsibilities import Found, Responsibilities
from aliquot.marginal import depends_on
from aliquot.model import Model, resolve_model
from aliquot.precision import float64
from aliquot.symmetry import ATTRIBUTE, Block, Symmetries, block_names
from aliquot.symmetry.relabelling import METHODS, Relabelled, relabel_block

if TYPE_CHECKING:
    import xarray

# A draw's labels are in doubt below this certainty; so many of such draws are worth a warning.
SURE = 0.9
FEW = 0.05
# Groups of draws in which discrete variables may be found.
WITH_STATES = ("posterior", "most_probable", "posterior_predictive", "predictions")


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
    so that two runs can be compared.

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
    >>> from aliquot.inference.relabel import relabel
    >>> from aliquot.results import build_tree
    >>> with aq.Model() as model:
    ...     means = aq.Normal("means", 0, 5, shape=2)
    ...     obs = aq.NormalMixture("obs", [0.5, 0.5], means, 1, observed=[-2.0, -2.3, 1.9, 2.2])
    >>> switched = np.tile([[-2.0, 2.0], [2.1, -2.1]], (50, 1))
    >>> trace = build_tree(posterior={"means": switched[None]})
    >>> with warnings.catch_warnings(action="ignore"):
    ...     trace = relabel(trace, model)
    >>> trace.posterior["means"].mean(("chain", "draw")).values.round(2)
    array([-2.05,  2.05])
    """
    if method not in METHODS:
        raise ModelError(
            f"aq.relabel: method must be one of {', '.join(map(repr, METHODS))}; got {method!r}"
        )
    model = resolve_model(model, "aq.relabel")
    posterior = posterior_of(trace, "aq.relabel")
    if not posterior.sizes.get("draw") or not posterior.sizes.get("chain"):
        raise ModelError("aq.relabel: the posterior has no draws")
    values = continuous_values(model, posterior)
    symmetries = model.symmetries() if _symmetries is None else _symmetries
    if not symmetries.coupled:
        warn(f"aq.relabel: there is nothing to relabel. {symmetries.text}", AliquotWarning)
        return trace.copy()
    states = _states(trace, symmetries.coupled)
    best = _best(trace, model, values)
    source = Responsibilities(model)
    results: dict[str, tuple[Block, Relabelled, Found | None]] = {}
    for name, block in zip(block_names(symmetries.coupled), symmetries.coupled, strict=True):
        found = None if method == "pivot" else source.of(block, values)
        if found is None and method != "pivot":
            raise ModelError(
                f"aq.relabel: method={method!r} needs rows of the data that belong to components, "
                f"and {block.text} have none (no observed mixture, nor a discrete variable, tells "
                'them apart). Use method="pivot", which looks at the parameters themselves'
            )
        probabilities = None if found is None else found.probabilities
        done = relabel_block(block, values, probabilities, method=method, best=best)
        values |= block.permute(values, done.permutations)
        for key, array in states.items():
            states[key] = _renamed(block, model, key, array, done.permutations)
        results[name] = block, done, found
    tree = _rebuilt(trace, model, values, states)
    tree["relabelling"] = _record(posterior, results)
    tree.attrs[ATTRIBUTE] = symmetries.to_json()
    tree.attrs["relabelled"] = method
    sure = {name: float(done.certainty.mean()) for name, (_, done, _) in results.items()}
    tree.attrs["relabelling_certainty"] = _as_json(sure)
    for block, done, _ in results.values():
        _warn_where_unsure(block, done.certainty)
    from aliquot import diagnostics

    diagnostics.check(tree).warn()
    return tree


def _best(trace: Any, model: Model, values: Mapping[str, np.ndarray]) -> int:
    """Find the draw of the highest posterior density, counted over all chains."""
    if "sample_stats" in trace.children and "lp" in trace["sample_stats"].data_vars:
        lp = trace["sample_stats"]["lp"].transpose("chain", "draw").values.reshape(-1)
    else:
        density = model.density()

        def one(given: Any, data: Any) -> dict[str, Any]:
            terms = density.log_terms_of(given, data)
            return {"lp": sum(terms.values(), 0.0)}

        lp = _over_draws(one, values, density.data)["lp"]
    return int(np.argmax(np.where(np.isnan(lp), -np.inf, lp)))


def _over_draws(one: Any, rows: Any, data: Any) -> dict[str, np.ndarray]:
    """Compile a function of one draw with little optimisation, and call it on all."""
    options = {"xla_backend_optimization_level": 1} if jax.default_backend() == "cpu" else None
    with float64():
        program = jax.jit(jax.vmap(one, in_axes=(0, None)), compiler_options=options)
        return over_rows(program, one, dict(rows), data)


def _states(trace: Any, blocks: Sequence[Block]) -> dict[tuple[str, str], np.ndarray]:
    """Collect what has to be renamed, by group and variable, one row for each draw."""
    names = {name for block in blocks for name, _ in block.states}
    sizes = {dim: trace["posterior"].sizes[dim] for dim in ("chain", "draw")}
    result = {}
    for group in (*WITH_STATES, "state_probabilities"):
        if group not in trace.children:
            continue
        dataset = trace[group].dataset
        for name in names & set(dataset.data_vars):
            if all(dataset[name].sizes.get(dim) == size for dim, size in sizes.items()):
                result[group, name] = _flat(dataset[name])
    return result


def _renamed(
    block: Block, model: Model, key: tuple[str, str], array: np.ndarray, permutations: np.ndarray
) -> np.ndarray:
    """Rename the states of a discrete variable, where it is one of the block's."""
    group, name = key
    if name not in dict(block.states):
        return array
    if group != "state_probabilities":
        return block.permute_states(name, array, permutations)
    marginal = model.density().marginal
    assert marginal is not None
    lowest = next(unknown.lowest for unknown in marginal.unknowns if unknown.name == name)
    return block.permute_probabilities(name, array, permutations, lowest)


def _rebuilt(
    trace: xarray.DataTree,
    model: Model,
    values: Mapping[str, np.ndarray],
    states: Mapping[tuple[str, str], np.ndarray],
) -> xarray.DataTree:
    """Make a new tree of the variables that have moved and of all that is computed from them."""
    import xarray

    groups = {name: node.to_dataset() for name, node in trace.children.items()}
    posterior = groups["posterior"]
    recovered = {name: array for (group, name), array in states.items() if group == "posterior"}
    changed: dict[tuple[str, str], np.ndarray] = {("posterior", n): v for n, v in values.items()}
    changed |= states
    coordinates = groups.get("unconstrained_posterior")
    computed, lost = _computed(model, posterior, values, recovered, coordinates)
    changed |= computed
    for (group, name), array in changed.items():
        dataset = groups[group]
        given = dataset[name]
        dims = ("chain", "draw", *(d for d in given.dims if d not in ("chain", "draw")))
        shape = tuple(given.sizes[dim] for dim in dims)
        made = xarray.Variable(dims, array.reshape(shape), given.attrs, given.encoding)
        groups[group] = dataset.assign({name: made})
    if lost:
        warn(
            f"aq.relabel: left out {', '.join(lost)}, which cannot be computed from the relabelled "
            "draws: the discrete variables that it depends on are not in the posterior. Call "
            "aq.recover again",
            AliquotWarning,
        )
        groups["posterior"] = groups["posterior"].drop_vars(lost)
    tree = xarray.DataTree.from_dict(groups)
    tree.attrs = dict(trace.attrs)
    return tree


def _computed(
    model: Model,
    posterior: Any,
    values: Mapping[str, np.ndarray],
    recovered: Mapping[str, np.ndarray],
    coordinates: Any,
) -> tuple[dict[tuple[str, str], np.ndarray], list[str]]:
    """Compute deterministics and unconstrained coordinates anew; name those that cannot be."""
    density = model.density()
    unknowns = [] if density.marginal is None else density.marginal.unknowns
    # A recovered variable that no block names has not moved.
    discrete = {
        u.name: recovered[u.name] if u.name in recovered else _flat(posterior[u.name])
        for u in unknowns
        if u.name in posterior and posterior[u.name].shape[2:] == u.shape
    }
    known = [unknown.node for unknown in unknowns if unknown.name in discrete]
    missing = [unknown.node for unknown in unknowns if unknown.name not in discrete]
    present = [d for d in model.deterministics if d.name in posterior]
    lost = [d.name for d in present if depends_on(d, missing)]
    wanted = [d for d in present if d.name not in lost]
    slots = [
        slot
        for slot in density.slots
        if coordinates is not None and slot.unconstrained_name in coordinates
    ]
    if not wanted and not slots:
        return {}, lost

    def one(row: Any, data: Any) -> dict[str, Any]:
        evaluation = density.evaluation_of({n: row[f"value {n}"] for n in values}, data)
        for node, name in zip(known, discrete, strict=True):
            evaluation.set(node, row[f"state {name}"])
        made = {f"posterior/{d.name}": evaluation(d) for d in wanted}
        for slot in slots:
            forward = evaluation(slot.transform).forward(evaluation(slot.variable))
            made[f"unconstrained_posterior/{slot.unconstrained_name}"] = forward
        return made

    rows = {f"value {n}": v for n, v in values.items()}
    rows |= {f"state {n}": v for n, v in discrete.items()}
    made = _over_draws(one, rows, density.data)
    return {tuple(path.split("/", 1)): array for path, array in made.items()}, lost  # type: ignore[misc]


def _record(
    posterior: Any, results: Mapping[str, tuple[Block, Relabelled, Found | None]]
) -> xarray.Dataset:
    """Say what was done: permutations and certainties by block."""
    from aliquot.results import build_dataset, standard_attributes

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
        f"aq.relabel: {block.text} overlap: in {unsure:.0%} of the draws another labelling is "
        "nearly as good (certainty below 0.9). Summaries by component look surer than they are: "
        "rely on what does not depend on labels, such as predictions and the density",
        AliquotWarning,
    )


def _flat(array: Any) -> np.ndarray:
    """Give a variable's draws, one row for each draw of each chain."""
    values = np.asarray(array.transpose("chain", "draw", ...).values)
    return values.reshape((values.shape[0] * values.shape[1], *values.shape[2:]))


def _as_json(means: Mapping[str, float]) -> str:
    import json

    return json.dumps(means)
