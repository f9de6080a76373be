"""Random programs: no influence is missed, and none is made up where only elements are moved."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from tests.marginal.dependence.influence import analysed, evaluate, influence, listed, shape_of
from tests.marginal.dependence.programs import programs

FIXED = settings(
    derandomize=True,
    deadline=None,
    max_examples=15,
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)
MORE = settings(FIXED, max_examples=40)


def check(program, discrete, exact: bool) -> None:
    (piece,) = analysed(program, discrete).summands
    (seen,) = influence(program, discrete, (), bases=6)
    table = listed(piece.dependence, shape_of(piece.var), [z.size for z in discrete])
    assert not np.any(seen & ~table), "an influence was missed"
    if exact:
        assert not np.any(table & ~seen), "more is listed than has an influence"


@FIXED
@given(programs(mixing=False))
def test_moved_elements_are_followed_exactly(drawn) -> None:
    program, discrete, _ = drawn
    check(program, discrete, exact=True)


@FIXED
@given(programs(mixing=True))
def test_nothing_is_missed(drawn) -> None:
    program, discrete, _ = drawn
    check(program, discrete, exact=False)


@pytest.mark.slow
@MORE
@given(programs(mixing=False))
def test_moved_elements_are_followed_exactly_in_many_programs(drawn) -> None:
    program, discrete, _ = drawn
    check(program, discrete, exact=True)


@pytest.mark.slow
@MORE
@given(programs(mixing=True))
def test_nothing_is_missed_in_many_programs(drawn) -> None:
    program, discrete, _ = drawn
    check(program, discrete, exact=False)


@FIXED
@given(programs(mixing=True))
def test_pieces_add_up(drawn) -> None:
    program, discrete, _ = drawn
    analysis = analysed(lambda *z: (2.0 * program(*z)).sum(), discrete, whole=False)
    inputs = [np.random.default_rng(1).integers(0, 3, z.shape) for z in discrete]
    (whole,) = evaluate(analysis, analysis.program.jaxpr.outvars, inputs)
    parts = 0.0
    for piece in analysis.summands:
        value, *factors = evaluate(
            analysis, [piece.var, *(a for a, _ in piece.coefficients)], inputs
        )
        for factor, (_, power) in zip(factors, piece.coefficients, strict=True):
            value = value * factor**power
        parts += piece.sign * value.sum()
    np.testing.assert_allclose(parts, whole, rtol=1e-11, atol=1e-11)
