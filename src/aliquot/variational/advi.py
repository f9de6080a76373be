"""Automatic differentiation variational inference, mean-field and full-rank."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from aliquot.variational.fit import VariationalFit
from aliquot.variational.full_rank import FullRank
from aliquot.variational.mean_field import MeanField
from aliquot.variational.noise import Seed
from aliquot.variational.target import Density

if TYPE_CHECKING:
    import optax


class ADVI(VariationalFit):
    """Fit a Gaussian with independent coordinates to a posterior on its unconstrained scale.

    Means are usually good; standard deviations are too small where coordinates are correlated.
    The parameters are those of `VariationalFit`, without ``family``.

    References
    ----------
    Kucukelbir, Tran, Ranganath, Gelman and Blei (2017), Automatic differentiation variational
    inference, Journal of Machine Learning Research 18.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> Density = type("Density", (SimpleNamespace,), {})
    >>> density = Density(
    ...     size=1,
    ...     data={},
    ...     start=np.zeros(1),
    ...     labels=["x"],
    ...     log_density=lambda flat, data: -0.5 * ((flat[0] - 3) / 2) ** 2,
    ...     constrain_draws=lambda flat: {"x": flat[..., 0]},
    ... )
    >>> advi = ADVI(density, random_seed=1)
    >>> approx = advi.fit(5000)
    >>> advi.hist.shape
    (5000,)
    >>> bool(abs(approx.mean[0] - 3) < 0.4), bool(abs(approx.std[0] - 2) < 0.4)
    (True, True)
    >>> approx.sample(100).constrained["x"].shape
    (100,)
    """

    _family: ClassVar[type[MeanField] | type[FullRank]] = MeanField

    def __init__(
        self,
        density: Density,
        *,
        random_seed: Seed = None,
        optimizer: optax.GradientTransformation | None = None,
        n_samples: int = 1,
        start: np.ndarray | None = None,
        scale: float = 0.1,
    ) -> None:
        super().__init__(
            density,
            self._family(density.size),
            random_seed=random_seed,
            optimizer=optimizer,
            n_samples=n_samples,
            start=start,
            scale=scale,
        )


class FullRankADVI(ADVI):
    """Fit a Gaussian with any covariance to a posterior on its unconstrained scale.

    It has d**2 more parameters than `ADVI` and follows correlations. The parameters are those of
    `VariationalFit`, without ``family``.

    References
    ----------
    Kucukelbir, Tran, Ranganath, Gelman and Blei (2017), Automatic differentiation variational
    inference, Journal of Machine Learning Research 18.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> Density = type("Density", (SimpleNamespace,), {})
    >>> density = Density(
    ...     size=1,
    ...     data={},
    ...     start=np.zeros(1),
    ...     labels=["x"],
    ...     log_density=lambda flat, data: -0.5 * ((flat[0] - 3) / 2) ** 2,
    ...     constrain_draws=lambda flat: {"x": flat[..., 0]},
    ... )
    >>> advi = FullRankADVI(density, random_seed=1)
    >>> approx = advi.fit(5000)
    >>> advi.hist.shape
    (5000,)
    >>> bool(abs(approx.mean[0] - 3) < 0.4), bool(abs(approx.std[0] - 2) < 0.4)
    (True, True)
    >>> approx.sample(100).constrained["x"].shape
    (100,)
    """

    _family = FullRank
