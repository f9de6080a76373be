"""Many mirrors looked at together, against one by one."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import aliquot as aq
from aliquot.symmetry.finding import at_once
from aliquot.symmetry.finding.mirrors import centers, reflections
from aliquot.symmetry.finding.move_sets import FEW, MoveSets
from aliquot.symmetry.finding.probe import Probe
from aliquot.symmetry.finding.search import Search
from aliquot.symmetry.role import Role


def test_many_mirrors_are_told_apart_as_one_by_one(rng):
    with aq.Model() as model:
        for i in range(24):
            x = aq.Normal(f"x_{i}", 0, 1)
            aq.Normal(f"y_{i}", x * x if i % 3 == 0 else x, 1, observed=rng.normal(size=2))
            aq.HalfNormal(f"s_{i}", 1)
        for i in range(8):
            aq.Uniform(f"u_{i}", -1, 1)
        v = aq.Normal("v", 0, 1, shape=3)
        aq.Normal("of v", v**2, 1, observed=[1.0, 2.0, 3.0])
    search = Search(Probe(model.density()))
    sets = MoveSets(search, centers(search.probe))
    mirrors = reflections(sets.middles)
    assert len(mirrors) > FEW
    held = sets.that_may_hold(mirrors)
    assert held == [mirror for mirror in mirrors if sets.may_hold(mirror)]
    names = {role.variables[0] for mirror in held for role in mirror}
    assert names == {f"x_{i}" for i in range(0, 24, 3)} | {f"u_{i}" for i in range(8)} | {"v"}


def of_one_point_only(x):
    """Calls back into Python, for one point at a time."""
    result = jax.ShapeDtypeStruct((), np.float64)
    return jax.pure_callback(lambda x: np.asarray(np.sin(x).sum()), result, x)


@pytest.mark.parametrize("function", [lambda x: jnp.sin(x).sum(), of_one_point_only])
def test_points_at_random_are_the_same_at_once_as_one_by_one(monkeypatch, rng, function):
    y = rng.normal(size=20)

    def points():
        with aq.Model() as model:
            x = aq.Normal("x", 0, 3, shape=2)
            w = aq.Dirichlet("w", np.ones(2))
            s = aq.HalfNormal("s", 1)
            aq.Potential("p", aq.lift(function)(x))
            aq.NormalMixture("y", w=w, mu=x, sigma=s, observed=y)
        probe = Probe(model.density())
        search = Search(probe)
        swaps = (Role(("x",), 0, (0, 1)),), (Role(("w",), 0, (0, 1)),)
        return list(probe.points(50)), [search.changed(swaps[:n]) for n in (1, 2)]

    found, changed = points()
    monkeypatch.setattr(at_once, "NUMBERS", 0)
    expected, also_changed = points()
    assert len(found) == len(expected) == 40
    for (point, terms), (other, other_terms) in zip(found, expected, strict=True):
        assert point.keys() == other.keys()
        for name, values in point.items():
            np.testing.assert_allclose(values, other[name], rtol=1e-14, atol=1e-14)
        np.testing.assert_allclose(terms, other_terms, rtol=1e-12, atol=1e-12)
    assert changed == also_changed == [["y"], []]
