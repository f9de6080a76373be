"""Sampling where much of the mass is nearer to a bound than numbers can say."""

from __future__ import annotations

from scipy import stats

import aliquot as aq
from tests.inference.near_bounds import deviations, model

FAILURE = 1e-5


def test_mass_near_a_bound_is_not_cut_off():
    trace = aq.sample(1500, tune=1000, chains=4, model=model(), random_seed=11, progressbar=False)
    found = deviations({name: array.values for name, array in trace.posterior.data_vars.items()})
    most = stats.norm.isf(FAILURE / (2 * len(found)))
    assert max(abs(z) for z in found.values()) < most, found
