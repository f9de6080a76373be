"""``aq.recover``: what was summed or integrated out, from the posterior draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from aliquot.arguments import as_seed, whole_number
from aliquot.compilation import loop
from aliquot.density import Density
from aliquot.errors import AliquotWarning, ModelError, warn
from aliquot.expression import leaves
from aliquot.hints.arguments import PREDICT
from aliquot.hints.explain import explained
from aliquot.inference.by_rows import asked_path, write_probabilities
from aliquot.inference.draws import in_chains, random_keys
from aliquot.inference.missing import draw_missing
from aliquot.inference.model_order import in_model_order
from aliquot.inference.origin import record
from aliquot.inference.posterior import (
    as_trace,
    continuous_values,
    named_draws,
    posterior_of,
    refuse_other_states,
)
from aliquot.inference.recovered_tree import extended, thinned
from aliquot.marginal import Unknown, depends_on
from aliquot.model import Model, resolve_model
from aliquot.model.variables import Data

if TYPE_CHECKING:
    import xarray

# What can be recovered.
KINDS = ("probabilities", "draws", "most_probable")
KINDS_BY_DEFAULT = ("probabilities", "draws")
GIGABYTE = 1_000_000_000


@explained(PREDICT)
def recover(
    trace: xarray.DataTree,
    model: Model | None = None,
    *,
    kind: str | Sequence[str] = KINDS_BY_DEFAULT,
    var_names: str | Sequence[str] | None = None,
    thin: int | None = None,
    max_bytes: int = 2 * GIGABYTE,
    random_seed: Any = None,
    store: str | PathLike[str] | None = None,
) -> xarray.DataTree:
    """Give back what was summed or integrated out, for each draw of the posterior.

    That is discrete variables, and missing values of observed variables.

    Parameters
    ----------
    trace : xarray.DataTree, xarray.Dataset or mapping from str to array
        With a group ``posterior``: from `sample`, or the ``sample`` of an approximation. Or one
        point, which counts as a trace of one chain and one draw: what `find_map` returns, or a
        value by name for each continuous free variable.
    model : Model, optional
        By default the one whose ``with`` block is running.
    kind : str or sequence of str
        "probabilities": of each state of each element, given the draw's parameters and the data
        (responsibilities; of a chain the smoothed probabilities). "draws": exact draws from the
        joint posterior of all discrete variables (of a chain by backward sampling), and of missing
        values given those and what was seen.
        "most_probable": the jointly most probable configuration (of a chain the Viterbi path).
    var_names : str or sequence of str, optional
        Discrete variables, missing values (``{name}_missing``) and deterministics to return; by
        default all of them, and all deterministics that depend on one.
    thin : int, optional
        Keep every so many-th draw only. By default 1, or more where the result would be larger
        than `max_bytes`, which a warning says.
    max_bytes : int
        How large the result may become before it is thinned.
    random_seed : int, sequence of int, numpy.random.Generator, optional
        For "draws".
    store : path, optional
        Of a model whose rows lie on a disk: a Parquet file to write to, block by block. It has a
        row for each row, with the probability of each state, ``p(z = 0)`` and so on, as a mean over
        the draws, and the most probable one, ``z``. The trace then comes back as it is.

    Returns
    -------
    xarray.DataTree
        A new tree, the trace with: the draws, and the deterministics that depend on them, in
        ``posterior``, missing values in the order of the entries that are missing; the
        probabilities in ``state_probabilities``, with a last dim of states; the most probable
        configuration in ``most_probable``, with its ``log_density`` (of all terms that depend on a
        discrete variable). Where it is thinned, all groups of draws are.

        All of it belongs to the data that the model holds now. After `set_data` what was there of
        other rows goes: labels recovered before, deterministics that the data enter (they are
        computed anew), the groups ``observed_data`` and ``constant_data``.

    Raises
    ------
    ModelError
        Where the model has neither discrete variables nor missing values that were integrated out,
        or the trace is of another model; where draws are not finite or the data have no density
        there, with the draws.
    ShapeError, SupportError
        Where the dims, the shape or the values of a variable are not those of the model's.

    Warns
    -----
    AliquotWarning
        Where the result is thinned; where a variable of the trace runs along rows that are gone
        and is left out.

    Notes
    -----
    Probabilities and draws are exact given the parameters: the tables by which the variables were
    summed out serve for going back. Elements that were observed stay as they were observed.

    A draw that is not finite is refused rather than given back as -1 or NaN: a label is an index,
    and -1 would pick the last component wherever it is used.

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
    trace = as_trace(trace, model, "aq.recover")
    posterior_of(trace, "aq.recover")
    trace = in_model_order(trace, model)
    posterior = trace["posterior"].dataset
    density = model.density()
    path = asked_path(model, "aq.recover", store, ".parquet")
    if path is not None:
        return _to_file(path, trace, model, kind, var_names, thin)
    summed = [] if density.marginal is None else density.marginal.unknowns
    missing: list[Any] = [found.latent for found in density.integrated]
    if not summed and not missing:
        raise ModelError(
            "aq.recover: the model has no discrete variables that were summed out and no missing "
            "values that were integrated out, so there is nothing to recover"
        )
    kinds = _kinds(kind)
    if not summed and "draws" not in kinds:
        raise ModelError(
            f"aq.recover: kind={kind!r} is of discrete variables, and the model has none; its "
            f"missing values ({', '.join(v.name for v in missing)}) come back with kind='draws'"
        )
    nodes: list[Any] = [*(unknown.node for unknown in summed), *missing]
    dependent = [d for d in model.deterministics if depends_on(d, nodes)]
    wanted = _wanted(
        var_names,
        [u.name for u in summed],
        [v.name for v in (*missing, *dependent)],
        kinds,
    )
    unknowns = [u for u in summed if u.name in wanted]
    drawn: list[Any] = [*missing, *dependent]
    drawn = [v for v in drawn if v.name in wanted]
    step = _thinning(thin, _bytes(unknowns, drawn, kinds), posterior, max_bytes)
    if step > 1:
        trace = thinned(trace, step)
        posterior = trace["posterior"].dataset
    chains, draws = posterior.sizes["chain"], posterior.sizes["draw"]
    values = continuous_values(model, posterior)
    for unknown in unknowns if "draws" not in kinds else ():
        refuse_other_states(model, posterior, unknown.node)
    keys = random_keys(as_seed(random_seed), chains * draws)
    computed = [d for d in dependent if d.name in wanted]
    found = _run(density, values, kinds, computed, wanted, keys)
    if summed:
        _check_possible(found.pop(("check", "log_sum")).reshape((chains, draws)))
    rows: dict[str, Any] = {}
    for (group, name), value in found.items():
        rows.setdefault(group, {})[name] = value
    fresh = _computed_anew(model, posterior, values, chains * draws)
    if fresh:
        rows.setdefault("posterior", {}).update(fresh)
    shaped = {group: in_chains(found, chains, draws) for group, found in rows.items()}
    return extended(trace, model, unknowns, shaped, record(model, density, dependent))


