"""Four fits of the same data: NUTS and ADVI, without an ordering of the means and with it.

Then the draws of the first once more, permuted and relabelled, and the ordered model once more by a
deterministic fit.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import aliquot as aq
from aliquot.demo.fast import Corrected, corrected
from aliquot.demo.labels import Version, versions
from aliquot.demo.quadrature import ExactPosterior, exact_posterior
from aliquot.demo.settings import Settings
from aliquot.demo.summary import Drawn, summarise
from aliquot.families import Normal, NormalMixture
from aliquot.files import write_tree
from aliquot.reporting.said import said_by_aliquot

# Draws behind the final ELBO: enough for an error of about a hundredth of a nat.
ELBO_DRAWS = 20_000


@dataclass(frozen=True)
class Fit(Drawn):
    """One of the four fits; the last three are of an ADVI fit."""

    method: str  # "NUTS" or "ADVI"
    ordered: bool  # whether the means are ordered in its model
    losses: np.ndarray | None = None  # one for each iteration, in nats
    elbo: float | None = None  # the final one, and its Monte Carlo standard error
    elbo_error: float | None = None

    @property
    def title(self) -> str:
        """What a reader calls it."""
        return f"{self.method}, {'ordered' if self.ordered else 'no ordering'}"

    @property
    def partial(self) -> bool:
        """Whether it was interrupted."""
        return bool(self.tree.attrs.get("partial", 0))


@dataclass(eq=False)
class Analysis:
    """The data, the exact posterior, the fits made so far and the first one's versions, by key.

    `fast` is the corrected fit of the ordered model, where there is one.
    """

    settings: Settings
    data: np.ndarray
    labels: np.ndarray
    exact: ExactPosterior
    fits: dict[str, Fit] = field(default_factory=dict)
    versions: dict[str, Version] = field(default_factory=dict)
    fast: Corrected | None = None


def build_model(data: np.ndarray, *, ordered: bool) -> aq.Model:
    """Build the model of two unit Gaussians with equal weights and unknown means.

    >>> build_model(np.array([-1.0, 1.0]), ordered=True).density().size
    2
    """
    order = aq.transforms.ordered if ordered else aq.transforms.identity
    with aq.Model() as model:
        means = Normal("means", 0, 10, shape=2, transform=order)
        NormalMixture("obs", w=[0.5, 0.5], mu=means, sigma=1, observed=data)
    return model


def run_analysis(
    settings: Settings,
    *,
    folder: Path | None = None,
    progressbar: bool = False,
    on_fit: Callable[[Fit], object] = lambda _: None,
    on_version: Callable[[Version], object] = lambda _: None,
) -> Analysis:
    """Simulate the data, run the four fits, put the labels of the first right, and fit quickly.

    Each fit's draws are stored in the `folder`, which must exist, as ``posterior_{key}.nc``, as
    soon as it ends, and each new version of the first one's as ``posterior_nuts_{key}.nc``.
    `on_fit` and `on_version` are called when one has been stored. A fit that is interrupted raises
    KeyboardInterrupt after what it had drawn has been stored.
    """

    def store(drawn: Drawn, name: str) -> None:
        if folder is not None:
            write_tree(folder / f"posterior_{name}.nc", drawn.tree)

    data, labels = settings.simulate()
    analysis = Analysis(settings, data, labels, exact_posterior(data))
    models = {ordered: build_model(data, ordered=ordered) for ordered in (False, True)}
    for fit in _fits(models, settings, progressbar):
        analysis.fits[fit.key] = fit
        store(fit, fit.key)
        on_fit(fit)
        if fit.partial:
            raise KeyboardInterrupt
    for version in versions(analysis.fits["nuts_unordered"].tree, models[False]):
        analysis.versions[version.key] = version
        if version.key != "as_drawn":
            store(version, f"nuts_{version.key}")
            on_version(version)
    analysis.fast = corrected(models[True], settings)
    if analysis.fast is not None:
        store(analysis.fast, analysis.fast.key)
    return analysis


def _fits(models: Mapping[bool, aq.Model], settings: Settings, progressbar: bool) -> Iterator[Fit]:
    for method, run in {"NUTS": _nuts, "ADVI": _advi}.items():
        for ordered, model in models.items():
            began = time.perf_counter()
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                tree, approximation = run(model, settings, progressbar)
            seconds = time.perf_counter() - began
            found: dict[str, Any] = {}
            if approximation is not None:
                elbo = approximation.elbo(ELBO_DRAWS, random_seed=settings.seed)
                found = {"losses": np.array(approximation.hist)}
                found |= {"elbo": float(elbo.value), "elbo_error": float(elbo.mcse)}
            key = f"{method.lower()}_{'ordered' if ordered else 'unordered'}"
            said = said_by_aliquot(caught)
            yield Fit(key, tree, summarise(tree), said, seconds, method, ordered, **found)


def _nuts(model: aq.Model, settings: Settings, progressbar: bool) -> tuple[Any, None]:
    tree = aq.sample(
        settings.draws,
        tune=settings.tune,
        chains=settings.chains,
        target_accept=settings.target_accept,
        random_seed=settings.seed,
        progressbar=progressbar,
        model=model,
    )
    return tree, None


def _advi(
    model: aq.Model, settings: Settings, progressbar: bool
) -> tuple[Any, aq.Approximation | None]:
    advi = aq.ADVI(model=model, random_seed=settings.seed)
    approximation = advi.fit(settings.iterations, progressbar=progressbar)
    return approximation.sample(settings.draws, random_seed=settings.seed), approximation
