"""``aq.leave_future_out``: how well a model predicts what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aliquot.arguments import whole_number
from aliquot.errors import ModelError
from aliquot.hints.arguments import SAMPLE
from aliquot.hints.explain import explained
from aliquot.inference.leave_out import sampling_options
from aliquot.inference.one_step_ahead import Timeline
from aliquot.inference.posterior import posterior_of
from aliquot.inference.same_data import refuse_other_data
from aliquot.model import Model, resolve_model
from aliquot.model.streamed import refuse_rows

if TYPE_CHECKING:
    import xarray
    from arviz_stats.utils import ELPDDataLFO

USER = "aq.leave_future_out"


@explained(SAMPLE)
def leave_future_out(
    trace: xarray.DataTree,
    model: Model | None = None,
    *,
    first: int,
    steps_ahead: int = 1,
    dim: str | None = None,
    k_threshold: float = 0.7,
    **options: Any,
) -> ELPDDataLFO:
    r"""Estimate how well a model of a time series predicts what comes next, by few refits.

    Parameters
    ----------
    trace : xarray.DataTree
        As `sample` returns it, given the whole series.
    model : Model, optional
        By default the one whose ``with`` block is running.
    first : int
        So many steps are needed before the first prediction. Steps count at which something was
        observed.
    steps_ahead : int
        So many steps are predicted at once, by their joint density.
    dim : str, optional
        The dim along which time runs, as for `one_step_ahead`.
    k_threshold : float
        The model is fitted again where Pareto k is above it. With ``-inf`` it is fitted before
        each prediction, and nothing is weighted.
    **options
        Of `sample`, for the refits, as for `leave_out`.

    Returns
    -------
    arviz_stats.utils.ELPDDataLFO
        ArviZ's record: ``elpd``, its standard error ``se``, ``elpd_i`` and ``pareto_k`` by step,
        ``refits``, after how many steps the model was fitted again, and more. Where it has just
        been fitted Pareto k is NaN. ``az.compare`` takes such records.

    Raises
    ------
    ModelError
        As for `one_step_ahead`; where the trace was drawn given other data; for a `first` that
        leaves nothing to be predicted. `TypeError` for an option that `sample` does not take.

    Notes
    -----
    The sum, over t from `first` on, of :math:`\log p(y_{t+1}, \dots, y_{t+M} \mid y_1, \dots, y_t)`
    by Pareto-smoothed importance sampling [1]_: the model is fitted to the first steps, its draws
    are weighted by the one-step-ahead densities of what comes in, and where the weights become
    uneven it is fitted again. Hidden discrete variables are summed out of these densities by the
    forward filter. `az.lfo_cv` does the sums.

    In the model of a refit the future is missing, and all else is as it was: a continuous state for
    each step, too, so that later ones are predicted by their prior, and need refits soon.

    References
    ----------
    .. [1] Bürkner, Gabry and Vehtari (2020), Approximate leave-future-out cross-validation for
       Bayesian time series models, Journal of Statistical Computation and Simulation 90.

    Examples
    --------
    >>> import numpy as np
    >>> import aliquot as aq
    >>> y = np.array([0.2, 0.5, 0.1, 0.6, 0.9, 0.7, 1.1, 0.8])
    >>> with aq.Model():
    ...     rho = aq.Normal("rho", 0, 1)
    ...     obs = aq.Normal("y", rho * y[:-1], 0.5, observed=y[1:])
    ...     trace = aq.sample(200, tune=200, chains=2, random_seed=1, progressbar=False)
    ...     found = aq.leave_future_out(trace, first=4)
    >>> found.kind, found.n_data_points
    ('lfo_cv', 3)
    """
    model = resolve_model(model, USER)
    refuse_rows(
        model,
        USER,
        "Write the model with some of the rows in memory, aq.Data(name, array), for these",
    )
    posterior = posterior_of(trace, USER)
    refuse_other_data(trace, model, USER)
    times = Timeline.of(model, dim, USER)
    count = len(times.labels)
    first = whole_number(f"{USER}: first", first, least=times.together)
    steps_ahead = whole_number(f"{USER}: steps_ahead", steps_ahead)
    if first + steps_ahead > count:
        raise ModelError(
            f"{USER}: there are {count} steps at which something was observed, so that after the "
            f"first={first} none is left {steps_ahead} ahead: give a smaller one"
        )
    if isinstance(k_threshold, bool) or not isinstance(k_threshold, int | float):
        raise ModelError(f"{USER}: k_threshold must be a number; got {k_threshold!r}")
    given = sampling_options(trace, posterior, options, "leave_future_out")
    from aliquot.inference.leave_future_out_wrapper import future_left_out

    return future_left_out(model, trace, times, given, first, steps_ahead, k_threshold)
