"""The posterior of an analysis, where Ctrl-C keeps the numbers of components that are done."""

from __future__ import annotations

from aliquot.analyses.analysis import RunSettings, TableAnalysis
from aliquot.analyses.stopping import Stopping
from aliquot.builders.posterior import Posterior, posterior_of


def fitted(
    analysis: TableAnalysis, settings: RunSettings, stop: Stopping, progress: bool
) -> Posterior:
    """Fit the model with each number of components.

    Raises
    ------
    FitError
        Where no number could be fitted.
    KeyboardInterrupt
        Where it is stopped before the first number has been fitted.
    """
    with stop.noticed():
        return posterior_of(
            analysis.written,
            analysis.data,
            analysis.numbers,
            draws=settings.draws,
            seed=settings.seed,
            progressbar=progress,
        )
