"""Shapes: of the unconstrained coordinates, at random, and those that cannot be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aliquot import transforms as tr
from aliquot.errors import ShapeError
from aliquot.precision import float64
from tests.transforms.cases import CASES, InOrder, compiled

SAME = [tr.identity, tr.log, tr.logodds, tr.ordered, tr.positive_ordered, tr.circular]
# Bounds that are arrays, and orders of one entry among others, fit the shapes of their rows only.
AT_RANDOM = [
    case
    for case in CASES
    if not isinstance(case.support, InOrder)
    and not any(np.size(f) > 1 for f in vars(case.transform).values())
]


@pytest.mark.parametrize("transform", SAME, ids=repr)
def test_elementwise_and_ordered_keep_the_shape(transform):
    assert transform.unconstrained_shape((4, 3)) == (4, 3)


@pytest.mark.parametrize(
    ("transform", "shape", "expected"),
    [
        (tr.simplex, (2,), (1,)),
        (tr.simplex, (4, 3), (4, 2)),
        (tr.cholesky, (1, 1), (1,)),
        (tr.cholesky, (5, 3, 3), (5, 6)),
        (tr.cholesky_corr, (5, 3, 3), (5, 3)),
    ],
)
def test_others_change_it(transform, shape, expected):
    assert transform.unconstrained_shape(shape) == expected


@pytest.mark.parametrize(
    ("transform", "shape", "words"),
    [
        (tr.ordered, (), "ordered orders the last axis.*has none.*shape=2"),
        (tr.positive_ordered, (), "positive_ordered orders the last axis"),
        (tr.ordered, (3, 0), "no elements along it"),
        (tr.simplex, (), "at least 1 probability along the last axis; got shape \\(\\)"),
        (tr.simplex, (4, 0), "at least 1 probability along"),
        (tr.cholesky, (3,), "square matrices along the last two axes; got shape \\(3,\\)"),
        (tr.cholesky, (3, 2), "square matrices"),
        (tr.cholesky, (0, 0), "size 1 or more"),
        (tr.cholesky_corr, (1, 1), "size 2 or more"),
    ],
)
def test_impossible_shapes_are_refused(transform, shape, words):
    with pytest.raises(ShapeError, match=words):
        transform.unconstrained_shape(shape)


@settings(max_examples=25)
@given(st.data())
def test_any_shape_and_point_maps_inside_and_back(data):
    case = data.draw(st.sampled_from(AT_RANDOM))
    dims = case.transform.event_dims
    sizes = st.integers(2, 4)
    batch = data.draw(st.lists(st.integers(1, 3), max_size=2).map(tuple))
    shape = batch + (data.draw(sizes),) * dims
    whole = case.transform.unconstrained_shape(shape)
    numbers = st.floats(-6, 6, allow_subnormal=False)
    size = int(np.prod(whole))
    y = np.reshape(data.draw(st.lists(numbers, min_size=size, max_size=size)), whole)
    assume(case.bijective or (np.abs(y) < np.pi).all())
    with float64():
        found = compiled(case.transform)(y)
    assert found.x.shape == shape
    assert case.support.check(found.x).all()
    assert found.log_jacobian.shape == batch
    # Bounds and neighbours are subtracted from x, so rounding of x is amplified by up to e^12.
    np.testing.assert_allclose(found.y, y, rtol=1e-9, atol=1e-9)
