from __future__ import annotations

import numpy as np
import pytest

from aliquot.mcmc import step_size
from aliquot.precision import float64


@pytest.mark.parametrize("target, gamma", [(0.8, 0.3), (0.95, 0.15), (0.35, np.sqrt(0.2925))])
def test_dual_averaging_equals_the_recursion_of_the_paper(target, gamma):
    rng = np.random.default_rng(0)
    mu, error, average = np.log(0.3), 0.0, 0.0
    with float64():
        state = step_size.initial(0.3, searched=True)
        for m in range(1, 60):
            acceptance = rng.uniform()
            state = step_size.average(state, acceptance, target)
            error = (1 - 1 / (m + 10)) * error + (target - acceptance) / (m + 10)
            log_step = mu - np.sqrt(m) / gamma * error
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


def test_restart_begins_from_the_present_step():
    with float64():
        before = step_size.initial(0.3, searched=True)
        before = before._replace(updates=9.0, error=0.1, log_step=np.log(0.5))
        state = step_size.restart(before)
        assert (state.updates, state.error) == (0, 0)
        np.testing.assert_allclose(np.exp([state.center, state.log_average]), 0.5)
        again = step_size.average(state, 0.8, 0.8)
        np.testing.assert_allclose(np.exp(again.log_step), 0.5)
