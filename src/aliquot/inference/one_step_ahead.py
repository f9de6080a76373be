"""``aq.one_step_ahead``: what each step of a series was worth to who had seen all before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.density.ahead import ALWAYS, is_series
from aliquot.density.ahead import one_step_ahead as steps_ahead
from aliquot.density.likelihood import check_observed, likelihood_shape
from aliquot.errors import ModelError
from aliquot.hints.explain import explained
from aliquot.inference.described import model_coords
from aliquot.inference.held_out import refuse_depended_on
from aliquot.inference.posterior import continuous_values, posterior_of
from aliquot.model import Model, resolve_model
from aliquot.model.streamed import refuse_rows
from aliquot.model.variables import ObservedVariable

if TYPE_CHECKING:
    import xarray

USER = "aq.one_step_ahead"
# The dim of time where nothing is named.
TIME = "time"


@explained({})
def one_step_ahead(
    trace: xarray.DataTree, model: Model | None = None, *, dim: str | None = None
) -> xarray.DataArray:
    r"""Compute the log density of each step of a time series given all steps before it.

    Parameters
    ----------
    trace : xarray.DataTree
        With a group ``posterior``.
    model : Model, optional
        By default the one whose ``with`` block is running.
    dim : str, optional
        The dim along which time runs. Observed variables without it are known from the start. By
        default the one axis that all observed variables have.

    Returns
    -------
    xarray.DataArray
        :math:`\log p(y_t \mid y_1, \dots, y_{t-1}, \theta)` of each draw, of dims chain, draw and
        `dim` (``time`` where it has no name): of all that was observed at a step together. Steps
        at which nothing was observed are left out. Over all steps it sums to the log likelihood.

    Raises
    ------
    ModelError
        Where it is not clear which axis is time; for an observed variable that is one event over
        all times and not a random walk, an autoregressive series or a partly observed
        `MarkovChain`; where something else in the model is computed from observations.

    Notes
    -----
    Hidden discrete variables are summed out: of a hidden Markov model these are the normalising
    constants of the forward filter [1]_. One pass along a chain gives them all. Where observations
    share hidden variables in another way, they are differences of the log likelihoods of what there
    was up to each step, one by one, in a time quadratic in the number of steps.

    The parameters are those of the trace, which has seen the whole series: see `leave_future_out`
    for how well a model predicts.

    References
    ----------
    .. [1] Rabiner (1989), A tutorial on hidden Markov models and selected applications in speech
       recognition, Proceedings of the IEEE 77, section V A.

    Examples
    --------
    >>> import aliquot as aq
    >>> with aq.Model():
    ...     P = aq.Dirichlet("P", [[8, 2], [2, 8]])
    ...     mu = aq.Normal("mu", 0, 1, shape=2, transform=aq.transforms.ordered)
    ...     state = aq.MarkovChain("state", P, init=[0.5, 0.5], steps=6)
    ...     y = aq.Normal("y", mu[state], 1, observed=[-1.0, -1.2, -0.4, 1.4, 0.8, 1.1])
    ...     trace = aq.sample(100, tune=100, chains=2, random_seed=1, progressbar=False,
    ...                       compute_convergence_checks=False)
    ...     ahead = aq.one_step_ahead(trace)
    >>> ahead.dims, ahead.shape
    (('chain', 'draw', 'time'), (2, 100, 6))
    """
    import xarray

    model = resolve_model(model, USER)
    refuse_rows(
        model,
        USER,
        "Write the model with some of the rows in memory, aq.Data(name, array), for these",
    )
    times = Timeline.of(model, dim, USER)
    posterior = posterior_of(trace, USER)
    return xarray.DataArray(
        times.ahead(model, posterior),
        dims=("chain", "draw", times.dim),
        coords={
            "chain": posterior["chain"].values,
            "draw": posterior["draw"].values,
            times.dim: times.labels,
        },
        name="one_step_ahead",
    )


@dataclass(frozen=True)
class Timeline:
    """Which observations of a model belong to which step of a time series."""

    dim: str
    labels: np.ndarray  # of the steps at which something was observed
    at: np.ndarray  # where these are among all times
    # For each observed variable the step of each number of its log likelihood (of a series, of its
    # values), counted among those at which something was observed.
    steps: dict[str, np.ndarray]
    # For each observed variable that has times, the step of each of its entries.
    entries: dict[str, np.ndarray]
    # The first steps of series have one density together: how many of them there are.
    together: int

    @staticmethod
    def of(model: Model, dim: str | None, user: str) -> Timeline:
        """Read off a model which observations belong to which time, or refuse it by name."""
        check_observed(model, user)
        axes = {v.name: _axis(v, dim, model, user) for v in model.observed}
        timed = [v for v in model.observed if axes[v.name] is not None]
        if not timed:
            known = dict.fromkeys(name for v in model.observed for name in v.dims or ())
            raise ModelError(
                f"{user}: no observed variable has the dim {dim!r}; they have "
                f"{', '.join(map(repr, known)) or 'none with a name'}"
            )
        lengths = {v.name: v.shape[axes[v.name]] for v in timed}
        count = next(iter(lengths.values()))
        if len(set(lengths.values())) > 1:
            raise ModelError(
                f"{user}: observed variables have different numbers of steps "
                f"({', '.join(f'{name!r} {length}' for name, length in lengths.items())}): say "
                "with dim= along which dim time runs"
            )
        entries = {}
        seen = np.zeros(count, bool)
        for variable in timed:
            refuse_depended_on(model, variable, user)
            at = np.moveaxis(np.indices(variable.shape), 0, -1)[..., axes[variable.name]]
            entries[variable.name] = at
            present = np.ones(at.shape, bool) if variable.missing is None else ~variable.missing
            seen[np.unique(at[present])] = True
        place = np.where(seen, np.cumsum(seen) - 1, ALWAYS)
        steps = {}
        for variable in model.observed:
            shape = _numbers(variable, model)
            if variable.name not in entries:
                steps[variable.name] = np.full(shape, ALWAYS)
                continue
            at = entries[variable.name]
            # All entries of an event are of one time.
            steps[variable.name] = place[at.reshape((*shape, -1))[..., 0]]
        named = dim or next((v.dims[axes[v.name] or 0] for v in timed if v.dims), TIME)
        labels = model_coords(model).get(named)
        labels = np.arange(count) if labels is None else np.asarray(labels)
        orders = [getattr(v.distribution, "order", 1) for v in timed if is_series(v.distribution)]
        return Timeline(
            named,
            labels[seen],
            np.flatnonzero(seen),
            steps,
            {name: np.searchsorted(np.flatnonzero(seen), at) for name, at in entries.items()},
            max(orders, default=1),
        )

    def later(self, first: int) -> dict[str, np.ndarray]:
        """Say which entries of the observed variables are of step `first` or later."""
        return {name: at >= first for name, at in self.entries.items()}

    def ahead(self, model: Model, posterior: Any) -> np.ndarray:
        """Compute one-step-ahead log densities, shape (chains, draws, steps)."""
        shape = posterior.sizes["chain"], posterior.sizes["draw"]
        found = steps_ahead(
            model.density(),
            continuous_values(model, posterior),
            shape[0] * shape[1],
            self.steps,
            self.at,
        )
        return found.reshape((*shape, -1))


def _numbers(variable: ObservedVariable, model: Model) -> tuple[int, ...]:
    """Give the shape of what has a time each: the log likelihood's, or that of a series."""
    if is_series(variable.distribution):
        return variable.shape
    return likelihood_shape(model.density(), variable)


