"""Transforms are traced functions: their tests run in double precision, as the density does."""

from collections.abc import Iterator

import pytest

from aliquot.precision import float64


@pytest.fixture(autouse=True)
def in_double_precision() -> Iterator[None]:
    with float64():
        yield
