from __future__ import annotations

import numpy as np

from aliquot.mcmc import step_size
from aliquot.precision import float64


def test_dual_averaging_equals_the_recursion_of_the_paper():
    rng = np.random.default_rng(0)
    target, mu, error, average = 0.8, np.log(10 * 0.3), 0.0, 0.0
    with float64():
        state = step_size.initial(0.3, searched=True)
        for m in range(1, 60):
            acceptance = rng.uniform()
            state = step_size.average(state, acceptance, target)
            error = (1 - 1 / (m + 10)) * error + (target - acceptance) / (m + 10)
            log_step = mu - np.sqrt(m) / 0.05 * error
            average = m**-0.75 * log_step + (1 - m**-0.75) * average
            np.testing.assert_allclose(state.log_step, log_step, rtol=1e-12)
            np.testing.assert_allclose(state.log_average, average, rtol=1e-12)


def test_search_stops_where_the_acceptance_crosses():
    for first, expected in ((0.01, 1.28), (100.0, 0.78125)):
        with float64():
            state = step_size.initial(first, searched=False)
            for _ in range(20):
                acceptance = 1.0 if np.exp(state.log_step) < 1.0 else 0.0
                state = step_size.search(state, acceptance)
            assert state.search == 2.0
            np.testing.assert_allclose(np.exp(state.log_step), expected)


def test_restart_aims_at_ten_times_the_step():
    with float64():
        state = step_size.restart(step_size.initial(0.3, searched=True)._replace(updates=9.0))
        assert state.updates == 0
        np.testing.assert_allclose(np.exp(state.center), 3.0)
