"""Numbers of the table, for draws whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from aliquot.demo.summary import summarise
from aliquot.results import build_tree


def switching_draws():
    draws = np.random.default_rng(0).normal([-2.0, 2.0], 0.1, (2, 200, 2))
    draws[0, 50:100] = draws[0, 50:100, ::-1]
    draws[1, 150:] = draws[1, 150:, ::-1]
    return draws


def test_chains():
    draws = switching_draws()
    stats = {"diverging": np.arange(400).reshape(2, 200) < 3}
    summary = summarise(build_tree(posterior={"means": draws}, sample_stats=stats))
    assert summary.switches == (2, 1)
    assert summary.upper_share == (0.25, 0.25)
    assert summary.divergences == 3
    assert summary.correlation == pytest.approx(np.corrcoef(draws.reshape(-1, 2).T)[0, 1])
    np.testing.assert_allclose(summary.mean, draws.mean(axis=(0, 1)))
    assert summary.ess < 50


def test_independent_draws_have_no_diagnostics():
    summary = summarise(build_tree(posterior={"means": switching_draws()[:1]}))
    assert (summary.rhat, summary.ess, summary.divergences) == (None, None, None)


def test_one_chain_has_no_rhat():
    stats = {"diverging": np.zeros((1, 200), bool)}
    summary = summarise(build_tree(posterior={"means": switching_draws()[:1]}, sample_stats=stats))
    assert summary.rhat is None
    assert summary.ess > 0
