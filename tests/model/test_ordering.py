"""Which priors are the same in every order of their elements."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import aliquot as aq
from aliquot.model.free import exchangeable

HALVES = [0.5, 0.5]


@pytest.mark.parametrize(
    ("distribution", "expected"),
    [
        (aq.Normal.dist(0, 1, shape=3), True),
        (aq.Normal.dist([2.0, 2.0], 1), True),
        (aq.Normal.dist([0.0, 1.0], 1), False),
        (aq.Normal.dist([[0.0], [1.0]], 1, shape=(2, 3)), True),
        (aq.Normal.dist(0, 1), False),
        # The components of a mixture are no elements of the vector ...
        (aq.NormalMixture.dist([0.3, 0.7], [-1.0, 1.0], 1, shape=2), True),
        (aq.Mixture.dist([0.3, 0.7], aq.Normal.dist([-1.0, 1.0], 1), shape=2), True),
        # ... and elements may differ where components do not.
        (aq.NormalMixture.dist(HALVES, [[0.0], [5.0]], 1), False),
        (aq.Mixture.dist(HALVES, aq.Normal.dist([[0.0, 0.0], [5.0, 5.0]], 1)), False),
        (aq.Mixture.dist([HALVES, [0.1, 0.9]], aq.Normal.dist([0.0, 1.0], 1)), False),
        (aq.Mixture.dist(HALVES, [aq.Normal.dist([0.0, 1.0], 1), aq.Normal.dist(0, 1)]), False),
        (aq.MvNormal.dist(np.zeros(2), cov=np.eye(2)), False),
    ],
    ids=str,
)
def test_exchangeable(distribution: Any, expected: bool) -> None:
    assert exchangeable(distribution) is expected


APART = np.array([[0.0], [5.0], [9.0]])


@pytest.mark.parametrize(
    ("distribution", "axes"),
    [
        (aq.Normal.dist([0.0, 5.0], 1, shape=(3, 2)), {0}),
        (aq.Normal.dist(APART, 1, shape=(3, 2)), {1}),
        (aq.Normal.dist(APART, [1.0, 2.0]), set()),
        (aq.Uniform.dist(0, [[1.0, 2.0], [1.0, 2.0]]), {0}),
        (aq.Beta.dist(2, 3, shape=(4, 3, 2)), {0, 1, 2}),
        (aq.MvNormal.dist([0.0, 1.0], np.eye(2), shape=(3, 2)), {0}),
        (aq.MvNormal.dist(APART * np.ones(2), np.eye(2)), set()),
        (aq.MvNormal.dist(np.zeros(2), np.array([1.0, 2.0])[:, None, None] * np.eye(2)), set()),
        (aq.Dirichlet.dist([2.0, 2.0, 2.0]), {0}),
        (aq.Dirichlet.dist([1.0, 2.0, 2.0], shape=(4, 3)), {0}),
        (aq.Dirichlet.dist([[1.0, 1.0], [2.0, 2.0]]), {1}),
    ],
    ids=str,
)
def test_exchangeable_along_an_axis(distribution: Any, axes: set[int]) -> None:
    n = len(distribution.shape)
    assert {axis for axis in range(n) if exchangeable(distribution, axis)} == axes
    assert {axis + n for axis in range(-n, 0) if exchangeable(distribution, axis)} == axes
    assert not exchangeable(distribution, n)


def test_unknown_parameters_along_an_axis() -> None:
    with aq.Model():
        rows = aq.Normal("rows", shape=(3, 1))
        assert not exchangeable(aq.Normal.dist(rows, 1, shape=(3, 2)), axis=0)
        assert exchangeable(aq.Normal.dist(rows, 1, shape=(3, 2)), axis=1)
        assert exchangeable(aq.MvNormal.dist(aq.Normal("mu", shape=2), np.eye(2), shape=(3, 2)), 0)


def test_with_unknown_parameters() -> None:
    with aq.Model():
        centre = aq.Normal("centre")
        centres = aq.Normal("centres", shape=2)
        w = aq.Dirichlet("w", np.ones(2))
        assert exchangeable(aq.Normal.dist(centre, 1, shape=2))
        assert not exchangeable(aq.Normal.dist(centres, 1))
        assert exchangeable(aq.NormalMixture.dist(w, centres, 1, shape=3))


def test_an_order_of_unlike_mixtures_is_not_counted_twice() -> None:
    """The elements lie so far apart that the order hardly restricts them."""
    plain, ordered = (
        _density(transform=transform) for transform in ({}, {"transform": aq.transforms.ordered})
    )
    gap = 6.0
    # The ordered coordinates are the first element and the logarithm of the gap.
    assert ordered.evaluate([0.1, np.log(gap)]) - np.log(gap) == pytest.approx(
        plain.evaluate([0.1, 0.1 + gap]), rel=1e-12
    )


def _density(transform: dict[str, Any]) -> Any:
    with aq.Model() as model:
        aq.NormalMixture("x", HALVES, [[0.0], [5.0]], 1, **transform)
    return model.density()
