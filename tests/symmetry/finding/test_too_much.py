"""Where there is too much to look at, the search ends, and says of what."""

from __future__ import annotations

import numpy as np
import pytest

import aliquot as aq
from aliquot.inference.prior_product import notes_on
from aliquot.symmetry.finding import axes, unaligned

COLUMNS, LEVELS = 5, 6


@pytest.fixture
def each_level_once(rng: np.random.Generator) -> aq.Model:
    """Any two levels of a column have been seen as often, in rows that differ in the others."""
    with aq.Model() as model:
        w = aq.Dirichlet("w", np.ones(2))
        z = aq.Categorical("z", w, shape=LEVELS)
        for column in range(COLUMNS):
            p = aq.Dirichlet(f"p{column}", np.ones(LEVELS), shape=(2, LEVELS))
            aq.Categorical(f"x{column}", p[z], observed=rng.permutation(LEVELS))
    return model


@pytest.mark.parametrize(("part", "name"), [(axes, "MOST_IN_VAIN"), (unaligned, "MOST_ALONG")])
def test_what_was_not_looked_at_is_named(
    monkeypatch: pytest.MonkeyPatch, each_level_once: aq.Model, part: object, name: str
) -> None:
    monkeypatch.setattr(part, name, 20)
    found = each_level_once.symmetries()
    (classes,) = found.blocks
    assert classes.components == 2
    assert set(classes.variables) == {"w", *(f"p{column}" for column in range(COLUMNS))}
    assert set(found.unexamined) == {f"p{column}" for column in range(COLUMNS)}
    assert "there is too much: p0, p1" in str(found)
    assert "whether components of p0, p1" in " ".join(notes_on(each_level_once, found))


def test_otherwise_all_is_looked_at(each_level_once: aq.Model) -> None:
    assert each_level_once.symmetries().unexamined == ()
