"""A fitted approximation, with the model that it stands for."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aliquot.arguments import as_seed
from aliquot.inference.permute import permuted, read_label_switching
from aliquot.model import Model
from aliquot.results import build_tree
from aliquot.symmetry import ATTRIBUTE, Symmetries
from aliquot.variational import VariationalApproximation

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
        "ADVI" or "FullRankADVI".
    mean, std : numpy.ndarray, shape (d,)
        Mean and standard deviation of each unconstrained coordinate, which `labels` names.
    covariance : numpy.ndarray, shape (d, d)
    hist : numpy.ndarray, shape (iterations,)
        The loss of each iteration of the fit, an estimate of the negative ELBO in nats.
    partial : bool
        Whether the fit was interrupted.
    stopped : str or None
        Why the fit ended early.
    quality : FitQuality or None
        What the check at the end of the fit found: Pareto k and the ELBO.
    density, family, params, seed
        What was fitted, the family of Gaussians, the parameters of this one as a flat vector, and
        the seed of the fit.
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
    # What draws say of the model, whose data may have been replaced since the fit began.
    _described: Mapping[str, Any] = field(kw_only=True)

    def __getstate__(self) -> dict[str, Any]:
        """Put the model first: it says why it cannot be pickled, and what can be."""
        return {"model": self.model, **vars(self)}

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

    def sample(
        self, draws: int = 1000, *, random_seed: Any = None, label_switching: Any = DEFAULT
    ) -> xarray.DataTree:
        """Draw from the approximation.

        Parameters
        ----------
        draws : int
            Independent draws.
        random_seed : int, sequence of int, numpy.random.Generator, optional
        label_switching : str, optional
            "permute": the components that can trade places do so at random in every draw. The
            draws are then of a mixture of all mirror images of the approximation, which usually
            covers one mode only. By default as the fit was told; None leaves draws as they are.

        Returns
        -------
        xarray.DataTree
            As from `aq.sample`, with one chain.

        Notes
        -----
        The attribute ``elbo`` is that of the approximation itself. A mixture of mirror images that
        do not overlap has an ELBO that is larger by the log of their number, `symmetries.modes`.
        """
        permuting = self.permuting
        if label_switching is not DEFAULT:
            permuting = read_label_switching(label_switching)
        seed = as_seed(random_seed)
        drawn = self._draw(draws, seed)
        posterior = {name: value[None] for name, value in drawn.constrained.items()}
        attrs: dict[str, Any] = {
            "sampler": self.method,
            "random_seed": seed,
            "iterations": len(self.hist),
            "partial": self.partial,
            ATTRIBUTE: self.symmetries.to_json(),
        }
        if permuting and self.symmetries:
            moved = permuted(self.density, self.symmetries, posterior, seed)
            if moved is not None:
                posterior = moved
                attrs["label_switching"] = "permute"
        if self.quality is not None:
            attrs |= {
                "pareto_k": self.quality.pareto_k,
                "elbo": self.quality.elbo.value,
                "elbo_mcse": self.quality.elbo.mcse,
            }
        return build_tree(posterior=posterior, **copy.deepcopy(self._described), attrs=attrs)

    def __repr__(self) -> str:
        quality = ""
        if self.quality is not None:
            quality = f", ELBO {self.quality.elbo!r} nats, Pareto k {self.quality.pareto_k:.2f}"
        return f"<{self.method} approximation of {len(self.mean)} coordinates{quality}>"
