from __future__ import annotations

import numpy as np
import pytest

from aliquot.mcmc.settings import NUTSSettings


@pytest.mark.parametrize(
    "name, value",
    [
        ("draws", 0),
        ("draws", 2.5),
        ("draws", True),
        ("tune", -1),
        ("target_accept", 0.0),
        ("target_accept", 1),
        ("target_accept", float("nan")),
        ("target_accept", "high"),
        ("max_treedepth", 0),
        ("max_treedepth", 21),
        ("metric", "dense"),
        ("step_size", 0.0),
        ("step_size", float("inf")),
    ],
)
def test_what_is_refused_is_named(name, value):
    with pytest.raises(ValueError, match=rf"^{name} must .*got"):
        NUTSSettings(**{name: value})


def test_numpy_numbers_are_taken():
    settings = NUTSSettings(draws=np.int64(7), tune=np.int32(0), target_accept=np.float64(0.9))
    assert (settings.draws, settings.tune) == (7, 0)
    assert type(settings.draws) is int
