"""Computing the values of expressions from the values of their leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aliquot.errors import ModelError
from aliquot.expression.node import Expression, Leaf


def order(outputs: Iterable[Expression]) -> list[Expression]:
    """List every node that the outputs need, inputs before the nodes that use them."""
    done: dict[int, Expression] = {}
    stack: list[tuple[Expression, bool]] = [(node, False) for node in outputs][::-1]
    while stack:
        node, ready = stack.pop()
        if id(node) in done:
            continue
        if ready:
            done[id(node)] = node
        else:
            stack.append((node, True))
            stack.extend((parent, False) for parent in reversed(node.inputs))
    return list(done.values())


def leaves(*outputs: Any) -> list[Leaf]:
    """List the leaves that the given expressions depend on; anything else is passed over."""
    nodes = order(out for out in outputs if isinstance(out, Expression))
    return [node for node in nodes if isinstance(node, Leaf)]


def evaluate(outputs: Sequence[Any], values: Mapping[Leaf, Any]) -> list[Any]:
    """Compute expressions, each shared part once.

    Parameters
    ----------
    outputs : sequence of Expression or array
        What to compute; arrays and numbers pass through.
    values : mapping from Leaf to array
        The value of each leaf. An expression that is itself a key is not computed again.

    Returns
    -------
    list of array
        One for each output.

    Raises
    ------
    ModelError
        Where a leaf has no value.
    """
    known: dict[int, Any] = {id(leaf): value for leaf, value in values.items()}
    pending = [out for out in outputs if isinstance(out, Expression) and id(out) not in known]
    for node in order(pending):
        if id(node) in known:
            continue
        if node.function is None:
            raise ModelError(f"{node.text} has no value here: it belongs to another model")
        known[id(node)] = node.function(*(known[id(parent)] for parent in node.inputs))
    return [known[id(out)] if isinstance(out, Expression) else out for out in outputs]
