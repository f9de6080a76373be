"""``aq.find_map``: the mode of a model's posterior."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.arguments import as_seed, whole_number
from aliquot.blas import on_one_thread
from aliquot.compilation import owner_of
from aliquot.density.likelihood import log_likelihood_of, parameter_count
from aliquot.errors import ConvergenceWarning, PartialResultWarning, warn
from aliquot.exploration import points_to_climb_from
from aliquot.hints.arguments import FIND_MAP
from aliquot.hints.explain import explained
from aliquot.inference.described import model_coords, model_dims
from aliquot.inference.draws import free_draws
from aliquot.inference.initialisation import continuous_density, explain_start
from aliquot.inference.interrupt import interrupts
from aliquot.mcmc.starts import NoStartError, evaluator
from aliquot.model import Model, resolve_model
from aliquot.newton import CURVATURE_UP_TO, Climber, Summit, derivatives, highest
from aliquot.results import build_dataset, in_written_order, standard_attributes
from aliquot.results.attributes import encode_attributes

if TYPE_CHECKING:
    import threading

    import xarray

# The stream of random numbers for moves of components.
MOVES = 13
# Coordinates that a warning names at most.
NAMED = 5


@explained(FIND_MAP)
@on_one_thread
def find_map(
    *,
    start: Mapping[str, Any] | None = None,
    restarts: int = 8,
    jacobian: bool = False,
    maxiter: int = 2_000,
    random_seed: Any = None,
    model: Model | None = None,
) -> xarray.Dataset:
    """Find the mode of a model's posterior (the maximum a posteriori, MAP).

    Discrete variables that are summed out stay so: it is the mode of their marginal.

    Parameters
    ----------
    start : mapping from str to array, optional
        Start values of some free variables, on their own scale.
    restarts : int
        How many climbs to make besides the one from the start point: from points that a population
        came to which was scattered as far as priors reach and drawn in by the density. Then
        components are moved to each other's places, as far as that leads higher. The highest mode
        is kept. More climbs help where there are several modes, as in mixtures.
    jacobian : bool
        False: the mode of the density of the variables on their own scale, as in PyMC and in
        Stan's ``optimize``. True: that of the unconstrained coordinates, in which NUTS works and
        which a Laplace approximation is made at.
    maxiter : int
        Steps of each climb at most.
    random_seed : int, sequence of int, numpy.random.Generator, optional
        For the restarts. Recorded in the attributes.
    model : Model, optional
        By default the one whose ``with`` block is running.

    Returns
    -------
    xarray.Dataset
        Free variables and deterministics at the mode, with their dims and coords. Its attributes:
        ``log_density`` (the posterior density at the mode, not normalised, with the Jacobian only
        if asked for), ``log_likelihood`` (of the observed data at the mode, without priors and
        potentials: `Model.log_likelihood`), ``parameters`` (how many numbers were estimated, as
        AIC and BIC count them), ``converged``, ``message``, ``partial`` (1 after Ctrl-C, which
        keeps the best point so far), ``jacobian``, ``evaluations``, ``restarts``,
        ``climbs`` and ``reached_best`` (how many climbs there were, and how many of them ended as
        high as the best) and ``random_seed``.

    Raises
    ------
    ModelError, ShapeError, SupportError
        For wrong arguments and start values.
    StartError
        Where no start point has a finite log density and gradient; names the variables at fault.

    Warns
    -----
    ConvergenceWarning
        Where the climb did not converge, or the density is infinite: it then has no mode.
    PartialResultWarning
        After Ctrl-C.

    Notes
    -----
    A mode can be far from typical of the posterior, above all with many parameters; hierarchical
    scales often have none but the infinite one at zero. For uncertainty use `aq.sample` or
    `aq.fit`. A mode at the edge of a support (zero, for a half-normal scale) is approached, not
    reached, since the edge is infinitely far away in unconstrained coordinates.

    Examples
    --------
    >>> import aliquot as aq
    >>> with aq.Model():
    ...     rate = aq.Gamma("rate", alpha=3, beta=1)
    ...     aq.Poisson("count", rate, observed=[4, 2, 5])
    ...     mode = aq.find_map(random_seed=1)
    <...
    >>> round(float(mode["rate"]), 4), mode.attrs["converged"]
    (3.25, 1)
    """
    model = resolve_model(model, "aq.find_map")
    restarts = whole_number("restarts", restarts, least=0)
    maxiter = whole_number("maxiter", maxiter)
    seed = as_seed(random_seed)
    density = continuous_density(model, "aq.find_map")
    found = points_to_climb_from(density, start, restarts, seed)
    first = found.points[0]
    rng = np.random.default_rng([seed, MOVES])
    with interrupts(at_once=False) as stop:
        climber = _climber(density, jacobian, stop)
        summit = highest(climber, found.points, steps=maxiter, moves=found.moves, rng=rng)
    if summit is None:
        evaluate = evaluator(density.log_density, density.data)
        explain_start(model, NoStartError(first, *evaluate(first), tries=1))
    _warn(model, density, summit, first)
    values = {name: v[0] for name, v in density.constrain_draws(summit.position[None]).items()}
    free = free_draws(density, values)
    attrs = {
        "log_density": summit.value,
        "log_likelihood": log_likelihood_of(density, free) if model.observed else None,
        "parameters": parameter_count(density),
        "jacobian": jacobian,
        "converged": summit.converged,
        "message": summit.message,
        "partial": summit.interrupted,
        "evaluations": summit.evaluations,
        "restarts": restarts,
        "climbs": summit.climbs,
        "reached_best": summit.reached,
        "random_seed": seed,
    }
    return build_dataset(
        "the mode",
        in_written_order(values, list(model.variables)),
        dims=model_dims(model),
        coords=model_coords(model),
        attrs=standard_attributes() | encode_attributes(attrs),
        sampled=False,
    )


def _climber(density: Any, jacobian: bool, stop: threading.Event) -> Climber:
    """Compile the function to climb; Ctrl-C is looked for between its calls."""

    def own_scale(flat: Any, data: Any) -> Any:
        return density.log_density(flat, data) - density.log_jacobian(flat, data)

    return Climber(
        owner_of(density.log_density),
        "log density" if jacobian else "own scale",
        derivatives(density.log_density if jacobian else own_scale),
        density.data,
        size=density.size,
        rows=density.size if density.size <= CURVATURE_UP_TO else 0,
        stopped=stop.is_set,
    )


def _warn(model: Model, density: Any, summit: Summit, first: np.ndarray) -> None:
    if summit.interrupted:
        warn(
            f"find_map was interrupted after {summit.evaluations} evaluations: the best point so "
            "far is kept. The result is marked as partial.",
            PartialResultWarning,
        )
    elif summit.value == np.inf:
        from aliquot.density.debug import debug_at

        names = ", ".join(map(repr, debug_at(model, summit.position).culprits))
        warn(
            f"find_map: the density is infinite{f' ({names})' if names else ''}, so that the "
            f"posterior has no mode. {_NO_MODE}",
            ConvergenceWarning,
        )
    elif not summit.converged:
        order = np.argsort(-np.abs(summit.gradient))[:NAMED]
        rising = "; ".join(
            f"{density.labels[i]} = {summit.position[i]:.4g} (slope {summit.gradient[i]:.2g})"
            for i in order
        )
        # What runs off need not be the steepest: where a scale is next to zero, all that it is the
        # scale of is steeper.
        far = int(np.argmax(np.abs(summit.position - first)))
        warn(
            f"find_map did not converge ({summit.message}). Steepest unconstrained coordinates: "
            f"{rising}. Furthest from the start: {density.labels[far]} = "
            f"{summit.position[far]:.4g}. Raise maxiter= or give start=. A coordinate that runs "
            f"off means that the density has no bound. {_NO_MODE}",
            ConvergenceWarning,
        )


_NO_MODE = (
    "Then give priors that keep scales away from zero and weights away from 0 and 1, try "
    "jacobian=True, or use aq.sample, which needs no mode."
)
