"""The loss and its gradient, for given noise, against plain NumPy and finite differences."""

import numpy as np
import pytest

from aliquot.precision import float64
from aliquot.variational.stochastic.family import FullRank, MeanField, entropy, noise_log_density
from aliquot.variational.stochastic.program import loss_and_gradient
from tests.programs import quick
from tests.variational.members import draws
from tests.variational.targets import mixture


@pytest.mark.parametrize("n_samples", [1, 3])
@pytest.mark.parametrize("family", [MeanField(2), FullRank(2)], ids=lambda family: family.name)
def test_loss_and_gradient(family, n_samples):
    target = mixture()
    log_density = quick(target.log_density)
    rng = np.random.default_rng(0)
    params = family.init(target.start, 0.3)
    params = params + 0.1 * rng.normal(size=params.size)
    noise = rng.normal(size=(n_samples, 2))

    def log_p(params):
        points = draws(family, params, noise)
        return np.mean([float(log_density(point, target.data)) for point in points])

    with float64():
        loss, gradient = loss_and_gradient(target.log_density, family)(params, noise, target.data)
        log_q = (noise_log_density(noise) - family.log_det(params)).mean()
        np.testing.assert_allclose(loss, log_q - log_p(params), rtol=1e-12)
        step = 1e-5
        for index, slope in enumerate(np.asarray(gradient)):
            ends = []
            for sign in (1, -1):
                moved = params.copy()
                moved[index] += sign * step
                ends.append(-log_p(moved) - entropy(family, moved))
            # Central differences: an error of step**2 and rounding of 1e-16 * 200 / step.
            np.testing.assert_allclose(slope, (ends[0] - ends[1]) / (2 * step), atol=1e-6)
