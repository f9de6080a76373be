"""``aq.compute_log_likelihood``: how likely each observation was, draw by draw."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.density.likelihood import check_observed, likelihood_shape
from aliquot.errors import AliquotWarning, ModelError, warn
from aliquot.hints.arguments import PREDICT
from aliquot.hints.explain import explained
from aliquot.inference import forward
from aliquot.inference.by_rows import asked_path, write_log_likelihood
from aliquot.inference.described import model_coords
from aliquot.inference.posterior import continuous_values, posterior_of, refuse_other_states
from aliquot.model import Model, resolve_model
from aliquot.results import build_tree

if TYPE_CHECKING:
    import xarray


@explained(PREDICT)
def compute_log_likelihood(
    trace: xarray.DataTree,
    model: Model | None = None,
    *,
    by: str | None = None,
    store: str | PathLike[str] | None = None,
) -> xarray.DataTree:
    """Compute the pointwise log likelihood of each draw, for `az.loo` and `az.compare`.

    Parameters
    ----------
    trace : xarray.DataTree
        With a group ``posterior``.
    model : Model, optional
        By default the one whose ``with`` block is running.
    by : str, optional
        A discrete variable that is summed out. The log likelihood is then of everything observed
        that depends on one of its elements, together: of a row of several columns that share a
        label one number, named as the label; of a Markov chain that of the whole chain, at each
        of its steps. What does not depend on it is left out.
    store : path, optional
        Of a model whose rows lie on a disk: a Zarr store to write to, block by block. The group is
        then read from there, when it is needed.

    Returns
    -------
    xarray.DataTree
        The trace with the group ``log_likelihood`` added; the trace itself is left as it is. Where
        observations are missing, only those that are not are there, along one dim
        ``{name}_observed`` of their positions: an imputed value is no data to be predicted. Of a
        partly observed `MarkovChain` each observed state counts, given all other data; of one
        that was observed throughout, the chain as a whole.

    Raises
    ------
    ModelError, ShapeError, SupportError
        Where the trace is of another model; where nothing is observed.

    Examples
    --------
    >>> import aliquot as aq
    >>> with aq.Model():
    ...     mu = aq.Normal("mu", 0, 1)
    ...     obs = aq.Normal("obs", mu, 1, observed=[0.1, 0.4])
    ...     trace = aq.sample(100, tune=100, chains=2, random_seed=1, progressbar=False,
    ...                       compute_convergence_checks=False)
    ...     trace = aq.compute_log_likelihood(trace)
    >>> trace.log_likelihood["obs"].shape
    (2, 100, 2)
    """
    model = resolve_model(model, "aq.compute_log_likelihood")
    check_observed(model, "aq.compute_log_likelihood")
    path = asked_path(model, "aq.compute_log_likelihood", store, ".zarr")
    if path is not None and by is not None:
        raise ModelError("aq.compute_log_likelihood: by= and store= do not go together yet")
    if left_out := forward.potentials(model):
        warn(
            f"the log likelihood leaves out the potentials {', '.join(left_out)}: where one stands "
            "for data, loo and compare do not count them",
            AliquotWarning,
        )
    posterior = posterior_of(trace, "aq.compute_log_likelihood")
    chains, draws = posterior.sizes["chain"], posterior.sizes["draw"]
    values = continuous_values(model, posterior)
    for variable in (*model.free, *model.observed):
        if variable.distribution.discrete:
            refuse_other_states(model, posterior, variable)
    if by is not None:
        return _by(by, trace, model, values, (chains, draws))
    if path is not None:
        tree = trace.copy()
        unread = write_log_likelihood(path, model, values, chains, draws)
        tree["log_likelihood"] = type(tree)(unread)
        return tree
    arrays = model.density().log_likelihood_of(values, chains * draws)
    rows: dict[str, Any] = {}
    dims: dict[str, Any] = {}
    coords = model_coords(model)
    for variable in model.observed:
        name, found = variable.name, arrays[variable.name]
        batch = likelihood_shape(model.density(), variable)
        array = found.reshape((chains, draws, *batch))
        if variable.missing is None:
            rows[name] = array
            dims[name] = list((variable.dims or ())[: len(batch)]) or None
            continue
        seen = ~variable.missing.any(axis=tuple(range(len(batch), variable.missing.ndim)))
        if seen.any():
            rows[name] = array[:, :, seen]
            dims[name] = [f"{name}_observed"]
            coords[f"{name}_observed"] = np.flatnonzero(seen)
    return build_tree(log_likelihood=rows, dims=dims, coords=coords, extend=trace)


def _by(
    name: str,
    trace: xarray.DataTree,
    model: Model,
    values: Mapping[str, np.ndarray],
    shape: tuple[int, int],
) -> xarray.DataTree:
    """Compute the log likelihood of what each element of a discrete variable holds together."""
    density = model.density()
    unknowns = [] if density.marginal is None else density.marginal.unknowns
    found = next((unknown for unknown in unknowns if unknown.name == name), None)
    if found is None:
        known = ", ".join(repr(unknown.name) for unknown in unknowns) or "there is none"
        raise ModelError(
            f"aq.compute_log_likelihood: by={name!r} is no discrete variable that is summed out "
            f"({known})"
        )
    given = values
    if not values:  # nothing is continuous: all draws are alike
        given = {"": np.zeros((shape[0] * shape[1], 0))}

    def one(at: Any, data: Any) -> dict[str, Any]:
        return {name: density.log_likelihood_by(name, at, data)}

    array = density.over_draws(one, dict(given))[name].reshape((*shape, *found.shape))
    dims = getattr(found.node, "dims", None)
    return build_tree(
        log_likelihood={name: array},
        dims={name: list(dims) if dims else None},
        coords=model_coords(model),
        extend=trace,
    )