def _to_file(
    path: Path, trace: Any, model: Model, kind: Any, var_names: Any, thin: Any
) -> xarray.DataTree:
    """Write the probabilities of all rows to a file."""
    density = model.density()
    names = [] if density.marginal is None else [u.name for u in density.marginal.unknowns]
    if not names:
        raise ModelError("aq.recover: the model has no discrete variables that were summed out")
    if kind not in (KINDS_BY_DEFAULT, "probabilities", ("probabilities",), ["probabilities"]):
        raise ModelError(
            f"aq.recover: of rows on a disk there are probabilities; got kind={kind!r}"
        )
    wanted = _wanted(var_names, names, [], ("probabilities",))
    if thin is not None:
        trace = thinned(trace, whole_number("aq.recover: thin", thin))
    posterior = trace["posterior"].dataset
    values = continuous_values(model, posterior)
    count = posterior.sizes["chain"] * posterior.sizes["draw"]
    write_probabilities(path, model, values, count, wanted)
    return trace


def _run(
    density: Density,
    values: Mapping[str, np.ndarray],
    kinds: Sequence[str],
    dependent: Sequence[Any],
    wanted: Sequence[str],
    keys: np.ndarray,
) -> dict[tuple[str, str], np.ndarray]:
    """Recover in pieces of a bounded size, by group and name; one program for all of them."""
    marginal = density.marginal
    unknowns = [] if marginal is None else marginal.unknowns

    def one(row: Any, data: Any) -> dict[tuple[str, str], Any]:
        key, given = row
        key = jax.random.wrap_key_data(key)
        known = density.evaluation_of(given, data)
        result: dict[tuple[str, str], Any] = {}
        if marginal is not None:
            # Apart from `known`, in which nothing may stand yet that missing values enter.
            at = marginal.evaluate(density.evaluation_of(given, data))
            result["check", "log_sum"] = at.log_sum()
            if "probabilities" in kinds:
                for unknown, p in zip(unknowns, at.probabilities(), strict=True):
                    result["state_probabilities", unknown.name] = p
            if "most_probable" in kinds:
                states, best = at.most_probable()
                for unknown, state in zip(unknowns, states, strict=True):
                    result["most_probable", unknown.name] = state
                result["most_probable", "log_density"] = best
            if "draws" in kinds:
                for unknown, state in zip(unknowns, at.draw(key), strict=True):
                    result["posterior", unknown.name] = state
                    known.set(unknown.node, state)
        if "draws" in kinds:
            drawn = draw_missing(density.integrated, known, jax.random.fold_in(key, len(unknowns)))
            result |= {("posterior", name): value for name, value in drawn.items()}
            result |= {("posterior", d.name): known(d) for d in dependent}
        keep = {*wanted, "log_density", "log_sum"}
        return {path: value for path, value in result.items() if path[1] in keep}

    return density.over_draws(one, (keys, dict(values)), options=loop())


