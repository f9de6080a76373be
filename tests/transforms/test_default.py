"""Which transform each support gets."""

import numpy as np
import pytest

from aliquot import transforms as tr
from aliquot.distributions import array_constraints as arrays
from aliquot.distributions import constraints as sets
from aliquot.errors import ModelError
from aliquot.transforms import default_transform


@pytest.mark.parametrize(
    ("support", "expected"),
    [
        (sets.real, tr.identity),
        (sets.real_vector, tr.identity),
        (sets.positive, tr.log),
        (sets.nonnegative, tr.log),
        (sets.probability, tr.logodds),
        (sets.unit_interval, tr.logodds),
        (sets.simplex, tr.simplex),
        (sets.ordered_vector, tr.ordered),
        (sets.circular, tr.circular),
        (sets.lower_cholesky, tr.cholesky),
        (arrays.real_matrix, tr.identity),
        (arrays.correlation, tr.correlation),
        (arrays.ZeroSumArray(), tr.zero_sum),
    ],
    ids=repr,
)
def test_each_support_has_its_own(support, expected):
    assert default_transform(support) is expected


def test_covariances_have_coordinates_for_their_scales_that_fit_these():
    positive = default_transform(sets.LowerCholesky(sets.positive))
    assert positive is tr.cholesky
    between = default_transform(sets.LowerCholesky(sets.Interval(0.5, np.array([1.0, 2.0]))))
    assert isinstance(between, tr.Cholesky)
    assert isinstance(between.scales, tr.Logit)
    assert between.scales.upper.tolist() == [1.0, 2.0]


def test_arrays_have_coordinates_for_all_axes_that_sum_to_zero():
    transform = default_transform(arrays.ZeroSumArray(2))
    assert transform.unconstrained_shape((5, 3, 4)) == (5, 2, 3)


def test_bounds_are_passed_on():
    transform = default_transform(sets.Interval(np.array([1.0, 2.0]), 3.0))
    assert isinstance(transform, tr.Logit)
    assert transform.lower.tolist() == [1.0, 2.0]
    assert transform.upper == 3.0


class Strange(sets.Constraint):
    description = "strange"


@pytest.mark.parametrize(
    ("support", "words"),
    [
        (sets.counts, "an integer at least 0.*summed out or observed"),
        (sets.boolean, "summed out"),
        (sets.CountsVector(3), "sum to 3"),
        (sets.positive_definite, "give its Cholesky factor a prior"),
        (Strange(), "must be strange: pass transform="),
    ],
    ids=repr,
)
def test_a_support_without_one_is_refused(support, words):
    with pytest.raises(ModelError, match=words):
        default_transform(support)
