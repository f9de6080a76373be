"""Many mirrors looked at together, against one by one."""

from __future__ import annotations

import aliquot as aq
from aliquot.symmetry.finding.mirrors import centers, reflections
from aliquot.symmetry.finding.move_sets import FEW, MoveSets
from aliquot.symmetry.finding.probe import Probe
from aliquot.symmetry.finding.search import Search


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
