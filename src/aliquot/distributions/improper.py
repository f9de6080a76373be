"""Flat priors: constant densities that no probability distribution has."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import Constraint, nonnegative, real


class Flat(Distribution):
    """A log density of zero everywhere; improper, so it has no draws.

    Parameters
    ----------
    shape : int or tuple of int, optional

    Examples
    --------
    >>> import aliquot as aq
    >>> float(aq.Flat.dist().log_prob(1e6))
    0.0
    """

    support: Constraint = real
    no_tails = "it is improper. Between two bounds use aq.Uniform"

    def __init__(self, *, shape: Any = None) -> None:
        super().__init__({}, shape)

    @property
    def without_draws(self) -> str:
        """Why nothing can be drawn from it."""
        return f"{self.family} is improper, so it has no draws. Give it a proper prior"

    def improper(self, missing: np.ndarray) -> bool:
        """Say whether some missing entries have an infinite integral: all of them."""
        return bool(missing.any())

    def _log_prob(self, x: Any) -> Any:
        return jnp.zeros_like(x)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        raise NotImplementedError(
            f"{self.family} is improper and has no draws: for prior draws use a proper "
            "distribution, such as Normal or HalfNormal with a large sigma"
        )


class HalfFlat(Flat):
    """A log density of zero from zero upwards; improper, so it has no draws.

    Parameters
    ----------
    shape : int or tuple of int, optional

    Examples
    --------
    >>> import aliquot as aq
    >>> float(aq.HalfFlat.dist().log_prob(-1.0))
    -inf
    """

    support = nonnegative
