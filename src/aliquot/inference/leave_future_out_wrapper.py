"""Leave-future-out by ArviZ's sums. It imports ArviZ, so it is imported late."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from arviz_stats.loo import SamplingWrapper

from aliquot.errors import ModelError
from aliquot.inference.held_out import checked, refitted, without_observations
from aliquot.inference.one_step_ahead import Timeline
from aliquot.inference.posterior import posterior_of
from aliquot.model import Model

USER = "aq.leave_future_out"
# What the one-step-ahead densities are called where ArviZ looks for log likelihoods.
NAME = "one_step_ahead"


class Past(NamedTuple):
    """A model without what comes after its first steps, and how many these are."""

    model: Model
    steps: int


class LeaveFutureOut(SamplingWrapper):
    """A model and its trace, as `az.lfo_cv` asks for them."""

    def __init__(
        self, model: Model, trace: Any, times: Timeline, options: Mapping[str, Any]
    ) -> None:
        super().__init__(model, sample_kwargs=dict(options))
        self._times = times
        self.idata_orig = self._with_densities(trace)

    def sel_observations(self, idx: np.ndarray) -> tuple[Past, int]:
        """Leave steps out, from the first of those given to the last of all."""
        steps = int(np.min(idx))
        held = without_observations(self.model, self._times.later(steps))
        return Past(checked(self.model, held, self._said(steps), USER), steps), steps

    def sample(self, modified_observed_data: Past) -> Any:
        """Draw from the posterior of the first steps."""
        held, steps = modified_observed_data
        return refitted(held, self.sample_kwargs, [steps], self._said(steps))

    def get_inference_data(self, fitted_model: Any) -> Any:
        """Give the trace of a refit as it is."""
        return fitted_model

    def log_likelihood__i(self, excluded_obs: int, idata__i: Any) -> Any:
        """Compute the one-step-ahead log densities of all later steps at draws of a refit."""
        found = self._with_densities(idata__i)["log_likelihood"].dataset[NAME]
        return found.isel({self._times.dim: slice(excluded_obs, None)})

    def _said(self, steps: int) -> str:
        """Say in words what is left out."""
        times = self._times
        return f"what comes after {times.dim} = {times.labels[steps - 1]}"

    def _with_densities(self, trace: Any) -> Any:
        """Give a tree of a posterior and its one-step-ahead densities."""
        import xarray

        posterior = posterior_of(trace, USER)
        coords = {dim: posterior[dim].values for dim in ("chain", "draw")}
        ahead = xarray.DataArray(
            self._times.ahead(self.model, posterior),
            dims=("chain", "draw", self._times.dim),
            coords=coords | {self._times.dim: self._times.labels},
        )
        groups = {"posterior": posterior, "log_likelihood": xarray.Dataset({NAME: ahead})}
        return xarray.DataTree.from_dict(groups)


def future_left_out(
    model: Model,
    trace: Any,
    times: Timeline,
    options: Mapping[str, Any],
    first: int,
    steps_ahead: int,
    k_threshold: float,
) -> Any:
    """Run ArviZ's leave-future-out cross-validation."""
    try:
        from arviz_stats.loo import lfo_cv
    except ImportError as error:
        raise ModelError(
            f"{USER} needs a newer ArviZ, which has az.lfo_cv: pip install --upgrade arviz"
        ) from error

    wrapper = LeaveFutureOut(model, trace, times, options)
    return lfo_cv(
        wrapper.idata_orig,
        wrapper,
        min_observations=first,
        forecast_horizon=steps_ahead,
        time_dim=times.dim,
        pointwise=True,
        method="exact" if k_threshold == -np.inf else "approx",
        k_threshold=k_threshold,
    )
