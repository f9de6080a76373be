"""``aq.recover``: the discrete variables that were summed out, from the posterior draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from aliquot.compilation import lazily, loop
from aliquot.density.rows import over_rows
from aliquot.errors import AliquotWarning, ModelError, warn
from aliquot.inference.given import model_coords, model_dims
from aliquot.inference.posterior import continuous_values, posterior_of
from aliquot.inference.seeds import as_seed
from aliquot.marginal import Unknown, depends_on
from aliquot.model import Model, resolve_model
from aliquot.precision import float64

if TYPE_CHECKING:
    import xarray

# What can be recovered.
KINDS = ("probabilities", "draws", "most_probable")
GIGABYTE = 1_000_000_000


def recover(
    trace: xarray.DataTree,
    model: Model | None = None,
    *,
    kind: str | Sequence[str] = ("probabilities", "draws"),
    var_names: str | Sequence[str] | None = None,
    thin: int | None = None,
    max_bytes: int = 2 * GIGABYTE,
    random_seed: Any = None,
) -> xarray.DataTree:
    """Give back the discrete variables that were summed out, for each draw of the posterior.

    Parameters
    ----------
    trace : xarray.DataTree
        With a group ``posterior``: from `sample`, or the ``sample`` of an approximation.
    model : Model, optional
        By default the one whose ``with`` block is running.
    kind : str or sequence of str
        "probabilities": of each state of each element, given the draw's parameters and the data
        (responsibilities; of a chain the smoothed probabilities). "draws": exact draws from the
        joint posterior of all discrete variables (of a chain by backward sampling).
        "most_probable": the jointly most probable configuration (of a chain the Viterbi path).
    var_names : str or sequence of str, optional
        Discrete variables and deterministics to return; all that depend on discrete variables by
        default.
    thin : int, optional
        Keep every so many-th draw only. By default 1, or more where the result would be larger
        than `max_bytes`, which a warning says.
    max_bytes : int
        How large the result may become before it is thinned.
    random_seed : int, sequence of int, numpy.random.Generator, optional
        For "draws".

    Returns
    -------
    xarray.DataTree
        A new tree, the trace with: the draws, and the deterministics that depend on them, in
        ``posterior``; the probabilities in ``state_probabilities``, with a last dim of states; the
        most probable configuration in ``most_probable``, with its ``log_density`` (of all terms
        that depend on a discrete variable). Where it is thinned, all groups of draws are.

    Raises
    ------
    ModelError
        Where the model has no discrete variables, or the trace is of another model.

    Notes
    -----
    Probabilities and draws are exact given the parameters: the tables by which the variables were
    summed out serve for going back. Elements that were observed stay as they were observed.

    Examples
    --------
    >>> import aliquot as aq
    >>> with aq.Model() as model:
    ...     means = aq.Normal("means", [-2, 2], 1)
    ...     z = aq.Categorical("z", p=[0.5, 0.5], shape=3)
    ...     obs = aq.Normal("obs", means[z], 1, observed=[-2.5, 0.1, 3.0])
    ...     trace = aq.sample(200, tune=200, chains=2, random_seed=1, progressbar=False,
    ...                       compute_convergence_checks=False)
    ...     trace = aq.recover(trace, random_seed=1)
    >>> trace.posterior["z"].shape, trace.state_probabilities["z"].shape
    ((2, 200, 3), (2, 200, 3, 2))
    >>> trace.state_probabilities["z"].mean(("chain", "draw")).values.argmax(-1)[[0, 2]]
    array([0, 1])
    """
    model = resolve_model(model, "aq.recover")
    posterior = posterior_of(trace, "aq.recover")
    marginal = model.density().marginal
    if marginal is None:
        raise ModelError(
            "aq.recover: the model has no discrete variables that were summed out, so there is "
            "nothing to recover"
        )
    kinds = _kinds(kind)
    nodes = [unknown.node for unknown in marginal.unknowns]
    dependent = [d for d in model.deterministics if depends_on(d, nodes)]
    wanted = _wanted(var_names, [u.name for u in marginal.unknowns], [d.name for d in dependent])
    unknowns = [u for u in marginal.unknowns if u.name in wanted]
    dependent = [d for d in dependent if d.name in wanted]
    step = _thinning(thin, _bytes(unknowns, dependent, kinds), posterior, max_bytes)
    if step > 1:
        trace = thinned(trace, step)
        posterior = posterior_of(trace, "aq.recover")
    chains, draws = posterior.sizes["chain"], posterior.sizes["draw"]
    rows = _run(
        model,
        continuous_values(model, posterior),
        kinds,
        wanted,
        chains * draws,
        as_seed(random_seed),
    )
    shaped = {
        group: {
            name: value.reshape((chains, draws, *value.shape[1:])) for name, value in found.items()
        }
        for group, found in rows.items()
    }
    return _extended(trace, model, unknowns, shaped)


def _run(
    model: Model,
    values: Mapping[str, np.ndarray],
    kinds: Sequence[str],
    wanted: Sequence[str],
    count: int,
    seed: int,
) -> dict[str, dict[str, np.ndarray]]:
    """Recover in pieces of a bounded size; one program for all of them."""
    density = model.density()
    marginal = density.marginal
    assert marginal is not None
    unknowns = marginal.unknowns
    nodes = [unknown.node for unknown in unknowns]
    dependent = [d for d in model.deterministics if d.name in wanted and depends_on(d, nodes)]

    def one(row: Any, data: Any) -> dict[str, Any]:
        key, given = row
        known = density.evaluation_of(given, data)
        at = marginal.evaluate(known)
        result = {}
        if "probabilities" in kinds:
            for unknown, p in zip(unknowns, marginal.probabilities(at), strict=True):
                result[f"state_probabilities/{unknown.name}"] = p
        if "most_probable" in kinds:
            found, best = marginal.most_probable(at)
            for unknown, state in zip(unknowns, found, strict=True):
                result[f"most_probable/{unknown.name}"] = state
            result["most_probable/log_density"] = best
        if "draws" in kinds:
            drawn = marginal.draw(at, jax.random.wrap_key_data(key))
            for unknown, state in zip(unknowns, drawn, strict=True):
                result[f"posterior/{unknown.name}"] = state
                known.set(unknown.node, state)
            result |= {f"posterior/{d.name}": known(d) for d in dependent}
        keep = {*wanted, "log_density"}
        return {name: v for name, v in result.items() if name.split("/", 1)[1] in keep}

    with float64():
        keys = np.asarray(jax.random.key_data(jax.random.split(jax.random.key(seed), count)))
        program = lazily(jax.vmap(one, in_axes=(0, None)), loop())
        flat = over_rows(program, one, (keys, dict(values)), density.data)
    groups: dict[str, dict[str, np.ndarray]] = {}
    for path, value in flat.items():
        group, name = path.split("/", 1)
        groups.setdefault(group, {})[name] = value
    return groups


def _extended(
    trace: xarray.DataTree,
    model: Model,
    unknowns: Sequence[Unknown],
    groups: Mapping[str, Mapping[str, np.ndarray]],
) -> xarray.DataTree:
    """Add the groups to the trace, with dims and coords."""
    import xarray

    from aliquot.results import build_dataset, standard_attributes

    posterior = trace["posterior"].to_dataset()
    labels = model_coords(model) | {dim: posterior[dim].values for dim in ("chain", "draw")}
    attrs = standard_attributes()
    result = {name: node.to_dataset() for name, node in trace.children.items()}
    for group, arrays in groups.items():
        dims: dict[str, Any] = dict(model_dims(model))
        coords = dict(labels)
        if group == "state_probabilities":
            for unknown in unknowns:
                dim, states = _state_dim(unknown)
                if states is not None:
                    coords[dim] = states
                own = dims.get(unknown.name) or [None] * len(unknown.shape)
                dims[unknown.name] = [*own, dim]
        made = build_dataset(group, arrays, dims=dims, coords=coords, attrs=attrs, sampled=True)
        if group == "posterior":
            for name in arrays:
                made[name].attrs["recovered"] = 1
            stale = [name for name in arrays if name in posterior]
            made = posterior.drop_vars(stale).merge(made)
            made.attrs = posterior.attrs
        result[group] = made
    tree = xarray.DataTree.from_dict(result)
    tree.attrs = dict(trace.attrs)
    return tree


def _state_dim(unknown: Unknown) -> tuple[str, Any]:
    """Give the name of the dim of states, and its labels where they are not a model's coords.

    It is that of the probabilities that the variable was given, where they have one.
    """
    taken = unknown.node.dims or ()
    for name in ("p", "logit_p", "P", "logit_P"):
        parameter = unknown.distribution.parameters.get(name)
        dims = getattr(parameter, "dims", None) or ()
        shape = getattr(parameter, "shape", ())
        fits = unknown.lowest == 0 and shape[-1:] == (unknown.states,)
        if dims and fits and dims[-1] not in taken:
            return dims[-1], None
    return f"{unknown.name}_state", unknown.values


def thinned(trace: xarray.DataTree, step: int) -> xarray.DataTree:
    """Keep every so many-th draw of all groups that have draws."""
    import xarray

    groups = {}
    for name, node in trace.children.items():
        dataset = node.to_dataset()
        if "draw" in dataset.dims and not name.startswith("warmup"):
            dataset = dataset.isel(draw=slice(None, None, step))
        groups[name] = dataset
    tree = xarray.DataTree.from_dict(groups)
    tree.attrs = dict(trace.attrs)
    return tree


def _kinds(kind: Any) -> tuple[str, ...]:
    kinds = (kind,) if isinstance(kind, str) else tuple(kind)
    unknown = [k for k in kinds if k not in KINDS]
    if unknown or not kinds:
        raise ModelError(
            f"aq.recover: kind must be some of {', '.join(map(repr, KINDS))}; got {kind!r}"
        )
    return kinds


def _wanted(var_names: Any, discrete: Sequence[str], dependent: Sequence[str]) -> list[str]:
    everything = [*discrete, *dependent]
    if var_names is None:
        return everything
    names = [var_names] if isinstance(var_names, str) else list(var_names)
    for name in names:
        if name not in everything:
            raise ModelError(
                f"aq.recover: var_names: {name!r} is not a discrete variable that was summed out, "
                f"nor a deterministic that depends on one ({', '.join(everything)})"
            )
    return names


def _bytes(unknowns: Sequence[Unknown], dependent: Sequence[Any], kinds: Sequence[str]) -> int:
    """Count the bytes that one draw takes."""
    numbers = 0
    for unknown in unknowns:
        numbers += unknown.size * unknown.states * ("probabilities" in kinds)
        numbers += unknown.size * (("draws" in kinds) + ("most_probable" in kinds))
    if "draws" in kinds:
        numbers += sum(d.size for d in dependent)
    return 8 * numbers


def _thinning(thin: Any, per_draw: int, posterior: Any, max_bytes: int) -> int:
    if thin is not None:
        if isinstance(thin, bool) or not isinstance(thin, int | np.integer) or thin < 1:
            raise ModelError(f"aq.recover: thin must be a whole number of at least 1; got {thin!r}")
        return int(thin)
    total = per_draw * posterior.sizes["chain"] * posterior.sizes["draw"]
    if total <= max_bytes:
        return 1
    step = -(-total // max_bytes)
    warn(
        f"aq.recover: {total / GIGABYTE:.1f} GB for all draws is more than max_bytes "
        f"({max_bytes / GIGABYTE:.1f} GB): every {step}th draw is kept. Ask for less with kind= or "
        "var_names=, or choose with thin= and max_bytes=",
        AliquotWarning,
    )
    return min(int(step), posterior.sizes["draw"])
