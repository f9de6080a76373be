"""Every operation at its edges: what depends on what, values in states, pieces and densities.

Indices outside, parts that reach beyond the ends, numbers that are cut off or overflow, negative
padding, axes that stay short: parameters and operands are drawn, more of them than in the tests.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.marginal.edges.agreement import Agreement
from tests.marginal.edges.call import Together, together
from tests.marginal.edges.cutting import badly_cut
from tests.marginal.edges.density import densities
from tests.marginal.edges.every import every
from verification.worst import Worst

# As many calls of each primitive; those of the tests are the first of each.
COUNT = 3
PARTS = 6
SIZE = 30


def part_of(part: int, count: int, *, size: int, sums: bool) -> list[Together]:
    """Give the programs of one part of all calls."""
    return list(together(every(count, start=1, sums=sums), size))[part::PARTS]


def finish(verified: Any, failed: list[str], **row: Any) -> None:
    verified(**row, worst=f"{len(failed)} differ" if failed else "none differs")
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize("part", range(PARTS))
def test_influences_and_values(part: int, verified: Any) -> None:
    failed, cases = [], 0
    for number, program in enumerate(part_of(part, COUNT, size=SIZE, sums=False)):
        agreement = Agreement(program, np.random.default_rng([12, part, number]))
        failed += agreement.dependence(known=True) + agreement.dependence(known=False)
        failed += agreement.values()
        cases += len(program.calls)
    finish(
        verified,
        failed,
        what=f"operations at their edges: influences and values, part {part + 1} of {PARTS}",
        against="each element changed by itself; the operations themselves",
        cases=cases,
    )


@pytest.mark.parametrize("part", range(PARTS))
def test_pieces(part: int, verified: Any) -> None:
    """Of all operations: none may be taken for linear that is not."""
    failed, cases = [], 0
    for number, program in enumerate(part_of(part, COUNT, size=SIZE, sums=True)):
        rng = np.random.default_rng([13, part, number])
        failed += badly_cut(program, rng, known=bool(number % 4))[0]
        cases += len(program.calls)
    finish(
        verified,
        failed,
        what=f"operations at their edges: terms cut into pieces, part {part + 1} of {PARTS}",
        against="the sum of the term",
        cases=cases,
    )


@pytest.mark.parametrize("part", range(PARTS))
def test_densities(part: int, verified: Any) -> None:
    worst = Worst()
    for number, program in enumerate(part_of(part, 1, size=10, sums=True)):
        found, expected = densities(program, np.random.default_rng([14, part, number]))
        rules = sorted({call.rule for call in program.calls})
        worst.add(found, expected, f"{rules[0]} to {rules[-1]}")
    verified(
        what=f"operations at their edges: densities and gradients, part {part + 1} of {PARTS}",
        against="enumeration of joint states",
        cases=worst.cases,
        worst=str(worst),
    )
    assert worst.error < 1e-9, str(worst)
