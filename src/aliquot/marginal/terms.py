"""The terms of a log density, and which of them depend on what is summed out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from aliquot.expression import Evaluation, Expression, Leaf, expressions, order


@dataclass(frozen=True, eq=False)
class Term:
    """One term of a log density: an array whose elements are summed."""

    name: str  # of the variable that it belongs to
    kind: str  # "free", "observed" or "potential"
    sources: Any  # the expressions that it is computed from, a pytree
    compute: Callable[[Evaluation], Any]  # gives the array


def depends_on(sources: Any, nodes: Iterable[Expression]) -> bool:
    """Say whether expressions are computed from one of the nodes."""
    stops = {id(node) for node in nodes}
    outputs = expressions(sources)
    if any(id(output) in stops for output in outputs):
        return True
    return any(id(up) in stops for node in order(outputs, stops) for up in node.inputs)


def leaves_below(sources: Any, nodes: Iterable[Expression]) -> list[Leaf]:
    """List the leaves that expressions need besides the nodes, whose values are given."""
    stops = {id(node) for node in nodes}
    return [node for node in order(expressions(sources), stops) if isinstance(node, Leaf)]
