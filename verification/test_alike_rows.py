"""Log likelihoods and states of rows that are alike: the models that take long to compile."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.density import test_alike_rows


@pytest.mark.parametrize("name", test_alike_rows.LONG)
def test_rows_get_their_own_log_likelihood_and_states(
    name: str,
    rng: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
    verified: Callable[..., None],
) -> None:
    test_alike_rows.test_each_row_gets_its_own_log_likelihood_and_states(name, rng, monkeypatch)
    verified(
        what=f"log likelihood and states by row, {name.replace('_', ' ')}",
        against="the same without what is alike computed once",
        cases=test_alike_rows.ROWS,
        worst="within 1e-12",
    )
