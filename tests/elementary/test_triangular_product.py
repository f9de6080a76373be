"""Products in blocks of rows against whole ones."""

from __future__ import annotations

import numpy as np
import pytest

from aliquot.elementary.triangular_product import (
    BLOCKS,
    LEAST,
    ROWS,
    product,
    row_blocks,
    transposed_product,
)
from aliquot.precision import float64

SIZES = [1, 7, LEAST - 1, LEAST, ROWS * 3, 100, ROWS * BLOCKS, ROWS * BLOCKS + 1, 250]


@pytest.mark.parametrize("columns", [(), (1,), (3,)])
@pytest.mark.parametrize("size", SIZES)
def test_products_equal_numpys(size, columns):
    rng = np.random.default_rng(size)
    lower, right = np.tril(rng.normal(size=(size, size))), rng.normal(size=(size, *columns))
    blocks = row_blocks(lower)
    assert sum(len(block) for block in blocks) == size
    assert len(blocks) <= BLOCKS
    with float64():
        np.testing.assert_allclose(product(blocks, right), lower @ right, rtol=1e-9, atol=1e-11)
        turned = transposed_product(blocks, right)
        np.testing.assert_allclose(turned, lower.T @ right, rtol=1e-9, atol=1e-11)


def test_several_matrices_stay_whole():
    rng = np.random.default_rng(0)
    lower, right = np.tril(rng.normal(size=(2, 40, 40))), rng.normal(size=(2, 40, 3))
    (whole,) = blocks = row_blocks(lower)
    assert whole is lower
    with float64():
        np.testing.assert_allclose(product(blocks, right), lower @ right, rtol=1e-9)
        turned = transposed_product(blocks, right)
        np.testing.assert_allclose(turned, lower.swapaxes(1, 2) @ right, rtol=1e-9)
