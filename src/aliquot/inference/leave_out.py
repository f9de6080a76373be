"""``aq.leave_out``: a model and its trace as ArviZ's cross-validation by refits asks for them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aliquot.density.likelihood import check_observed
from aliquot.errors import ModelError
from aliquot.hints.arguments import SAMPLE
from aliquot.hints.explain import explained, unknown_argument
from aliquot.inference.posterior import posterior_of
from aliquot.inference.same_data import refuse_other_data
from aliquot.inference.sample import sample
from aliquot.model import Model, resolve_model
from aliquot.model.streamed import refuse_rows
from aliquot.model.variables import ObservedVariable

if TYPE_CHECKING:
    import xarray

    from aliquot.inference.leave_out_wrapper import LeaveOut

USER = "aq.leave_out"


@explained(SAMPLE)
def leave_out(
    trace: xarray.DataTree,
    model: Model | None = None,
    *,
    var_name: str | None = None,
    **options: Any,
) -> LeaveOut:
    r"""Make what `az.reloo`, `az.loo_kfold` and `az.loo_moment_match` need to leave data out.

    Parameters
    ----------
    trace : xarray.DataTree
        As `sample` returns it. Where there is no group ``log_likelihood``, it is computed.
    model : Model, optional
        By default the one whose ``with`` block is running.
    var_name : str, optional
        The observed variable whose observations are left out: needed where there are several. Give
        ArviZ the same name, as its own ``var_name``.
    **options
        Of `sample`, for the refits. By default as many draws and chains as in the trace, with its
        ``target_accept`` and ``max_treedepth``, and without a display. Each refit has a seed of its
        own, made of ``random_seed`` (by default that of the trace) and of what is left out.

    Returns
    -------
    LeaveOut
        A sampling wrapper of ArviZ's: give it to ``az.reloo(wrapper, loo)``, and to
        ``az.loo_kfold(wrapper.idata_orig, wrapper, k=10)``, where ``wrapper.idata_orig`` is the
        trace with its log likelihood. Its ``moment_matching()`` has the arguments that
        ``az.loo_moment_match(trace, loo, **wrapper.moment_matching())`` needs.

    Raises
    ------
    ModelError
        Where the trace was drawn given other data; where the variable is not observed, or its
        observations cannot be left out: something else in the model is computed from them, or the
        rest has no density without them. `TypeError` for an option that `sample` does not take.

    Notes
    -----
    What is left out does not count, as if it were missing [1]_: of a row its whole event, such as
    all numbers of an `MvNormal`. All refits share what is compiled for the first. Discrete
    variables are summed out as before, so that a hidden label of a row left out says nothing, and a
    hidden Markov chain goes over the gap. The density of an observation is then, as in
    `compute_log_likelihood`,

    .. math:: \log p(y_i \mid \theta, y_\text{kept})

    given the parameters and all observations that were not left out. Of a fold that is left out
    together each observation is predicted by itself, from what was kept.

    Labels may switch between refits: no prediction depends on them. Moment matching [2]_ moves
    draws by their mean and covariance, over all modes. Where labels switch within the trace these
    are of no mode, so that nothing is gained (Pareto k stays high, and nothing is wrong); a warning
    says so.

    A potential counts in all refits.

    References
    ----------
    .. [1] Vehtari, Gelman and Gabry (2017), Practical Bayesian model evaluation using leave-one-out
       cross-validation and WAIC, Statistics and Computing 27.
    .. [2] Paananen, Piironen, Bürkner and Vehtari (2021), Implicitly adaptive importance sampling,
       Statistics and Computing 31.

    Examples
    --------
    >>> import arviz as az
    >>> import aliquot as aq
    >>> with aq.Model():
    ...     mu = aq.Normal("mu", 0, 1)
    ...     obs = aq.Normal("obs", mu, 1, observed=[0.1, 0.4, -0.2, 6.0])
    ...     trace = aq.sample(200, tune=200, chains=2, random_seed=1, progressbar=False)
    ...     wrapper = aq.leave_out(trace)
    >>> loo = az.loo(wrapper.idata_orig, pointwise=True)
    >>> exact = az.reloo(wrapper, loo, k_threshold=-1)  # each observation, whatever its Pareto k
    >>> exact.pareto_k.values
    array([0., 0., 0., 0.])
    """
    model = resolve_model(model, USER)
    refuse_rows(
        model,
        USER,
        "Write the model with some of the rows in memory, aq.Data(name, array), for these",
    )
    check_observed(model, USER)
    posterior = posterior_of(trace, USER)
    refuse_other_data(trace, model, USER)
    variable = _observed(model, var_name)
    given = sampling_options(trace, posterior, options, "leave_out")
    from aliquot.inference.leave_out_wrapper import LeaveOut

    return LeaveOut(model, trace, variable, given)


def sampling_options(
    trace: Any, posterior: Any, options: Mapping[str, Any], call: str
) -> dict[str, Any]:
    """Complete the options for refits by how a trace was drawn; refuse what is none of them."""
    known = [
        name for name in inspect.signature(sample).parameters if name not in ("model", "store")
    ]
    for name in options:
        if name == "store":
            raise ModelError(f"aq.{call}: refits have no store; leave store= out")
        if name not in known:
            raise unknown_argument(call, name, SAMPLE, known)
    result: dict[str, Any] = {"chains": posterior.sizes["chain"], "progressbar": False}
    if options.get("until") is None:
        result["draws"] = posterior.sizes["draw"]
    for name in ("target_accept", "max_treedepth", "random_seed"):
        if name in trace.attrs:
            result[name] = trace.attrs[name]
    return result | dict(options)


def _observed(model: Model, name: str | None) -> ObservedVariable:
    """Find the variable whose observations are left out."""
    known = ", ".join(repr(variable.name) for variable in model.observed)
    if name is None:
        if len(model.observed) > 1:
            raise ModelError(
                f"{USER}: the model has several observed variables ({known}): say with var_name= "
                "whose observations are left out, and tell ArviZ's function the same"
            )
        return model.observed[0]
    found = next((variable for variable in model.observed if variable.name == name), None)
    if found is None:
        raise ModelError(f"{USER}: var_name={name!r} is no observed variable; it can be {known}")
    return found
