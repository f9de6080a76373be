"""Fitted estimators against the classes of every published fit in ``tests/published``."""

from __future__ import annotations

import pytest

from tests.published.classes import SURE, check, fitted, published
from tests.published.test_results import RESULTS


@pytest.mark.parametrize("name", RESULTS)
def test_published_classes(name, verified):
    sure, open_ = check(published(name), fitted(name))
    verified(
        what=f"classes of the rows of {RESULTS[name]['data']} by a fitted estimator",
        against=f"{RESULTS[name]['source'].partition(',')[0]}: {name}",
        cases=sure,
        worst=f"{open_} of the rows that it gives {SURE:.0%} or more are less clear to ours, none "
        "is elsewhere",
    )
