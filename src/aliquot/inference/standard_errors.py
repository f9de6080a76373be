"""Standard errors on the variables' own scale, by the delta method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from aliquot.compilation import lazily, light
from aliquot.precision import float64
from aliquot.results import build_dataset, in_written_order, standard_attributes
from aliquot.variational.gaussians.mixture import GaussianMixture

if TYPE_CHECKING:
    import xarray

DRAWS = 4000


def standard_errors(
    density: Any, q: GaussianMixture, described: Any, rng: np.random.Generator
) -> xarray.Dataset:
    """Give the standard error of each free variable and deterministic under a distribution.

    Of one Gaussian by its covariance and the derivatives of the variables at its centre; of
    several side by side the standard deviation of draws.
    """
    if len(q.weights) == 1:
        factor = q.scales[0].apply(np.eye(q.size))  # row j is the j-th column of the factor

        def moved(direction: Any, center: Any, data: Any) -> Any:
            return jax.jvp(lambda z: density.constrain(z, data), (center,), (direction,))[1]

        program = lazily(jax.vmap(moved, in_axes=(0, None, None)), light())
        with float64():
            slopes = program(factor, q.centers[0], density.data)
        errors = {name: np.sqrt((np.asarray(s) ** 2).sum(axis=0)) for name, s in slopes.items()}
    else:
        values = density.constrain_draws(q.draw(DRAWS, rng)[0])
        errors = {name: value.std(axis=0) for name, value in values.items()}
    return build_dataset(
        "the standard errors",
        in_written_order(errors, described["order"]),
        dims=described["dims"],
        coords=described["coords"],
        attrs=standard_attributes(),
        sampled=False,
    )
