"""Transforms and start values of free variables."""

from __future__ import annotations

import numpy as np
import pytest

import aliquot as aq
from aliquot.errors import DTypeError, ModelError, ShapeError, SupportError
from aliquot.transforms import identity, interval, log, ordered, positive_ordered, simplex


def test_the_support_chooses_the_transform() -> None:
    with aq.Model():
        assert aq.Normal("x").transform is identity
        assert aq.HalfNormal("s").transform is log
        assert aq.Dirichlet("w", np.ones(3)).transform is simplex
        assert aq.Normal("o", shape=2, transform=ordered).transform is ordered
        assert aq.HalfNormal("n", transform=None).transform is None


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: aq.HalfNormal("x", transform=identity), r"x: transform identity reaches -3"),
        (lambda: aq.HalfNormal("x", transform=interval(-1, 1)), "x: transform interval reaches -0"),
        (lambda: aq.Dirichlet("x", [1, 1], transform=log), "x: transform log reaches"),
        (
            lambda: aq.Normal("x", transform="ordered"),
            r"x: transform must be one of aq\.transforms",
        ),
        (lambda: aq.Poisson("x", 2, transform=log), "x: a discrete variable takes no transform"),
    ],
)
def test_a_transform_that_leaves_the_support_is_refused(make: object, words: str) -> None:
    with aq.Model(), pytest.raises(ModelError, match=words):
        make()  # type: ignore[operator]


def test_a_transform_that_orders_needs_an_axis() -> None:
    with aq.Model(), pytest.raises(ShapeError, match="x: transform ordered orders the last axis"):
        aq.Normal("x", transform=ordered)


def test_a_transform_may_reach_a_part_of_the_support() -> None:
    with aq.Model():
        assert aq.Normal("x", transform=log).transform is log
        assert aq.HalfNormal("p", shape=2, transform=positive_ordered).transform is positive_ordered


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (
            lambda: aq.Normal("x", shape=2, initval=[1.0, 2.0, 3.0]),
            ShapeError,
            r"x: initval has shape \(3,\), the variable \(2,\)",
        ),
        (
            lambda: aq.HalfNormal("x", initval=-1),
            SupportError,
            "x: initval must be at least 0; got -1",
        ),
        (
            lambda: aq.Normal("x", initval=np.nan),
            SupportError,
            "x: initval must be a finite number",
        ),
        (
            lambda: aq.Normal("x", shape=2, transform=ordered, initval=[1, -1]),
            SupportError,
            "x: initval must be strictly increasing",
        ),
        (
            lambda: aq.HalfNormal("x", shape=2, transform=positive_ordered, initval=[2, 2]),
            SupportError,
            "x: initval must be strictly increasing",
        ),
        (
            lambda: aq.Normal("x", initval="low"),
            DTypeError,
            "x: initval must be numbers; got 'low'",
        ),
        (lambda: aq.Dirichlet("x", [1, 1], initval=[0.5, 0.9]), SupportError, "x: initval must be"),
        (
            lambda: aq.Normal("x", observed=[1.0], initval=1.0),
            ModelError,
            "x: an observed variable takes no transform and no initval",
        ),
        (
            lambda: aq.Normal("x", initval=aq.Normal("y")),
            ModelError,
            "x: initval must be numbers; got the expression y",
        ),
    ],
)
def test_start_values_that_do_not_fit(make: object, kind: type[Exception], words: str) -> None:
    with aq.Model(), pytest.raises(kind, match=words):
        make()  # type: ignore[operator]


def test_start_values_are_where_the_density_starts() -> None:
    with aq.Model() as model:
        aq.Normal("means", 0, 10, shape=2, transform=ordered, initval=[-1, 1])
        aq.HalfNormal("s", initval=3.0)
        aq.Normal("x", 2.0, 1.0)
    start = model.density().constrain_draws(model.density().start)
    np.testing.assert_allclose(start["means"], [-1.0, 1.0])
    np.testing.assert_allclose(start["s"], 3.0)
    np.testing.assert_allclose(start["x"], 2.0)
