"""The program is compiled once for each log density and shape of its data, and let go with it."""

from __future__ import annotations

import gc
import weakref

import jax.numpy as jnp
import numpy as np
import pytest

from aliquot.compilation.kept import _stores
from aliquot.mcmc import program
from aliquot.mcmc.run import sample
from aliquot.mcmc.settings import NUTSSettings


@pytest.fixture
def compilations(monkeypatch):
    made = []
    original = program._compile

    def counted(*arguments):
        made.append(arguments[2])
        return original(*arguments)

    monkeypatch.setattr(program, "_compile", counted)
    return made


def make_density():
    def log_density(flat, data):
        return -0.5 * jnp.sum((flat - data) ** 2)

    return log_density


def run(log_density, data, chains=2, seed=1, **settings):
    settings = NUTSSettings(**({"draws": 20, "tune": 20, "max_treedepth": 4} | settings))
    return sample(log_density, data, np.zeros((chains, 2)), settings=settings, seed=seed)


def test_compiled_once(compilations):
    log_density = make_density()
    first = run(log_density, np.zeros(2))
    assert first.compile_seconds > 0
    again = run(log_density, np.zeros(2), seed=2, chains=3, draws=30, tune=11, target_accept=0.9)
    assert again.compile_seconds == 0
    other = run(log_density, np.ones(2), step_size=0.1, tune=0, draws=400)
    assert abs(other.positions.mean() - 1.0) < 0.5
    assert len(compilations) == 1
    run(log_density, np.ones((1, 2)))
    run(log_density, np.zeros(2), max_treedepth=5)
    run(log_density, np.zeros(2), metric="adapt_full")
    assert len(compilations) == 4


class Density:
    """A density that owns its function, and that cannot be hashed."""

    __hash__ = None

    def log_density(self, flat, data):
        return -0.5 * jnp.sum((flat - data) ** 2)


def test_methods_are_known_by_their_owner(compilations):
    density = Density()
    run(density.log_density, np.zeros(2))
    run(density.log_density, np.zeros(2))
    assert len(compilations) == 1
    run(Density().log_density, np.zeros(2))
    assert len(compilations) == 2


def test_the_program_goes_with_its_density():
    log_density = make_density()
    run(log_density, np.zeros(2))
    gc.collect()  # densities of other tests that are gone too
    kept = len(_stores)
    gone = weakref.ref(log_density)
    del log_density
    gc.collect()
    assert gone() is None
    assert len(_stores) == kept - 1
