"""Compiling once: what is kept, for whom, and for how long."""

import gc
import weakref

import numpy as np
import pytest

from aliquot.compilation.kept import _stores
from aliquot.variational import FullRank, MeanField, VariationalFit
from tests.variational.targets import mixture


@pytest.mark.filterwarnings("ignore::aliquot.errors.ConvergenceWarning")
def test_a_second_fit_of_the_same_density_does_not_compile():
    target = mixture()
    VariationalFit(target, MeanField, seed=0).run(20)
    traces = target.traces
    assert traces > 0
    again = VariationalFit(target, MeanField, seed=1)
    again.run(2345)
    again.run(10)
    assert target.traces == traces


def test_another_family_and_other_samples_are_other_programs():
    target = mixture()
    VariationalFit(target, MeanField, seed=0).run(10, check=False)
    traces = target.traces
    VariationalFit(target, FullRank, seed=0).run(10, check=False)
    assert target.traces > traces
    traces = target.traces
    VariationalFit(target, MeanField, seed=0, n_samples=3).run(10, check=False)
    assert target.traces > traces


def test_new_data_are_used_and_a_new_length_compiles_anew():
    target = mixture()
    VariationalFit(target, MeanField, seed=0).run(10, check=False)
    traces = target.traces
    target.data = target.data + 1
    moved = VariationalFit(target, MeanField, seed=0).run(4000, check=False)
    assert target.traces == traces
    # The data moved by 1, and so does the lower mean, whose posterior sd is 0.19.
    assert abs(moved.mean[0] - 0.11) < 0.15
    target.data = target.data[:50]
    VariationalFit(target, MeanField, seed=0).run(10, check=False)
    assert target.traces > traces


@pytest.mark.filterwarnings("ignore::aliquot.errors.ConvergenceWarning")
def test_what_is_kept_goes_with_the_density():
    target = mixture()
    identity, alive = id(target), weakref.ref(target)
    VariationalFit(target, MeanField, seed=0).run(10)
    assert identity in _stores
    del target
    gc.collect()
    assert alive() is None
    assert identity not in _stores


def test_the_users_precision_is_left_alone():
    import jax.numpy as jnp

    approx = VariationalFit(mixture(), MeanField, seed=0).run(10, check=False)
    assert approx.q.scales[0].std.dtype == np.float64
    assert jnp.zeros(1).dtype == np.float32
