"""Fitted estimators against the classes of every published fit in ``tests/published``."""

from __future__ import annotations

import pytest

from tests.published.classes import CLEAR, SURE, check, fitted, published
from tests.published.test_results import RESULTS


@pytest.mark.parametrize("name", RESULTS)
def test_published_classes(name, verified):
    data = RESULTS[name]["data"]
    sure, open_ = check(published(name), fitted(name))
    verified(
        what=f"classes of the rows of {data} that a published fit is {SURE:.0%} sure of",
        against=f"{RESULTS[name]['source'].partition(',')[0]}: {name}",
        cases=sure,
        worst=f"{open_} with less than {CLEAR:.0%}, none elsewhere with as much",
    )
