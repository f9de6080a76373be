"""A fitted approximation, with the model that it stands for."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.arguments import as_seed
from aliquot.errors import ModelError
from aliquot.inference.corrected import corrected as corrected_draws
from aliquot.inference.folding import Folding
from aliquot.inference.permute import permuted, read_label_switching
from aliquot.inference.standard_errors import standard_errors
from aliquot.model import Model
from aliquot.results import build_tree
from aliquot.symmetry import ATTRIBUTE, Symmetries
from aliquot.variational import VariationalApproximation
from aliquot.variational.approximation import check_count
from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.noise import Stream, generator

if TYPE_CHECKING:
    import xarray

    from aliquot.variational import Estimate

# As the fit was told.
DEFAULT = object()


@dataclass(eq=False, repr=False)
class Approximation(VariationalApproximation):
    """A Gaussian on the unconstrained scale in the place of a model's posterior.

    Attributes
    ----------
    model : Model
    method : str
        "ADVI", "FullRankADVI", "Laplace", "DADVI", "full rank" or "Pathfinder".
    mean, std : numpy.ndarray, shape (d,)
        Mean and standard deviation of each unconstrained coordinate, which `labels` names.
    covariance : numpy.ndarray, shape (d, d)
    hist : numpy.ndarray, shape (iterations,)
        The loss of each iteration of the fit, an estimate of the negative ELBO in nats; of
        "Laplace" minus the log density at each mode.
    partial : bool
        Whether the fit was interrupted.
    stopped : str or None
        Why the fit ended early.
    quality : FitQuality or None
        What the check at the end of the fit found: Pareto k, the ELBO, the evidence, and what the
        method knows of its own error.
    mean_field : GaussianMixture or None
        Of "DADVI", whose q has the covariance by linear response: the mean-field member that
        maximises the ELBO, which is the one that `elbo` is of.
    q : GaussianMixture
        The approximation as a distribution: `centers`, `weights`, `draw`, `log_density`.
    density, family, seed
        What was fitted, the name of the family that q is from, and the seed of the fit.
    symmetries : Symmetries
        Which components of the model can trade places.
    permuting : bool
        Whether draws are spread over all mirror modes, unless `sample` is told otherwise.

    Examples
    --------
    >>> import aliquot as aq
    >>> with aq.Model():
    ...     scale = aq.LogNormal("scale", 0, 1, shape=2)
    ...     approx = aq.fit(3_000, random_seed=1, progressbar=False)
    >>> approx.labels
    ['scale_log__[0]', 'scale_log__[1]']
    >>> bool((abs(approx.std - 1) < 0.3).all())
    True
    >>> approx.sample(500, random_seed=1).posterior["scale"].shape
    (1, 500, 2)
    """

    model: Model = field(kw_only=True)
    method: str = field(kw_only=True)
    symmetries: Symmetries = field(kw_only=True)
    permuting: bool = field(kw_only=True)
    # The cell of one mirror mode, around the first centre of q; made when it is first asked for.
    folding: Folding | None = field(kw_only=True, default=None)
    # What draws say of the model, whose data may have been replaced since the fit began.
    _described: Mapping[str, Any] = field(kw_only=True)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is compiled: it is made again from the model."""
        if self.density is not self.model.density():
            raise ModelError(
                "this approximation cannot be pickled or copied: the model was changed or its data "
                "replaced since it was fitted. Fit again, or set the data as they were"
            )
        return vars(self) | {"density": None, "folding": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.density = self.model.density()

    def elbo(self, n: int = 2000, *, random_seed: Any = None) -> Estimate:
        """Estimate the evidence lower bound in nats, with its Monte Carlo standard error.

        Parameters
        ----------
        n : int
            Draws; the error falls as 1 / sqrt(n).
        random_seed : int, sequence of int, numpy.random.Generator, optional

        Returns
        -------
        Estimate
            ``.value`` and ``.mcse``.
        """
        seed = None if random_seed is None else as_seed(random_seed)
        return super().elbo(n, random_seed=seed)

    def standard_errors(self) -> xarray.Dataset:
        """Give the standard error of each variable on its own scale, deterministics included.

        By the delta method: the covariance of the unconstrained coordinates, and the derivatives of
        the variables at the centre. Where several modes have mass it is the standard deviation of
        draws.

        Returns
        -------
        xarray.Dataset
            By variable, with its dims.

        Examples
        --------
        >>> import aliquot as aq
        >>> with aq.Model():
        ...     rate = aq.Gamma("rate", alpha=50, beta=1)
        ...     approx = aq.fit(method="laplace", random_seed=1, progressbar=False)
        >>> round(float(approx.standard_errors()["rate"]), 2)
        7.07
        """
        return standard_errors(
            self.density, self.q, self._described, generator(self.seed, Stream.WEIGHTS)
        )

    @property
    def one_mode(self) -> Folding:
        """The cell of the mirror mode that q is in."""
        if self.folding is None:
            self.folding = Folding.around(self.density, self.symmetries, self.q, self.seed)
        return self.folding

    def _in_one_mode(self, points: np.ndarray) -> tuple[np.ndarray, int]:
        return self.one_mode.inside(points), self.one_mode.images

    def sample(
        self,
        draws: int = 1000,
        *,
        corrected: bool = False,
        covariance: str | None = None,
        random_seed: Any = None,
        label_switching: Any = DEFAULT,
    ) -> xarray.DataTree:
        """Draw from the approximation, or by its help from the posterior.

        Parameters
        ----------
        draws : int
            Independent draws.
        corrected : bool
            Pareto-smoothed importance resampling [1]_: of more draws, two to six times as many,
            from the approximation with the tails of a t with 10 degrees of freedom, or from what
            first draws of it have taught, those are kept that the posterior is in favour of. Where
            Pareto k is at most 0.7 the result is as good as draws of the posterior, of one of its
            mirror modes if it has several.
        covariance : str, optional
            Of a fit by "dadvi": "linear_response", the default, or "mean_field", the approximation
            that maximises the ELBO, whose standard deviations are too small where coordinates are
            correlated.
        random_seed : int, sequence of int, numpy.random.Generator, optional
        label_switching : str, optional
            "permute": the components that can trade places do so at random in every draw. The
            draws are then of a mixture of all mirror images of the approximation, which usually
            covers one mode only. By default as the fit was told; None leaves draws as they are.

        Returns
        -------
        xarray.DataTree
            As from `aq.sample`, with one chain. Corrected draws have the attributes ``corrected``,
            ``pareto_k``, ``importance_ess``, the effective number of draws that they were chosen
            from, and ``log_evidence`` with ``log_evidence_error``, in nats, by the same weights.

        Raises
        ------
        ModelError
            For a covariance that this fit does not have.
        FitError
            Where Pareto k says that draws cannot be corrected.

        Notes
        -----
        The attribute ``elbo`` is that of the approximation itself. A mixture of mirror images that
        do not overlap has an ELBO that is larger by the log of their number, `symmetries.modes`.

        References
        ----------
        .. [1] Vehtari, Simpson, Gelman, Yao and Gabry (2024), Pareto smoothed importance sampling,
           JMLR 25.
        """
        permuting = self.permuting
        if label_switching is not DEFAULT:
            permuting = read_label_switching(label_switching)
        seed = as_seed(random_seed)
        attrs: dict[str, Any] = {
            "sampler": self.method,
            "random_seed": seed,
            "iterations": len(self.hist),
            "partial": self.partial,
            ATTRIBUTE: self.symmetries.to_json(),
        }
        if self.quality is not None:
            attrs |= {
                "pareto_k": self.quality.pareto_k,
                "elbo": self.quality.elbo.value,
                "elbo_mcse": self.quality.elbo.mcse,
            }
        q = self._with_covariance(covariance)
        check_count("draws", draws)
        if corrected:
            points, found = corrected_draws(self, q, draws, seed)
            attrs |= {
                "corrected": True,
                "pareto_k": found.pareto_k,
                "importance_ess": found.effective,
                "log_evidence": found.evidence.value,
                "log_evidence_error": found.evidence.mcse,
            }
        else:
            points, _ = q.draw(draws, np.random.default_rng(seed))
        values = self.density.constrain_draws(points)
        posterior = {name: value[None] for name, value in values.items()}
        if permuting and self.symmetries:
            moved = permuted(self.density, self.symmetries, posterior, seed)
            if moved is not None:
                posterior = moved
                attrs["label_switching"] = "permute"
        return build_tree(posterior=posterior, **copy.deepcopy(self._described), attrs=attrs)

    def _with_covariance(self, covariance: str | None) -> GaussianMixture:
        if covariance is None:
            return self.q
        if self.mean_field is None:
            raise ModelError(
                f"covariance={covariance!r}: only a fit by method='dadvi' has several; this one is "
                f"by {self.method}. Leave it out"
            )
        choices = {"linear_response": self.q, "mean_field": self.mean_field}
        if covariance not in choices:
            raise ModelError(
                f"covariance must be {' or '.join(map(repr, choices))}; got {covariance!r}"
            )
        return choices[covariance]

    def __repr__(self) -> str:
        quality = ""
        if self.quality is not None:
            quality = f", ELBO {self.quality.elbo!r} nats, Pareto k {self.quality.pareto_k:.2f}"
            if self.quality.modes is not None and self.quality.modes > 1:
                quality += f", {self.quality.modes} modes found, {len(self.q.weights)} with mass"
        return f"<{self.method} approximation of {len(self.mean)} coordinates{quality}>"
