"""Programs in which alike elements are computed once: values, derivatives, and what is computed."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import gammaln

from aliquot.alike import merge, merged
from aliquot.precision import float64
from aliquot.primitives.internals import every_equation, replayed, shape_of
from tests.programs import quick

COUNTS = np.random.default_rng(0).integers(0, 7, 500)


def traced(function, known, *inputs):
    """Trace a function of inputs and of known arrays, and merge what is alike."""
    with float64():
        program = jax.make_jaxpr(function)(*inputs, *known)
    return merged(program, {len(inputs) + i: array for i, array in enumerate(known)})


def longest(program) -> int:
    """Give the length of the longest axis that anything is computed along."""
    made = (shape_of(var) for e in every_equation(program) for var in e.outvars)
    return max((max(shape, default=1) for shape in made), default=1)


def agree(function, known, *inputs):
    """Compare value, gradient and products with the Hessian; give the merged program."""
    inputs = tuple(np.asarray(each, float) for each in inputs)
    program = traced(function, known, *inputs)
    assert program is not None

    def shorter(*values):
        return replayed(program, program.consts, [*values, *known])[0]

    def plain(*values):
        return function(*values, *known)

    with float64():
        places = tuple(range(len(inputs)))
        ones = tuple(np.cos(1.0 + np.arange(x.size)).reshape(x.shape) for x in inputs)
        results = []
        for each in (shorter, plain):
            gradient = jax.grad(each, places)

            def everything(*x, each=each, gradient=gradient):
                return each(*x), gradient(*x), jax.jvp(gradient, x, ones)[1]

            results.append(jax.tree.leaves(quick(everything)(*inputs)))
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)
    return program


def test_counts_are_weights():
    def total(rate, counts):
        return jnp.sum(counts * jnp.log(rate) - rate - jax.lax.lgamma(counts + 1.0))

    program = agree(total, [COUNTS], 2.5)
    assert longest(program) == 7
    with float64():
        value = replayed(program, program.consts, [2.5, COUNTS])[0]
    expected = np.sum(COUNTS * np.log(2.5) - 2.5 - gammaln(COUNTS + 1))
    assert value == pytest.approx(expected, rel=1e-12)


def test_pairs_of_an_index_and_a_label_are_read_once_and_counted():
    """The sums over items are products with a matrix of counts: no gather of 600 rows."""
    rng = np.random.default_rng(1)
    rater, label, item = rng.integers(0, 4, 600), rng.integers(0, 3, 600), rng.integers(0, 50, 600)

    def total(table, rater, label):
        rows = jax.nn.log_softmax(table, axis=-1)[rater, label]
        sums = jax.ops.segment_sum(rows, item, 50)
        return jnp.sum(jnp.log1p(jnp.exp(sums)))

    program = agree(total, [rater, label], np.asarray(rng.normal(size=(4, 3))))
    assert longest(program) == 50


def test_items_with_the_same_answers_are_one():
    """Of 2,000 respondents with four binary items there are 16 kinds."""
    rng = np.random.default_rng(2)
    answers = rng.integers(0, 2, (2000, 4))

    def total(p, answers):
        rows = jnp.where(answers == 1, jnp.log(p), jnp.log1p(-p))
        return jnp.sum(jax.scipy.special.logsumexp(jnp.sum(rows, axis=2), axis=0))

    def stacked(p, answers):
        return total(p[:, None, :], answers[None])

    program = agree(stacked, [answers], np.asarray(rng.uniform(0.2, 0.8, (3, 4))))
    assert longest(program) <= 3 * 16


def test_rows_of_a_design_matrix_that_repeat():
    rng = np.random.default_rng(3)
    design = rng.normal(size=(9, 4))[rng.integers(0, 9, 300)]
    answers = rng.integers(0, 2, 300)

    def total(beta, design, answers):
        logits = design @ beta
        return jnp.sum(answers * logits - jnp.log1p(jnp.exp(logits)))

    program = agree(total, [design, answers], np.asarray(rng.normal(size=4)))
    assert longest(program) <= 2 * 9


def test_what_is_impossible_counts_where_it_is_alone():
    """In a product with counts, zero times minus infinity would be no number."""
    member, group = np.arange(200) % 4, np.arange(200) % 3

    def sums(x, member):
        rows = jnp.where(member == 2, -jnp.inf, x[member])
        return jax.ops.segment_sum(rows, jnp.where(member == 2, 3, group), 4)

    x = np.array([0.5, -1.0, 3.0, 2.0])
    program = traced(sums, [member], x)
    with float64():
        found = replayed(program, program.consts, [x, member])[0]
        expected = sums(jnp.asarray(x), member)
    np.testing.assert_allclose(found, expected)
    assert np.isneginf(found).tolist() == [False, False, False, True]


@pytest.mark.parametrize("zeros", [False, True], ids=["its own", "one with a zero"])
def test_a_function_with_a_derivative_of_its_own_keeps_it(zeros):
    """The derivative is wrong on purpose: it is the author's all the same."""

    @jax.custom_jvp
    def odd(x, y):
        return x * y, x + y

    @odd.defjvp
    def _(primals, tangents):
        x, y = primals
        dx, dy = tangents
        first = 3.0 * dx + jnp.sin(x) * dy
        return odd(x, y), (first, jnp.zeros_like(x) if zeros else dx - dy)

    def total(x, counts):
        first, second = odd(x * counts, x + counts)
        return jnp.sum(first * second)

    program = agree(total, [COUNTS.astype(float)], 1.3)
    assert longest(program) == 7


