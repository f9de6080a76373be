"""Predictions: data that the prior or the posterior would give."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from aliquot.arguments import as_seed, whole_number
from aliquot.compilation import lazily
from aliquot.density.chunks import in_chunks
from aliquot.density.draws import quick
from aliquot.density.parameters import parameter_problems
from aliquot.errors import AliquotWarning, ModelError, ParameterError, StartError, warn
from aliquot.hints.arguments import PREDICT, PRIOR
from aliquot.hints.explain import explained
from aliquot.inference import forward
from aliquot.inference.described import constant_data, described, model_coords, model_dims
from aliquot.inference.draws import Draws, in_chains, random_keys
from aliquot.inference.posterior import posterior_of, posterior_values
from aliquot.model import Model, resolve_model
from aliquot.model.streamed import refuse_rows
from aliquot.model.variables import Deterministic, FreeVariable, MissingValues, ObservedVariable
from aliquot.precision import float64
from aliquot.results import build_tree

if TYPE_CHECKING:
    import xarray

# A generator takes 0.2 seconds to compile: the program of a model with more variables than this
# would take longer than drawing them one operation at a time.
MOST_COMPILED = 20
# Prior draws with parameters out of range are drawn again, so many times at most.
ROUNDS = 20


@explained(PRIOR)
def sample_prior_predictive(
    draws: int = 500,
    *,
    model: Model | None = None,
    var_names: Sequence[str] | None = None,
    random_seed: Any = None,
) -> xarray.DataTree:
    """Draw variables from the prior, and data given them.

    Parameters
    ----------
    draws : int
        Independent draws.
    model : Model, optional
        By default the one whose ``with`` block is running.
    var_names : sequence of str, optional
        Variables to return; all by default.
    random_seed : int, sequence of int, numpy.random.Generator, optional

    Returns
    -------
    xarray.DataTree
        Groups ``prior``, ``prior_predictive``, ``observed_data``, ``constant_data``; one chain.

    Raises
    ------
    ModelError
        For an improper prior, which has no draws; for unknown names.
    ParameterError
        Where parameters that are computed are hardly ever in range, such as probabilities that do
        not sum to one.

    Notes
    -----
    Where a parameter that is computed is out of range, the density is zero: such draws are drawn
    again, which a warning says.

    Potentials cannot be simulated and are left out, which a warning says. An ordered vector is
    drawn in order: sorted where its elements are exchangeable a priori, by rejection otherwise.

    Examples
    --------
    >>> import aliquot as aq
    >>> with aq.Model():
    ...     mu = aq.Normal("mu", 0, 1)
    ...     obs = aq.Normal("obs", mu, 1, observed=[0.1, 0.4])
    ...     prior = aq.sample_prior_predictive(100, random_seed=1)
    >>> prior.prior_predictive["obs"].shape
    (1, 100, 2)
    """
    model = resolve_model(model, "aq.sample_prior_predictive")
    refuse_rows(
        model,
        "aq.sample_prior_predictive",
        "Write the model with some of the rows in memory, aq.Data(name, array), for these",
    )
    draws = whole_number("draws", draws)
    forward.check_simulable(model)
    if left_out := forward.potentials(model):
        warn(
            f"prior draws leave out the potentials {', '.join(left_out)}: a term of the log "
            "density cannot be simulated",
            AliquotWarning,
        )
    latent = forward.names(model, FreeVariable, MissingValues, Deterministic)
    wanted = forward.wanted(var_names, [*latent, *forward.names(model, ObservedVariable)])
    seed = as_seed(random_seed)
    drawn = _valid_draws(model, wanted, draws, seed)
    for name, value in drawn.items():
        if value.dtype.kind == "f" and np.isnan(value).any() and name in latent:
            raise StartError(
                f"{name}: the prior gives an increasing vector too rarely to draw from it (less "
                f"than once in {forward.TRIES} tries). Give its elements means in increasing order"
            )
    rows = {name: value[None] for name, value in drawn.items()}
    return build_tree(
        prior={name: value for name, value in rows.items() if name in latent},
        prior_predictive={name: v for name, v in rows.items() if name not in latent},
        **described(model),
        attrs={"random_seed": seed},
    )


@explained(PREDICT)
def sample_posterior_predictive(
    trace: xarray.DataTree,
    model: Model | None = None,
    *,
    var_names: Sequence[str] | None = None,
    random_seed: Any = None,
    predictions: bool = False,
) -> xarray.DataTree:
    """Draw data given each draw of the posterior.

    Parameters
    ----------
    trace : xarray.DataTree
        With a group ``posterior``, from `sample` or an approximation's ``sample``.
    model : Model, optional
        By default the one whose ``with`` block is running.
    var_names : sequence of str, optional
        Observed variables and deterministics to return; the observed variables by default.
    random_seed : int, sequence of int, numpy.random.Generator, optional
    predictions : bool
        Put the draws in the group ``predictions``, and the model's data in
        ``predictions_constant_data``: for new data given with `set_data`.

    Returns
    -------
    xarray.DataTree
        The trace with the new group added; the trace itself is left as it is.

    Raises
    ------
    ModelError, ShapeError
        Where the trace is of another model; where nothing is observed, so that there is nothing to
        predict; for a variable whose distribution has no draws.

    Notes
    -----
    Potentials cannot be simulated and are left out, which a warning says unless `var_names` are
    given: a model whose likelihood is a potential has no predictions.

    Examples
    --------
    >>> import aliquot as aq
    >>> with aq.Model():
    ...     mu = aq.Normal("mu", 0, 1)
    ...     obs = aq.Normal("obs", mu, 1, observed=[0.1, 0.4])
    ...     trace = aq.sample(100, tune=100, chains=2, random_seed=1, progressbar=False,
    ...                       compute_convergence_checks=False)
    ...     trace = aq.sample_posterior_predictive(trace, random_seed=1)
    >>> trace.posterior_predictive["obs"].shape
    (2, 100, 2)
    """
    model = resolve_model(model, "aq.sample_posterior_predictive")
    refuse_rows(
        model,
        "aq.sample_posterior_predictive",
        "Write the model with some of the rows in memory, aq.Data(name, array), for these",
    )
    if var_names is None:
        forward.check_predictable(model, "aq.sample_posterior_predictive")
    posterior = posterior_of(trace, "aq.sample_posterior_predictive")
    fixed = posterior_values(model, posterior, "aq.sample_posterior_predictive")
    _advise(model, fixed)
    allowed = forward.names(model, ObservedVariable, Deterministic)
    default = forward.names(model, ObservedVariable)
    wanted = forward.wanted(var_names, allowed, default)
    for name, why in forward.without_draws(model, fixed).items():
        if name in wanted:
            raise ModelError(f"{name!r} cannot be drawn: {why}")
    seed = as_seed(random_seed)
    chains, draws = posterior.sizes["chain"], posterior.sizes["draw"]
    simulate = _simulator(model, wanted, fixed)
    drawn, valid = simulate(chains * draws, seed)
    _warn_out_of_range(model, fixed, seed, valid)
    arrays = in_chains(drawn, chains, draws)
    groups: dict[str, Any] = (
        {"predictions": arrays, "predictions_constant_data": constant_data(model)}
        if predictions
        else {"posterior_predictive": arrays}
    )
    return build_tree(
        **groups,
        dims=model_dims(model),
        coords=model_coords(model),
        attrs={"random_seed": seed},
        order=list(model.variables),
        extend=trace,
    )


def _advise(model: Model, fixed: Mapping[str, np.ndarray]) -> None:
    """Say where discrete variables that observations share are drawn from their prior."""
    rows = max((variable.distribution.batch_shape for variable in model.observed), default=())
    shared = [
        variable.name
        for variable in model.free
        if isinstance(variable, FreeVariable)
        and variable.distribution.discrete
        and variable.name not in fixed
        and variable.size < int(np.prod(rows, dtype=int))
    ]
    if shared:
        names = ", ".join(map(repr, shared))
        warn(
            f"the posterior has no draws of {names}, which several observations share: they are "
            "drawn from their prior given the other variables. Call aq.recover(trace) first to "
            "predict with their posterior",
            AliquotWarning,
        )


def _simulator(
    model: Model, wanted: Sequence[str], fixed: Mapping[str, np.ndarray]
) -> Callable[[int, int], tuple[Draws, Draws]]:
    """Make a function of the number of draws and a seed, with one program for all its calls.

    Besides the draws it gives flags, whether the parameters of each variable were in range.
    """
    simulate = forward.simulator(model, wanted)
    data = {leaf.name: leaf.value for leaf in model.data}

    def one(row: Any, data: Any) -> dict[str, Any]:
        key, values = row
        return simulate(jax.random.wrap_key_data(key), values, data)

    rows = jax.vmap(one, in_axes=(0, None))
    # Op by op, what one variable needed is compiled already when the next is drawn.
    program = rows if len(model.variables) > MOST_COMPILED else lazily(rows)

    def draw(draws: int, seed: int) -> tuple[Draws, Draws]:
        with float64():
            drawn = in_chunks(program, one, (random_keys(seed, draws), dict(fixed)), data)
        flags = [key for key in drawn if forward.VALID in key]
        valid = {key.removeprefix(forward.VALID): drawn.pop(key) for key in flags}
        return drawn, valid

    return draw


def _valid_draws(model: Model, wanted: Sequence[str], draws: int, seed: int) -> Draws:
    """Draw from the prior given that all parameters are in range, by drawing again."""
    simulate = _simulator(model, wanted, {})
    drawn, valid = simulate(draws, seed)
    if not valid or np.all(list(valid.values())):
        return drawn
    first, kept, count = valid, [], 0
    for round_ in range(ROUNDS):
        good = np.all(list(valid.values()), axis=0)
        kept.append({name: value[good] for name, value in drawn.items()})
        count += int(good.sum())
        if count >= draws or (round_ >= 2 and count == 0):
            break
        again = int(np.random.default_rng([seed, round_]).integers(2**63))
        drawn, valid = simulate(draws, again)
    what = _out_of_range(model, {}, seed, first)
    if count < draws:
        raise ParameterError(
            f"{what}. The model gives such values no density, and {count} of {draws} draws were "
            f"left after {len(kept)} rounds"
        )
    warn(
        f"{what}. These draws were drawn again: the model gives such values no density",
        AliquotWarning,
    )
    return {name: np.concatenate([k[name] for k in kept])[:draws] for name in kept[0]}


def _out_of_range(model: Model, fixed: Mapping[str, np.ndarray], seed: int, valid: Draws) -> str:
    """Say whose parameters are out of range, in how many draws, and which in the first of them."""
    name, good = next((name, good) for name, good in valid.items() if not good.all())
    row = int(np.flatnonzero(~good)[0])
    simulate = forward.simulator(model, (), parameters_of=name)

    def one(key: Any, values: Any, data: Any) -> Any:
        return simulate(jax.random.wrap_key_data(key), values, data)[forward.VALID]

    with float64():
        data = {leaf.name: leaf.value for leaf in model.data}
        values = {k: v[row] for k, v in fixed.items()}
        distribution = quick(one)(random_keys(seed, len(good))[row], values, data)
    problems = parameter_problems(distribution, distribution.parameters)
    problem = problems[0] if problems else "its parameters are out of range"
    return f"{name}: {problem}, and so in {int((~good).sum())} of {len(good)} draws"


def _warn_out_of_range(
    model: Model, fixed: Mapping[str, np.ndarray], seed: int, valid: Draws
) -> None:
    for name, good in valid.items():
        if not good.all():
            warn(
                f"{_out_of_range(model, fixed, seed, {name: good})}. What is drawn of {name!r} "
                "there means nothing",
                AliquotWarning,
            )