def _kinds(kind: Any) -> tuple[str, ...]:
    kinds = (kind,) if isinstance(kind, str) else tuple(kind)
    unknown = [k for k in kinds if k not in KINDS]
    if unknown or not kinds:
        raise ModelError(
            f"aq.recover: kind must be some of {', '.join(map(repr, KINDS))}; got {kind!r}"
        )
    return kinds


def _check_possible(log_sum: np.ndarray) -> None:
    """Refuse draws, (chain, draw), at which no state of the discrete variables is possible."""
    wrong = ~np.isfinite(log_sum)
    if wrong.any():
        raise ModelError(
            f"aq.recover: {int(wrong.sum()):,} of {wrong.size:,} draws have no density "
            f"({named_draws(wrong)}): given their parameters the data are impossible in every "
            "state, so there is none to give back. Leave these draws out, or is the trace of "
            "another model or of other data?"
        )


def _computed_anew(
    model: Model, posterior: Any, values: Mapping[str, np.ndarray], count: int
) -> dict[str, np.ndarray]:
    """Compute deterministics of the trace that replaceable data enter, with the present data."""
    density = model.density()
    names = [
        d.name
        for d in density.deterministics
        if d.name in posterior and any(isinstance(leaf, Data) for leaf in leaves(d))
    ]
    computed = density.deterministics_of(values, count) if names else {}
    return {name: computed[name] for name in names}


def _wanted(
    var_names: Any, discrete: Sequence[str], drawn: Sequence[str], kinds: Sequence[str]
) -> list[str]:
    everything = [*discrete, *drawn]
    if var_names is None:
        return everything
    names = [var_names] if isinstance(var_names, str) else list(var_names)
    for name in names:
        if name not in everything:
            raise ModelError(
                f"aq.recover: var_names: {name!r} is not a discrete variable that was summed out, "
                "nor missing values that were integrated out, nor a deterministic that depends on "
                f"one ({', '.join(everything)})"
            )
        if name in drawn and "draws" not in kinds:
            raise ModelError(
                f"aq.recover: var_names: {name!r} is computed from discrete variables or missing "
                f"values, and {' and '.join(map(repr, kinds))} are of discrete variables alone "
                f"({', '.join(discrete)}): name one of these, or ask for kind='draws'"
            )
    return names


def _bytes(unknowns: Sequence[Unknown], drawn: Sequence[Any], kinds: Sequence[str]) -> int:
    """Count the bytes that one draw takes."""
    numbers = 0
    for unknown in unknowns:
        numbers += unknown.size * unknown.states * ("probabilities" in kinds)
        numbers += unknown.size * (("draws" in kinds) + ("most_probable" in kinds))
    if "draws" in kinds:
        numbers += sum(variable.size for variable in drawn)
    return 8 * numbers


def _thinning(thin: Any, per_draw: int, posterior: Any, max_bytes: int) -> int:
    if thin is not None:
        return whole_number("aq.recover: thin", thin)
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
