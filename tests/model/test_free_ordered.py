"""Orders of free variables: which are fitted to the support, and which are refused, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import aliquot as aq
from aliquot.errors import ModelError, ShapeError, SupportError
from aliquot.transforms import ordered, positive_ordered


@pytest.mark.parametrize(
    ("make", "axis", "at", "vectors"),
    [
        (lambda: aq.HalfNormal("x", shape=3, transform=ordered), 0, (), 1),
        (lambda: aq.TruncatedNormal("x", 0, 1, upper=2, shape=3, transform=ordered), 0, (), 1),
        (lambda: aq.Beta("x", 2, 3, shape=(4, 3), transform=ordered), 1, (), 4),
        (lambda: aq.VonMises("x", 0, 1, shape=2, transform=ordered), 0, (), 1),
        (lambda: aq.Dirichlet("x", np.ones(3), shape=(2, 3), transform=ordered), 1, (), 2),
        (lambda: aq.Normal("x", shape=(4, 3), transform=ordered(axis=-2)), 0, (), 3),
        (lambda: aq.Normal("x", shape=(4, 3), transform=ordered(axis=0, at=-1)), 0, ((1, 2),), 1),
        (
            lambda: aq.Normal("x", shape=(5, 4, 3), transform=ordered(axis=-2, at=0)),
            1,
            ((2, 0),),
            5,
        ),
        (
            lambda: aq.MvNormal(
                "x", np.zeros(2), np.eye(2), shape=(3, 2), transform=ordered(axis=0, at=1)
            ),
            0,
            ((1, 1),),
            1,
        ),
    ],
)
def test_an_order_stays_within_the_support(
    make: Callable[[], Any], axis: int, at: tuple[tuple[int, int], ...], vectors: int
) -> None:
    with aq.Model():
        variable = make()
    transform, shape = variable.transform, variable.shape
    assert variable.fits
    assert transform.ordered_axis(shape) == axis
    assert transform.ordered_at(shape) == at
    assert transform.vectors_of(shape) == vectors


def test_an_order_of_positive_numbers_among_real_ones_is_a_part_of_them() -> None:
    with aq.Model():
        assert not aq.Normal("x", shape=2, transform=positive_ordered).fits
        assert aq.HalfNormal("s", shape=(2, 3), transform=positive_ordered(axis=0)).fits


HALF: Any = 0.5
LETTER: Any = (0, "a")
MATRICES: dict[str, Any] = {"eta": 2, "n": 3, "sd_dist": aq.HalfNormal.dist(1)}


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (
            lambda: aq.Normal("x", shape=(2, 3), transform=ordered(axis=2)),
            ShapeError,
            r"x: transform ordered\(axis=2\) orders axis 2, and shape \(2, 3\) has 2 axes",
        ),
        (
            lambda: aq.Normal("x", shape=3, transform=ordered(axis=-2)),
            ShapeError,
            r"x: transform ordered\(axis=-2\) orders axis -2, and shape \(3,\) has one axis",
        ),
        (
            lambda: aq.Normal("x", shape=(0, 2), transform=ordered(axis=0)),
            ShapeError,
            r"shape \(0, 2\) has no elements along it",
        ),
        (
            lambda: aq.Normal("x", shape=(2, 3), transform=ordered(axis=0, at=3)),
            ShapeError,
            r"ordered\(axis=0, at=3\): index 3 of at is for axis 1, which has length 3",
        ),
        (
            lambda: aq.Normal("x", shape=(2, 3, 4), transform=ordered(axis=0, at=1)),
            ShapeError,
            r"at needs an index for each axis other than axis 0: 2 of them .*; got 1",
        ),
        (
            lambda: aq.Normal("x", shape=3, transform=ordered(at=0)),
            ShapeError,
            "A vector has no other axis: leave at out",
        ),
        (lambda: ordered(axis=HALF), ShapeError, "axis must be an integer; got 0.5"),
        (
            lambda: ordered(axis=0, at=LETTER),
            ShapeError,
            "each index of at must be an integer; got 'a'",
        ),
        (
            lambda: aq.LKJCholeskyCov("x", **MATRICES, transform=ordered),
            ModelError,
            "x: transform ordered orders numbers, and these values are matrices",
        ),
        (
            lambda: aq.MvNormal(
                "x", np.zeros(2), np.eye(2), shape=(3, 2), transform=ordered(axis=0)
            ),
            ModelError,
            r"x: values of MvNormal are vectors, .* by one entry: ordered\(axis=0, at=0\)",
        ),
        (
            lambda: aq.Dirichlet("x", np.ones(3), shape=(2, 3), transform=ordered(axis=0, at=0)),
            ModelError,
            r"x: transform ordered\(axis=0, at=0\) can order probabilities only along the last",
        ),
        (
            lambda: aq.Uniform("x", [0.0, 1.0], 2.0, transform=ordered),
            ModelError,
            r"x: an order along an axis needs one lower bound for all components; got \[0. 1.\]",
        ),
        (
            lambda: aq.Uniform("x", 0.0, aq.Normal("b", 5, 1, shape=2), transform=ordered),
            ModelError,
            "x: an order along an axis needs one upper bound for all components; got b",
        ),
    ],
)
def test_what_cannot_be_ordered(make: Callable[[], Any], kind: type[Exception], words: str) -> None:
    with aq.Model(), pytest.raises(kind, match=words):
        make()


@pytest.mark.parametrize(
    ("order", "value", "words"),
    [
        (ordered, [[1, 2], [2, 1]], "strictly increasing along the last axis, because"),
        (ordered(axis=0), [[1, 2], [2, 1]], "strictly increasing along axis 0, because"),
        (
            ordered(axis=0, at=1),
            [[1, 2], [2, 1]],
            "strictly increasing along axis 0, at index 1 of axis 1, because",
        ),
    ],
    ids=str,
)
def test_a_start_out_of_order_says_which(order: Any, value: Any, words: str) -> None:
    with aq.Model(), pytest.raises(SupportError, match=f"x: initval must be {words}"):
        aq.Normal("x", shape=(2, 2), transform=order, initval=value)


def test_bounds_may_differ_between_vectors_that_are_ordered_apart() -> None:
    with aq.Model():
        lower = np.array([[0.0], [1.0]])
        assert aq.Uniform("x", lower, 2.0, shape=(2, 3), transform=ordered).fits
        with pytest.raises(ModelError, match="one lower bound"):
            aq.Uniform("y", lower, 2.0, shape=(2, 3), transform=ordered(axis=0))


def test_a_start_that_is_not_positive_says_so() -> None:
    with aq.Model() as model:
        aq.Normal("x", shape=2, transform=positive_ordered, initval=[-1, 1])
    with pytest.raises(SupportError, match="increasing along the last axis, from above 0"):
        model.density().start  # noqa: B018


def test_a_start_given_later_says_which_order() -> None:
    with aq.Model() as model:
        aq.Normal("x", shape=(2, 2), transform=ordered(axis=0, at=1))
    with pytest.raises(SupportError, match="increasing along axis 0, at index 1 of axis 1"):
        model.density().start_with({"x": [[0, 1], [1, 0]]})
