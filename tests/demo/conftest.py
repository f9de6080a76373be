"""One small run of the analysis that the tests of the report share."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from aliquot.demo import Settings, run_analysis
from tests.seeds import fixed

SMALL = Settings(n=60, draws=300, tune=300, iterations=800)


@pytest.fixture(scope="package")
def folder(tmp_path_factory):
    """Where the small run left its files."""
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="package")
def seen():
    """The fits that the small run told of, with the files that were there by then."""
    return []


@pytest.fixture(scope="package", autouse=True)
def usual_data():
    """The data of the analysis whatever ``--seed`` says: what it shows is true of these."""
    simulate = Settings.simulate

    def usual(settings):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(np.random, "default_rng", fixed)
            return simulate(settings)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Settings, "simulate", usual)
        yield


@pytest.fixture(scope="package")
def analysis(folder, seen, usual_data):
    """The small run itself."""

    def note(fit):
        seen.append((fit.key, sorted(path.name for path in folder.iterdir())))

    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # Aliquot's own must not come out
        return run_analysis(SMALL, folder=folder, on_fit=note)