def _axis(variable: ObservedVariable, dim: str | None, model: Model, user: str) -> int | None:
    """Find the axis of time of an observed variable; None where it has none."""
    name, distribution = variable.name, variable.distribution
    shape = _numbers(variable, model)
    if dim is not None:
        if dim not in (variable.dims or ()):
            return None
        axis = (variable.dims or ()).index(dim)
    elif is_series(distribution):
        axis = len(distribution.batch_shape)
    elif len(shape) == 1:
        axis = 0
    elif shape:
        raise ModelError(
            f"{user}: {name!r} has observations of shape {variable.shape}: name their axes with "
            "dims=, and say with dim= along which of them time runs"
        )
    else:
        raise _one_event(variable, user)
    if axis >= len(shape):
        raise _one_event(variable, user)
    if is_series(distribution):
        if axis != len(distribution.batch_shape):
            raise ModelError(
                f"{user}: time runs along axis {len(distribution.batch_shape)} of {name!r}, a "
                f"{distribution.family}, and {dim!r} is axis {axis}"
            )
        if variable.missing is not None:
            raise ModelError(
                f"{user}: {name!r} is a {distribution.family} with missing values, whose "
                "one-step-ahead densities are not known here. Leave the times without values out, "
                "or write the series as hidden, and what was observed of it with noise"
            )
    return axis


def _one_event(variable: ObservedVariable, user: str) -> ModelError:
    return ModelError(
        f"{user}: {variable.name!r} is one {variable.distribution.family} over all times, whose "
        "density is not known step by step. Write its observations given those before them, as in "
        "aq.Normal(name, rho * y[:-1], sigma, observed=y[1:])"
    )
