"""``aq.filled_components``: how many components of a mixture have rows, draw by draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.arguments import as_seed
from aliquot.compilation import loop
from aliquot.errors import ModelError
from aliquot.hints.arguments import PREDICT
from aliquot.hints.explain import explained
from aliquot.inference.draws import random_keys
from aliquot.inference.posterior import continuous_values, discrete_values, posterior_of
from aliquot.inference.responsibilities import is_mixture, mixture_logits
from aliquot.model import Model, resolve_model
from aliquot.model.streamed import refuse_rows

if TYPE_CHECKING:
    import xarray


@explained(PREDICT)
def filled_components(
    trace: xarray.DataTree,
    model: Model | None = None,
    *,
    var_name: str | None = None,
    random_seed: Any = None,
) -> xarray.DataArray:
    """Count the components that have at least one row of the data, in each draw.

    Parameters
    ----------
    trace : xarray.DataTree
        With a group ``posterior``: from `sample`, or the ``sample`` of an approximation.
    model : Model, optional
        By default the one whose ``with`` block is running.
    var_name : str, optional
        A discrete variable, whose states are the components, or an observed mixture. Needed where
        the model has several.
    random_seed : int, sequence of int, numpy.random.Generator, optional
        For allocations that are drawn.

    Returns
    -------
    xarray.DataArray
        Dims ``chain`` and ``draw``. The number does not depend on labels. Counted in the discrete
        variable where the trace has it (from `recover`), else in allocations of the rows drawn
        from their posterior given each draw's parameters.

    Raises
    ------
    ModelError
        Where the model has no such variable, several of which none is named, or the trace is of
        another model.

    Notes
    -----
    In a mixture with more components than the data need, and weights from a Dirichlet with small
    concentrations, superfluous components empty out [1]_, and the most frequent number of filled
    ones estimates how many there are [2]_.

    References
    ----------
    .. [1] Rousseau and Mengersen (2011), Asymptotic behaviour of the posterior distribution in
       overfitted mixture models, Journal of the Royal Statistical Society B 73(5).
    .. [2] Malsiner-Walli, Frühwirth-Schnatter and Grün (2016), Model-based clustering based on
       sparse finite Gaussian mixtures, Statistics and Computing 26.

    Examples
    --------
    >>> import numpy as np
    >>> import aliquot as aq
    >>> from aliquot.results import build_tree
    >>> with aq.Model() as model:
    ...     w = aq.Dirichlet("w", [0.01, 0.01, 0.01])
    ...     obs = aq.NormalMixture("obs", w, [-9.0, 0.0, 9.0], 1, observed=[-9.2, -8.8, 0.1])
    >>> w = np.array([[[0.6, 0.4, 0.0], [0.5, 0.5, 0.0]]])
    >>> aq.filled_components(build_tree(posterior={"w": w}), model, random_seed=1).values
    array([[2, 2]])
    """
    import xarray

    model = resolve_model(model, "aq.filled_components")
    refuse_rows(
        model,
        "aq.filled_components",
        "Write the model with some of the rows in memory, aq.Data(name, array), for these",
    )
    posterior = posterior_of(trace, "aq.filled_components")
    density = model.density()
    candidates = with_components(density, model.observed)
    name = _chosen(candidates, var_name)
    states = None
    if hasattr(candidates[name], "states"):
        states = discrete_values(
            model, posterior, candidates[name].node, "aq.filled_components", "allocations are drawn"
        )
    sizes = posterior.sizes["chain"], posterior.sizes["draw"]
    if states is not None:
        rows = states.reshape((len(states), -1))
        counts = np.sum([(rows == v).any(axis=-1) for v in candidates[name].values], axis=0)
    else:
        values = continuous_values(model, posterior)
        total = sizes[0] * sizes[1]
        rows = rows_drawn(density, candidates[name], values, total, as_seed(random_seed))
        counts = (rows > 0).sum(axis=1)
    counts = counts.reshape(sizes)
    size = getattr(candidates[name], "states", None) or candidates[name].distribution.size
    return xarray.DataArray(
        counts,
        dims=("chain", "draw"),
        coords={dim: posterior[dim].values for dim in ("chain", "draw")},
        name="filled_components",
        attrs={"variable": name, "components": int(size)},
    )


def _chosen(candidates: dict[str, Any], var_name: Any) -> str:
    """Choose the variable whose components are counted."""
    listed = ", ".join(candidates)
    if not candidates:
        raise ModelError(
            "aq.filled_components: the model has no components: neither a discrete variable that "
            "was summed out nor an observed NormalMixture or Mixture"
        )
    if var_name is None and len(candidates) > 1:
        raise ModelError(
            f"aq.filled_components: say whose components are counted with var_name=: {listed}"
        )
    name = next(iter(candidates)) if var_name is None else var_name
    if name not in candidates:
        raise ModelError(
            f"aq.filled_components: var_name: {name!r} is neither a discrete variable that was "
            f"summed out nor an observed mixture ({listed})"
        )
    return str(name)


def with_components(density: Any, observed: Any) -> dict[str, Any]:
    """Give what has components, by name: discrete variables, and observed mixtures."""
    unknowns = [] if density.marginal is None else density.marginal.unknowns
    nodes = [unknown.node for unknown in unknowns]
    found: dict[str, Any] = {unknown.name: unknown for unknown in unknowns}
    return found | {v.name: v for v in observed if is_mixture(v, nodes)}


def rows_drawn(
    density: Any, variable: Any, values: dict[str, np.ndarray], count: int, seed: int
) -> np.ndarray:
    """Draw allocations given each draw's parameters, and count the rows of each component.

    One program for all draws; gives (count, components).
    """
    marginal = density.marginal
    counted = getattr(getattr(variable, "node", variable), "counted", None)

    def one(row: Any, data: Any) -> dict[str, Any]:
        key, given = row
        known = density.evaluation_of(given, data)
        random = jax.random.wrap_key_data(key)
        if hasattr(variable, "states"):
            assert marginal is not None
            drawn = marginal.evaluate(known).draw(random)
            names = [unknown.name for unknown in marginal.unknowns]
            states = jnp.ravel(drawn[names.index(variable.name)]) - variable.lowest
            size = variable.states
        else:
            logits = mixture_logits(variable, known, density)
            states = jax.random.categorical(random, logits)
            size = logits.shape[-1]
        counts = None if counted is None else jnp.ravel(known(counted)).astype(int)
        return {"rows": jnp.bincount(jnp.ravel(states), counts, length=size)}

    rows = random_keys(seed, count), dict(values)
    name = f"rows of the components of {variable.name}"
    return density.over_draws(one, rows, name=name, options=loop())["rows"]
