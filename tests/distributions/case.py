"""What one row of the table of distributions says; the tests in this folder run over all rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aliquot.distributions.base import Distribution


@dataclass(frozen=True)
class Case:
    """One distribution with its parameters, and what is known about it from elsewhere.

    Attributes
    ----------
    id : str
        Name of the test.
    make : callable
        The family, or any function that makes the distribution of `arguments`.
    arguments : mapping
        Keyword arguments of `make`, all of them numbers or arrays.
    log_prob : callable or None
        Reference log density: points (n, *shape) -> (n, *batch_shape), from SciPy or by hand.
    points : sequence
        Inside the support, away from places where the density has no derivative: (n, *shape).
    edges : sequence
        Inside the support and on its boundary (the gradient in value is not compared there).
    outside : sequence
        Off the support: (m, *shape).
    bad : sequence of (mapping, str)
        Arguments to put over the good ones, and what the error must say: parameter and value.
    mean, variance : array or None
        From SciPy or by hand; ``None`` where there is none to check.
    cdf : callable or None
        Reference distribution function for Kolmogorov-Smirnov (continuous, univariate).
    pmf : callable or None
        Reference probabilities of `atoms` for chi-squared (discrete). Draws outside `atoms` are
        pooled in one more bin.
    atoms : sequence
        Values counted, (k, *event_shape); the last bin takes what they leave.
    uniforms : callable or None
        For multivariate families: draws (n, *shape) -> (n, k), each column uniform on (0, 1) under
        the distribution (each a projection or marginal through its distribution function).
    rtol : float
        Of `log_prob` against the reference, relative to max(1, its size).
    differentiable : bool
        Whether gradients in value are compared (never for discrete families).
    samples : bool
        Whether the family has draws.
    """

    id: str
    make: Callable[..., Distribution]
    arguments: Mapping[str, Any]
    log_prob: Callable[[np.ndarray], Any] | None
    points: Sequence[Any] | np.ndarray
    edges: Sequence[Any] | np.ndarray = ()
    outside: Sequence[Any] | np.ndarray = ()
    bad: Sequence[tuple[Mapping[str, Any], str]] = ()
    mean: Any = None
    variance: Any = None
    cdf: Callable[[np.ndarray], Any] | None = None
    pmf: Callable[[np.ndarray], Any] | None = None
    atoms: Sequence[Any] | np.ndarray = field(default=())
    uniforms: Callable[[np.ndarray], Any] | None = None
    rtol: float = 1e-12
    differentiable: bool = True
    samples: bool = True

    def build(self, **changes: Any) -> Distribution:
        """Make the distribution, with some arguments changed."""
        return self.make(**{**self.arguments, **changes})

    def __str__(self) -> str:
        return self.id
