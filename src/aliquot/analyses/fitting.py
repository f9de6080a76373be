"""The posterior of an analysis, with a word about each number of components as its turn comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from aliquot.analyses.analysis import Analysis, Settings
from aliquot.analyses.stopping import Stopping
from aliquot.builders.posterior import Posterior, posterior_of
from aliquot.model import Model


def fitted(
    analysis: Analysis,
    settings: Settings,
    stop: Stopping,
    begins: Callable[[int], None],
    progress: bool,
) -> Posterior:
    """Fit the model with each number of components; `begins` hears of each.

    Raises
    ------
    FitError
        Where no number could be fitted.
    KeyboardInterrupt
        Where it is stopped before the first number has been fitted.
    """
    build = analysis.written.build

    def watched(data: Mapping[str, Any], components: int) -> Model:
        begins(components)
        return build(data, components)

    # The same text; its function is the one that is called for each number.
    written = replace(analysis.written)
    written.__dict__["build"] = watched
    with stop.noticed():
        return posterior_of(
            written,
            analysis.data,
            analysis.numbers,
            draws=settings.draws,
            seed=settings.seed,
            progressbar=progress,
        )
