"""The sampling wrapper that `aq.leave_out` makes. It imports ArviZ, so it is imported late."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, NamedTuple

import numpy as np
from arviz_stats.loo import SamplingWrapper

from aliquot.density.likelihood import likelihood_shape
from aliquot.errors import ModelError
from aliquot.inference.held_out import (
    checked,
    refitted,
    refuse_depended_on,
    without_observations,
)
from aliquot.inference.log_likelihood import compute_log_likelihood
from aliquot.inference.moment_matching import moment_matching
from aliquot.inference.posterior import continuous_values, posterior_of
from aliquot.model import Model
from aliquot.model.variables import ObservedVariable

USER = "aq.leave_out"


class Kept(NamedTuple):
    """A model without some of its observations, and where they are."""

    model: Model
    places: np.ndarray  # of the observations left out, in their order among all that were made


class LeaveOut(SamplingWrapper):
    """A model and its trace, as ArviZ's functions that refit ask for them; see `leave_out`.

    Attributes
    ----------
    model : Model
    idata_orig : xarray.DataTree
        The trace with the group ``log_likelihood``.
    sample_kwargs : dict
        What `sample` is told for each refit.
    var_name : str
        The observed variable whose observations are left out.
    """

    def __init__(
        self, model: Model, trace: Any, variable: ObservedVariable, options: Mapping[str, Any]
    ) -> None:
        refuse_depended_on(model, variable, USER)
        group = trace["log_likelihood"] if "log_likelihood" in trace.children else ()
        if variable.name not in group:
            trace = compute_log_likelihood(trace, model)
        self.var_name = variable.name
        self._variable = variable
        self._stored = trace["log_likelihood"].dataset[variable.name]
        self._dims = tuple(dim for dim in self._stored.dims if dim not in ("chain", "draw"))
        self._sizes = tuple(self._stored.sizes[dim] for dim in self._dims)
        # Which of all events, counted in one row, were seen: those that a log likelihood has.
        self._shape, self._seen = _events(variable, model)
        if prod(self._sizes) != len(self._seen):
            raise ModelError(
                f"{USER}: the log likelihood of {variable.name!r} in the trace has {self._sizes} "
                f"observations, the model's has {len(self._seen)}: leave the group out of the "
                "trace, and it is computed anew"
            )
        super().__init__(model, idata_orig=trace, sample_kwargs=dict(options))

    def sel_observations(self, idx: Any) -> tuple[Kept, np.ndarray]:
        """Leave observations out.

        Parameters
        ----------
        idx : int, array of int, or mapping from dim to labels
            Places along the one dim of the log likelihood, or the labels along each of its dims.

        Returns
        -------
        kept : Kept
            What `sample` fits: the model in which these observations are missing.
        excluded : numpy.ndarray of int
            Which they are: what `log_likelihood__i` asks for.
        """
        places = self._places(idx)
        gone = np.zeros(prod(self._shape), bool)
        gone[self._seen[places]] = True
        wide = gone.reshape((*self._shape, *(1,) * (len(self._variable.shape) - len(self._shape))))
        held = without_observations(
            self.model, {self.var_name: np.broadcast_to(wide, self._variable.shape)}
        )
        return Kept(checked(self.model, held, self._said(places), USER), places), places

    def sample(self, modified_observed_data: Kept) -> Any:
        """Draw from the posterior of what was kept."""
        held, places = modified_observed_data
        return refitted(held, self.sample_kwargs, places.tolist(), self._said(places))

    def get_inference_data(self, fitted_model: Any) -> Any:
        """Give the trace of a refit as it is."""
        return fitted_model

    def log_likelihood__i(self, excluded_obs: np.ndarray, idata__i: Any) -> Any:
        """Compute the log density of what was left out, given what was kept, at draws of a refit.

        Returns
        -------
        xarray.DataArray
            Of dims chain, draw and that of the observations (of several dims, one dim for all).
        """
        import xarray

        posterior = posterior_of(idata__i, USER)
        shape = posterior.sizes["chain"], posterior.sizes["draw"]
        gone = np.zeros(prod(self._shape), bool)
        gone[self._seen[excluded_obs]] = True
        found = self.model.density().log_likelihood_without(
            continuous_values(self.model, posterior),
            prod(shape),
            {self.var_name: gone.reshape(self._shape)},
        )[self.var_name]
        each = found.reshape((*shape, -1))[..., self._seen[excluded_obs]]
        coords = {dim: posterior[dim].values for dim in ("chain", "draw")}
        dim = self._dims[0] if len(self._dims) == 1 else f"{self.var_name}_left_out"
        if len(self._dims) == 1:
            coords[dim] = self._stored[dim].values[excluded_obs]
        return xarray.DataArray(each, dims=("chain", "draw", dim), coords=coords)

    def moment_matching(self) -> dict[str, Any]:
        """Give what `az.loo_moment_match` needs besides the trace and the result of `az.loo`.

        Returns
        -------
        dict
            ``upars``, the unconstrained draws, of dims chain, draw and ``unconstrained_parameter``;
            ``log_prob_upars_fn`` and ``log_lik_i_upars_fn``, their log density, and the log
            likelihood of an observation at them; ``var_name``.
        """
        return moment_matching(self.model, self.idata_orig, self.var_name, self._seen)

    def _said(self, places: np.ndarray) -> str:
        """Say in words which observations are left out."""
        which = ", ".join(map(str, places[:5].tolist()))
        some = f"s {which}" if len(places) > 1 else f" {which}"
        return f"observation{some}{', ...' if len(places) > 5 else ''} of {self.var_name!r}"

    def _places(self, idx: Any) -> np.ndarray:
        """Read which observations are meant, as places in one row."""
        if isinstance(idx, Mapping):
            if set(idx) != set(self._dims):
                raise ModelError(
                    f"{USER}: observations of {self.var_name!r} are told by the dims "
                    f"{', '.join(map(repr, self._dims))}; got {', '.join(map(repr, idx))}"
                )
            where = [self._along(dim, idx[dim]) for dim in self._dims]
            grid = np.meshgrid(*where, indexing="ij")
            return np.ravel_multi_index([axis.reshape(-1) for axis in grid], self._sizes)
        places = np.atleast_1d(np.asarray(idx))
        count = prod(self._sizes)
        if places.ndim != 1 or not places.size or places.dtype.kind not in "iu":
            raise ModelError(
                f"{USER}: which observations of {self.var_name!r} are left out is told by whole "
                f"numbers; got {idx!r:.60}"
            )
        if places.min() < 0 or places.max() >= count or len(np.unique(places)) < len(places):
            raise ModelError(
                f"{USER}: observations of {self.var_name!r} are counted from 0 to {count - 1}, "
                f"each of them once; got {idx!r:.60}"
            )
        return places

    def _along(self, dim: str, labels: Any) -> np.ndarray:
        known = self._stored[dim].values.tolist()
        asked = np.atleast_1d(np.asarray(labels)).tolist()
        if unknown := [label for label in asked if label not in known]:
            raise ModelError(
                f"{USER}: {self.var_name!r} has no observation at {dim}={unknown[0]!r}"
            )
        return np.array([known.index(label) for label in asked])


def _events(variable: ObservedVariable, model: Model) -> tuple[tuple[int, ...], np.ndarray]:
    """Give the shape of a variable's log likelihood, and which of its numbers were observed."""
    shape = likelihood_shape(model.density(), variable)
    if variable.missing is None:
        return shape, np.arange(prod(shape))
    seen = ~variable.missing.any(axis=tuple(range(len(shape), variable.missing.ndim)))
    return shape, np.flatnonzero(seen)
