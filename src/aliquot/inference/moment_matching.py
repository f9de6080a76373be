"""What moment matching needs: unconstrained draws, and what can be computed at others."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.density.chunks import in_chunks
from aliquot.diagnostics import check
from aliquot.errors import AliquotWarning, ModelError, warn
from aliquot.inference.posterior import continuous_values, posterior_of
from aliquot.model import Model
from aliquot.precision import float64

USER = "aq.leave_out"


def moment_matching(model: Model, trace: Any, name: str, seen: np.ndarray) -> dict[str, Any]:
    """Give the arguments of `az.loo_moment_match` for one observed variable.

    `seen` says which of the numbers of its log likelihood, in one row, are of observations.
    """
    import xarray

    posterior = posterior_of(trace, USER)
    density = model.density()
    if not density.size:
        raise ModelError(
            f"{USER}: the model has no continuous unknowns, so there are no draws to be moved. "
            "Its draws are exact, and so are az.reloo's refits"
        )
    shape = posterior.sizes["chain"], posterior.sizes["draw"]
    flat = density.unconstrain_draws(continuous_values(model, posterior))
    if not np.isfinite(flat).all():
        raise ModelError(
            f"{USER}: {int((~np.isfinite(flat)).any(axis=1).sum())} draws lie on a bound, to the "
            "last digit, where unconstrained coordinates are infinite: use az.reloo"
        )
    _warn_of_labels(trace)
    upars = xarray.DataArray(
        flat.reshape((*shape, -1)),
        dims=("chain", "draw", "unconstrained_parameter"),
        coords={
            "chain": posterior["chain"].values,
            "draw": posterior["draw"].values,
            "unconstrained_parameter": list(density.labels),
        },
    )

    def height(row: Any, rest: Any) -> dict[str, Any]:
        return {"": density.log_density(row, rest[0])}

    def single(row: Any, rest: Any) -> dict[str, Any]:
        data, place = rest
        return {"": jnp.reshape(density.log_likelihood(row, data)[name], (-1,))[place]}

    def log_prob(upars: Any) -> Any:
        return _over_draws(density, "log density of moved draws", height, upars)

    def log_lik_i(upars: Any, i: int) -> Any:
        program = f"log likelihood of one of {name} at moved draws"
        return _over_draws(density, program, single, upars, np.int64(seen[int(i)]))

    return {
        "upars": upars,
        "log_prob_upars_fn": log_prob,
        "log_lik_i_upars_fn": log_lik_i,
        "var_name": name,
    }


def _over_draws(
    density: Any, name: str, one: Callable[[Any, Any], dict[str, Any]], upars: Any, *rest: Any
) -> Any:
    """Call a function of one flat vector on an array of draws, of any order of dims."""
    import xarray

    parameters = next(dim for dim in upars.dims if dim not in ("chain", "draw"))
    ordered = upars.transpose("chain", "draw", parameters)
    shape = ordered.shape[:2]
    rows = np.ascontiguousarray(ordered.values, float).reshape((prod(shape), -1))
    program = density.program(name, jax.vmap(one, in_axes=(0, None)))
    with float64():
        found = in_chunks(program, one, rows, (density.data, *rest))[""]
    coords = {dim: ordered[dim].values for dim in ("chain", "draw") if dim in ordered.coords}
    return xarray.DataArray(found.reshape(shape), dims=("chain", "draw"), coords=coords)


def _warn_of_labels(trace: Any) -> None:
    """Say where labels switch within a trace: its mean and covariance are then of no mode."""
    records = (r for r in check(trace).records if r.kind == "label_switching")
    if trace.attrs.get("label_switching") == "permute" or next(records, None) is not None:
        warn(
            f"{USER}: labels switch within this trace, so the mean and covariance that moment "
            "matching goes by are those of no mode: expect that it mends no Pareto k. Order the "
            "components (aq.transforms.ordered), or use az.reloo, which needs no labels",
            AliquotWarning,
        )
