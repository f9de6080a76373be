"""Programs of these tests are compiled, or loaded from the folder that they are about."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import programs


@pytest.fixture(autouse=True)
def no_others_are_loaded() -> Iterator[None]:
    with programs.left_aside():
        yield
