"""Log densities of rows on a disk, with derivatives, against those of the same rows in memory."""

from __future__ import annotations

import jax
import numpy as np
import pytest

import aliquot as aq
from aliquot.compilation import lazily
from aliquot.density.streamed import over_rows as streamed
from aliquot.density.streamed import passes
from aliquot.model import streamed as written
from aliquot.precision import float64
from tests.density.streamed.comparison import (
    assert_same,
    close,
    derivatives,
    entered,
    in_memory,
    on_disk,
    points_of,
    small_blocks,
)
from tests.density.streamed.models import MODELS, SLOW, columns

N = 300


@pytest.mark.parametrize("name", MODELS)
def test_many_blocks(name, monkeypatch):
    """The last block is short."""
    small_blocks(monkeypatch)
    density = assert_same(*entered(name, columns(N)), products=name not in SLOW)
    assert density.feed.blocks > 1
    assert N % density.feed.size


@pytest.mark.parametrize("n", [5, 127, 1000])
@pytest.mark.parametrize("name", ["normal_mixture", "whole_means", "lagged_columns", "potentials"])
def test_one_block(name, n):
    density = assert_same(*entered(name, columns(n)), products=False)
    assert density.feed.blocks == 1


@pytest.mark.parametrize("n", [128, 131, 192, 262, 384])
@pytest.mark.parametrize("name", ["whole_means", "potentials"])
def test_exact_multiples(name, n, monkeypatch):
    """As many rows as are shown, as a block has, or a multiple of these."""
    small_blocks(monkeypatch)
    assert_same(*entered(name, columns(n)), products=False)


def test_inside_of_programs(monkeypatch):
    """JAX differentiates, vectorises and compiles it like any other function."""
    small_blocks(monkeypatch)
    write, arrays = entered("potentials", columns(N))
    expected, density = in_memory(write, arrays).density(), on_disk(write, arrays).density()
    points, along = points_of(expected)
    wanted = derivatives(expected, points, along)
    close(derivatives(density, points, along), wanted)

    def all_of(x, v, data):
        both = jax.value_and_grad(lambda x: density.log_density(x, data))
        return jax.jvp(both, (x,), (v,))

    def columns_of_hessian(one, x):
        slope = jax.grad(lambda x: one.log_density(x, one.data))
        return jax.vmap(lambda v: jax.jvp(slope, (x,), (v,))[1])(np.eye(len(points[0])))

    passed = density.host.passes
    with float64():
        side_by_side = lazily(jax.vmap(all_of, in_axes=(0, 0, None)))
        (values, slopes), (moved, products) = side_by_side(points, along, density.data)
        hessian, inside = (
            lazily(lambda x, each=each: columns_of_hessian(each, x))(points[0])
            for each in (density, expected)
        )
    found = np.column_stack([values, slopes, moved, products])
    close(found, wanted)
    np.testing.assert_allclose(hessian, inside, rtol=1e-10, atol=1e-10 * np.abs(inside).max())
    assert density.host.passes - passed == 2  # one for all points, one for all columns
    np.testing.assert_allclose(density.evaluate(points[1]), wanted[1, 0], rtol=1e-12)


def test_equal_points_are_computed_once(monkeypatch):
    small_blocks(monkeypatch)
    density = on_disk(*entered("potentials", columns(N))).density()
    points, _ = points_of(density)
    twice = density.host.gradients(points[[1, 0, 1]])
    assert (twice[0] == twice[2]).all()
    assert (twice[:2] == density.host.gradients(points[[1, 0]])).all()


def test_the_same_bits_for_any_threads(monkeypatch):
    small_blocks(monkeypatch)
    density = on_disk(*entered("whole_means", columns(2000))).density()
    points, along = points_of(density)
    first = density.host.products(points, along)
    assert (density.host.products(points, along) == first).all()
    monkeypatch.setattr(passes.os, "cpu_count", lambda: 1)
    assert (density.host.products(points, along) == first).all()
    again = on_disk(*entered("whole_means", columns(2000))).density()
    assert (again.host.products(points, along) == first).all()


def test_terms_add_up(monkeypatch):
    small_blocks(monkeypatch)
    write, arrays = entered("shared_labels", columns(N))
    expected, density = in_memory(write, arrays).density(), on_disk(write, arrays).density()
    (point, _), _ = points_of(expected)
    found, wanted = density.terms_at(point), expected.terms_at(point)
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-12, err_msg=name)
    passed = density.host.passes
    np.testing.assert_allclose(sum(found.values()), density.evaluate(point), rtol=1e-12)
    assert density.host.passes == passed + 1


@pytest.mark.parametrize("length", [128, 192, 320, 131, 448])
def test_lengths_that_are_a_blocks_by_chance(length, monkeypatch):
    """Groups as many as the rows of a block; as many as are shown is refused by name."""
    small_blocks(monkeypatch)
    rng = np.random.default_rng(3)
    arrays = [rng.normal(size=N), rng.integers(0, length, N)]

    def write(y, group):
        effect = aq.Normal("effect", 0, 1, shape=length)
        aq.Potential("spread", -(effect**2).sum())
        aq.Normal("obs", effect[group], 1, observed=y)

    if length == 131:
        with pytest.raises(aq.ModelError, match="effect: a length of 131 is by chance"):
            on_disk(write, arrays)
    else:
        density = assert_same(write, arrays, products=False)
        assert density.feed.size != length


def test_few_rows_are_one_block():
    """A block is hardly longer than it has to be."""
    for n in (1, 63, 64, 65, 1000, 5000, 60_000):

        class Rows:
            total, shown, width = n, 131, 1

        sizes = streamed.block_lengths(Rows)
        assert min(sizes) >= n
        assert sizes[0] <= 1.5 * n + 192
    assert sorted(written.LENGTHS) == written.LENGTHS
