"""Discrete unknowns: their states, what is observed of them, and what has no finite list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import aliquot as aq
from aliquot.expression import Evaluation
from aliquot.marginal.elementwise import is_elementwise
from aliquot.marginal.tables import evidence_table
from aliquot.marginal.terms import depends_on, leaves_below
from aliquot.marginal.unknowns import Unknown, find_unknowns
from tests.marginal.agreement import imputing


def unknowns_of(write: Callable[[], Any]) -> tuple[dict[str, Unknown], list[str]]:
    with imputing(), aq.Model() as model:
        write()
    found, ignorable = find_unknowns(model)
    return {unknown.name: unknown for unknown in found}, [v.name for v in ignorable]


@pytest.mark.parametrize(
    ("write", "lowest", "states"),
    [
        (lambda: aq.Bernoulli("z", 0.3), 0, 2),
        (lambda: aq.Categorical("z", p=np.full((4, 3), 1 / 3)), 0, 3),
        (lambda: aq.DiscreteUniform("z", -3, 2), -3, 6),
        (lambda: aq.DiscreteUniform("z", [-3, 0], [-1, 4]), -3, 8),
        (lambda: aq.Binomial("z", [3, 7], 0.5), 0, 8),
        (lambda: aq.Poisson("z", 2.0, upper=9), 0, 10),
        (lambda: aq.Binomial("z", aq.Data("n", [4, 6]), 0.5), 0, 7),
        (lambda: aq.MarkovChain("z", P=np.full((3, 3), 1 / 3), steps=4), 0, 3),
    ],
)
def test_states(write: Callable[[], Any], lowest: int, states: int) -> None:
    found, ignorable = unknowns_of(write)
    z = found["z"]
    assert (z.lowest, z.states, z.evidence, ignorable) == (lowest, states, None, [])
    np.testing.assert_array_equal(z.values, np.arange(lowest, lowest + states))
    assert z.hidden == z.size == int(np.prod(z.shape))


def test_a_bound_that_other_unknowns_set_is_as_wide_as_it_gets() -> None:
    def write() -> None:
        n = aq.DiscreteUniform("n", 1, 5)
        k = aq.Binomial("k", n, 0.5)
        aq.DiscreteUniform("j", -k, n + 2)

    found, _ = unknowns_of(write)
    assert (found["k"].lowest, found["k"].states) == (0, 6)
    assert (found["j"].lowest, found["j"].states) == (-5, 13)
    assert list(found) == ["n", "k", "j"]


def test_what_is_observed_is_held() -> None:
    found, _ = unknowns_of(
        lambda: aq.DiscreteUniform("z", -1, 1, observed=[[0, np.nan], [np.nan, -1]])
    )
    z = found["z"]
    assert z.evidence is not None
    np.testing.assert_array_equal(z.evidence, [1, -1, -1, 0])
    assert (z.size, z.hidden) == (4, 2)
    table = evidence_table(z, few=8)
    assert table.in_cells and table.states == (3,)
    zero, impossible = 0.0, -np.inf
    expected = [
        [impossible, zero, zero, zero],
        [zero, zero, zero, impossible],
        [impossible, zero, zero, impossible],
    ]
    np.testing.assert_array_equal(table.as_array(), expected)
    np.testing.assert_array_equal(evidence_table(z, few=2).entries, expected)


def test_counts_without_an_end_are_left_out_where_nothing_needs_them() -> None:
    found, ignorable = unknowns_of(lambda: aq.Poisson("counts", 2.0, observed=[1, np.nan]))
    assert found == {} and ignorable == ["counts"]
    found, ignorable = unknowns_of(lambda: aq.Poisson("counts", 2.0, observed=[1, 2]))
    assert found == {} and ignorable == []


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda: aq.Poisson("n", 2.0), r"'n'.*infinitely many.*aq\.Poisson\('n', \.\.\., upper="),
        (
            lambda: aq.Multinomial("n", 3, [0.5, 0.5]),
            "'n'.*Multinomial is a whole vector.*Binomial",
        ),
        (lambda: aq.DiscreteUniform("n", 0, _whole(aq.Gamma("g", 2, 1))), "'n'.*'g'.*Potential"),
        (
            lambda: aq.DiscreteUniform("n", 0, aq.Bernoulli("z", 0.5, shape=3).sum()),
            "'n'.*'z'.*states unknown",
        ),
    ],
)
def test_refusals_name_and_advise(write: Callable[[], Any], words: str) -> None:
    with pytest.raises(aq.ModelError, match=words):
        unknowns_of(write)


def _whole(x: aq.Expression) -> aq.Expression:
    return aq.math.floor(x).astype(int)


@pytest.mark.parametrize(
    ("make", "elementwise"),
    [
        (lambda z, u: z + 1, True),
        (lambda z, u: z[::-1] * u, True),
        (lambda z, u: np.where(z > 0, u, 3), True),
        (lambda z, u: z + z[::-1], False),
        (lambda z, u: z.sum() + u, False),
        (lambda z, u: np.cumsum(u), False),
        (lambda z, u: z[0] + u, True),
    ],
)
def test_elementwise_is_at_most_one_element_of_each(
    make: Callable[[Any, Any], Any], elementwise: bool
) -> None:
    with aq.Model() as model:
        z = aq.Bernoulli("z", 0.5, shape=3)
        u = aq.Bernoulli("u", 0.5, shape=3)
        expression = make(z, u)
    assert is_elementwise(expression, [model["z"], model["u"]], {}) == elementwise


def test_what_depends_on_what() -> None:
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        z = aq.Bernoulli("z", aq.math.sigmoid(x))
        mu = aq.Deterministic("mu", 2 * z)
        y = aq.Normal("y", mu, aq.HalfNormal("s", 1), observed=1.0)
    node = model["z"]
    assert depends_on(y.distribution, [node]) and depends_on(mu, [node]) and depends_on(z, [node])
    assert not depends_on(node.distribution, [node]) and not depends_on(x, [node])
    # Below the distribution of y: its scale, and z, whose own inputs are not needed given it.
    assert [leaf.name for leaf in leaves_below(y.distribution, [node])] == ["s"]
    assert Evaluation(dict.fromkeys(leaves_below(z.distribution, []), 0.0))
