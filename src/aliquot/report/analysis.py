"""Four fits of the same data: NUTS and ADVI, without an ordering of the means and with it.

Then the draws of the first once more, permuted and relabelled.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import aliquot as aq
from aliquot.families import Normal, NormalMixture
from aliquot.report.labels import Version, versions
from aliquot.report.quadrature import ExactPosterior, exact_posterior
from aliquot.report.said import said_by_aliquot
from aliquot.report.settings import Settings
from aliquot.report.summary import Summary, summarise

if TYPE_CHECKING:
    import xarray

# Draws behind the final ELBO: enough for an error of about a hundredth of a nat.
ELBO_DRAWS = 20_000


@dataclass(frozen=True)
class Fit:
    """One of the four fits.

    Attributes
    ----------
    key
        The name of its files, such as ``nuts_ordered``.
    method
        "NUTS" or "ADVI".
    ordered
        Whether the means are ordered in its model.
    tree
        The draws of ``means``.
    summary
        The numbers for the table.
    warnings
        What Aliquot said, as it said it.
    seconds
        From the call to the answer, compilation included.
    losses
        Of an ADVI fit, one for each iteration, in nats.
    elbo, elbo_error
        Of an ADVI fit, the final ELBO with its Monte Carlo standard error.
    """

    key: str
    method: str
    ordered: bool
    tree: xarray.DataTree
    summary: Summary
    warnings: tuple[str, ...]
    seconds: float
    losses: np.ndarray | None = None
    elbo: float | None = None
    elbo_error: float | None = None

    @property
    def title(self) -> str:
        """What a reader calls it."""
        return f"{self.method}, {'ordered' if self.ordered else 'no ordering'}"

    @property
    def draws(self) -> np.ndarray:
        """The draws of the two means, ``(chain, draw, 2)``."""
        return np.asarray(self.tree["posterior"]["means"].values)

    @property
    def partial(self) -> bool:
        """Whether it was interrupted."""
        return bool(self.tree.attrs.get("partial", 0))


@dataclass(frozen=True, eq=False)
class Analysis:
    """The data, the exact posterior, the fits made so far and the first one's versions, by key."""

    settings: Settings
    data: np.ndarray
    labels: np.ndarray
    exact: ExactPosterior
    fits: dict[str, Fit] = field(default_factory=dict)
    versions: dict[str, Version] = field(default_factory=dict)


def build_model(data: np.ndarray, *, ordered: bool) -> aq.Model:
    """Build the model of two unit Gaussians with equal weights and unknown means.

    Examples
    --------
    >>> import numpy as np
    >>> build_model(np.array([-1.0, 1.0]), ordered=True).density().size
    2
    """
    with aq.Model() as model:
        if ordered:
            means = Normal("means", 0, 10, shape=2, transform=aq.transforms.ordered)
        else:
            means = Normal("means", 0, 10, shape=2)
        NormalMixture("obs", w=[0.5, 0.5], mu=means, sigma=1, observed=data)
    return model


def run_analysis(
    settings: Settings,
    *,
    folder: Path | None = None,
    progressbar: bool = False,
    on_fit: Callable[[Fit], object] | None = None,
    on_version: Callable[[Version], object] | None = None,
) -> Analysis:
    """Simulate the data, run the four fits, and put the labels of the first right.

    Parameters
    ----------
    settings
        What to run.
    folder
        Where each fit's draws are stored as ``posterior_{key}.nc``, as soon as it ends, and each
        new version of the first one's as ``posterior_nuts_{key}.nc``. It must exist.
    progressbar
        Whether each fit shows its own.
    on_fit
        Called with each fit when it has been stored.
    on_version
        Called with each new version of the first one's draws when it has been stored.

    Raises
    ------
    KeyboardInterrupt
        After a fit that was interrupted; what it had drawn has been stored.
    """
    data, labels = settings.simulate()
    analysis = Analysis(settings, data, labels, exact_posterior(data))
    models = {ordered: build_model(data, ordered=ordered) for ordered in (False, True)}
    for fit in _fits(models, settings, progressbar):
        analysis.fits[fit.key] = fit
        if folder is not None:
            fit.tree.to_netcdf(folder / f"posterior_{fit.key}.nc", engine="h5netcdf")
        if on_fit is not None:
            on_fit(fit)
        if fit.partial:
            raise KeyboardInterrupt
    for version in versions(analysis.fits["nuts_unordered"].tree, models[False]):
        analysis.versions[version.key] = version
        if version.key == "as_drawn":
            continue
        if folder is not None:
            path = folder / f"posterior_nuts_{version.key}.nc"
            version.tree.to_netcdf(path, engine="h5netcdf")
        if on_version is not None:
            on_version(version)
    return analysis


def _fits(models: Mapping[bool, aq.Model], settings: Settings, progressbar: bool) -> Iterator[Fit]:
    for ordered, model in models.items():
        yield _nuts(model, ordered, settings, progressbar)
    for ordered, model in models.items():
        yield _advi(model, ordered, settings, progressbar)


def _key(method: str, ordered: bool) -> str:
    return f"{method.lower()}_{'ordered' if ordered else 'unordered'}"


def _nuts(model: aq.Model, ordered: bool, settings: Settings, progressbar: bool) -> Fit:
    began = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        tree = aq.sample(
            settings.draws,
            tune=settings.tune,
            chains=settings.chains,
            target_accept=settings.target_accept,
            random_seed=settings.seed,
            progressbar=progressbar,
            model=model,
        )
    seconds = time.perf_counter() - began
    said = said_by_aliquot(caught)
    return Fit(_key("nuts", ordered), "NUTS", ordered, tree, summarise(tree), said, seconds)


def _advi(model: aq.Model, ordered: bool, settings: Settings, progressbar: bool) -> Fit:
    began = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        advi = aq.ADVI(model=model, random_seed=settings.seed)
        approx = advi.fit(settings.iterations, progressbar=progressbar)
        tree = approx.sample(settings.draws, random_seed=settings.seed)
    seconds = time.perf_counter() - began
    estimate = approx.elbo(ELBO_DRAWS, random_seed=settings.seed)
    return Fit(
        _key("advi", ordered),
        "ADVI",
        ordered,
        tree,
        summarise(tree),
        said_by_aliquot(caught),
        seconds,
        np.array(advi.hist),
        float(estimate.value),
        float(estimate.mcse),
    )
