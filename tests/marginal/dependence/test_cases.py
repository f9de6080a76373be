"""What is listed covers what has an influence, and nothing else where that is promised."""

from __future__ import annotations

import numpy as np
import pytest

from tests.marginal.dependence.cases import CASES, Case
from tests.marginal.dependence.influence import analysed, influence, listed, shape_of


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_has_an_influence_is_listed(case: Case) -> None:
    analysis = analysed(case.function, case.discrete, case.data, case.known)
    seen = influence(case.function, case.discrete, case.data)
    sizes = [z.size for z in case.discrete]
    assert len(analysis.summands) == len(seen)
    for piece, changed in zip(analysis.summands, seen, strict=True):
        table = listed(piece.dependence, shape_of(piece.var), sizes)
        assert not np.any(changed & ~table), "an influence was missed"
        if case.exact:
            assert not np.any(table & ~changed), "more is listed than has an influence"
    assert analysis.consulted == case.consulted


def test_names_are_given_once() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
