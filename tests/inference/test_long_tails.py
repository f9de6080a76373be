"""Corrected draws of a posterior with a tail that no proposal fitted to few draws knows of."""

from __future__ import annotations

import numpy as np

import aliquot as aq
from aliquot.demo.quadrature import exact_posterior
from aliquot.errors import FitError
from tests.seeds import fixed

TIMES = 24


def test_what_is_far_out_is_in_the_draws(rng: np.random.Generator) -> None:
    """Two Gaussians so close that the gap of their means may be next to nothing: a long tail.

    Without it standard deviations are 1.4 and 2.1% too small; their error here is 0.2%.
    """
    known = fixed(0)
    z = known.integers(0, 2, 100)
    y = known.normal(np.array([-0.75, 0.75])[z], 1.0)
    exact = exact_posterior(y)
    with aq.Model() as model:
        means = aq.Normal("means", 0, 10, shape=2, transform=aq.transforms.ordered)
        aq.NormalMixture("y", [0.5, 0.5], means, 1, observed=y)
    stds, evidences = [], []
    for seed in rng.integers(2**31, size=TIMES).tolist():
        approx = aq.fit(
            method="laplace", model=model, random_seed=seed, check=False, progressbar=False
        )
        try:
            trace = approx.sample(10_000, corrected=True, random_seed=seed)
        except FitError:  # one in ten or so
            continue
        stds.append(trace.posterior["means"].values[0].std(axis=0))
        evidences.append(float(trace.attrs["log_evidence"]))
    assert len(stds) >= TIMES // 2
    off = np.mean(stds, axis=0) / exact.ordered.sd - 1
    assert np.abs(off).max() < 0.0125, off
    assert abs(np.mean(evidences) - exact.log_evidence) < 0.005