def test_a_log_sum_over_many_states_on_one_axis(rng):
    values = np.random.default_rng(4).integers(0, 5, 400).astype(float)

    def total(means, values):
        rows = -0.5 * (values - means[:, None]) ** 2
        largest = jnp.max(rows, axis=0)
        return jnp.sum(largest + jnp.log(jnp.sum(jnp.exp(rows - largest), axis=0)))

    program = agree(total, [values], np.linspace(-1, 5, 12))
    assert longest(program) <= 12 * 5


def test_what_does_not_repeat_stays_as_it_is():
    def total(x, y):
        return jnp.sum(jnp.log(jnp.exp(-((y - x) ** 2)) + jnp.exp(-((y + x) ** 2))))

    assert traced(total, [np.random.default_rng(5).normal(size=500)], 1.0) is None


def test_few_rows_stay_as_they_are():
    assert traced(lambda x, y: jnp.sum(jnp.exp(x * y)), [np.arange(40) % 2], 1.0) is None


def test_a_value_that_is_needed_whole_is_spread_again():
    """A running sum has no distinct rows; what it is made of has."""

    def last(x, counts):
        return jnp.cumsum(jnp.sum(jnp.exp(x * jnp.stack([counts, counts + 1])), axis=0))[-1]

    agree(last, [COUNTS], 0.1)


def exponentials(program) -> int:
    """Count the exponentials that a program takes outside of its loops."""
    of = [e.outvars[0] for e in program.jaxpr.eqns if e.primitive.name == "exp"]
    return sum(int(np.prod(shape_of(var), dtype=int)) for var in of)


@pytest.mark.parametrize("kinds", [2, 7, 70], ids=str)
@pytest.mark.parametrize("own", [False, True], ids=["loop", "with its own derivative"])
def test_what_a_loop_reads_is_made_of_what_is_distinct(own, kinds):
    """Its first row, which is no part of the loop, is read from there too."""
    counts = np.random.default_rng(6).integers(0, kinds, 400)

    def run(first, rows):
        return jax.lax.scan(lambda c, row: (c * jnp.cos(row).sum() + row[0], None), first, rows)[0]

    loop = jax.custom_jvp(run)
    loop.defjvp(lambda primals, tangents: jax.jvp(run, primals, tangents))

    def total(rates, counts):
        rows = jnp.exp(-rates * counts[:, None])
        return (loop if own else run)(rows[0, 0] + rates[1], rows[1:])

    program = agree(total, [counts], np.array([0.3, 1.1]))
    assert exponentials(program) == 2 * len(np.unique(counts))
    # A read of one number by many is one operation, not one for each.
    assert len(program.jaxpr.eqns) < 40


@pytest.mark.parametrize("function", [jnp.exp, jnp.square])
def test_what_is_distinct_is_spread_where_that_is_faster(function):
    """Cheap functions of numbers that few read are computed for each of them."""

    def total(rates, counts):
        rows = function(rates * counts[:, None])
        return jax.lax.scan(lambda c, row: (jnp.cos(c) + row.sum(), None), 0.0, rows)[0]

    rates = np.array([0.3, 1.1])
    for kinds, pays in ((5, True), (60, function is jnp.exp), (300, False)):
        known = np.random.default_rng(8).permutation(600) % kinds
        assert (traced(total, [known], rates) is not None) == pays


def test_what_is_read_by_elementwise_operations_stays_in_place():
    """It would be computed where it is used, which takes no array in memory."""
    y = np.random.default_rng(7).normal(size=500)
    assert traced(lambda x, c, y: jnp.sum(jnp.tanh(y * jnp.cos(x * c))), [COUNTS, y], 0.3) is None


def test_what_a_program_leaves_out_is_not_computed():
    """The logarithm of what the author replaced by one would have an infinite derivative."""
    member = np.arange(300) % 3

    def total(x, member):
        shifted = jnp.where(member == 0, 1.0, x - x * (member == 0) - 0.5 * (member == 0))
        inner = jnp.where(member == 0, 1.0, jnp.where(member == 1, x, x * x))
        return jnp.sum(jnp.log(inner) * jnp.log(shifted))

    agree(total, [member], 1.7)


def test_tables_far_larger_than_the_data_are_not_gone_over(monkeypatch):
    """Those of a network have millions of entries, which nothing is known of."""
    monkeypatch.setattr(merge, "LARGE", 10_000)

    def total(x, counts):
        table = x * jnp.ones((100, 101, 7))
        return jnp.sum(jnp.exp(table)) + jnp.sum(jnp.exp(x * counts))

    assert traced(total, [COUNTS[:100]], 0.1) is None
    monkeypatch.setattr(merge, "LARGE", 100_000)
    assert traced(total, [COUNTS[:100]], 0.1) is not None
