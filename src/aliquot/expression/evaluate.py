"""Computing the values of expressions from the values of their leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import jax

from aliquot.errors import ModelError
from aliquot.expression.node import Expression, Leaf


def order(outputs: Iterable[Expression], known: Iterable[int] = ()) -> list[Expression]:
    """List every node that the outputs need, inputs before the nodes that use them.

    Nodes whose values are there already, `known` by their ``id``, are left out, and all above them.
    """
    done: dict[int, Expression] = {}
    stack: list[tuple[Expression, bool]] = [(node, False) for node in outputs][::-1]
    while stack:
        node, ready = stack.pop()
        if id(node) in done or id(node) in known:
            continue
        if ready:
            done[id(node)] = node
        else:
            stack.append((node, True))
            stack.extend((parent, False) for parent in reversed(node.inputs))
    return list(done.values())


def expressions(tree: Any) -> list[Expression]:
    """List the expressions that stand in a pytree: a distribution, a list, one expression."""
    found = jax.tree.leaves(tree, is_leaf=lambda x: isinstance(x, Expression))
    return [leaf for leaf in found if isinstance(leaf, Expression)]


def leaves(*trees: Any) -> list[Leaf]:
    """List the leaves that the given expressions, distributions or lists of them depend on."""
    return [node for node in order(expressions(trees)) if isinstance(node, Leaf)]


class Evaluation:
    """Values of expressions, each shared part computed once.

    `values` is what is known to begin with: the leaves' values. More can be added with `set`.
    """

    def __init__(self, values: Mapping[Any, Any] | None = None) -> None:
        self._known: dict[int, Any] = {}
        self._safe: dict[int, Any] = {}
        self._nodes: list[Expression] = []  # kept, so that no other node can get one's id
        for node, value in (values or {}).items():
            self.set(node, value)

    def set(self, node: Expression, value: Any) -> None:
        """Give a node its value."""
        self._known[id(node)] = value
        self._nodes.append(node)

    def __call__(self, tree: Any) -> Any:
        """Compute every expression in a pytree (a distribution, a list, one expression).

        A leaf without a value is a `ModelError`.
        """
        for node in order(expressions(tree), self._known.keys()):
            if node.function is None:
                raise ModelError(f"{node.text} has no value here: it belongs to another model")
            self.set(node, node.function(*(self._known[id(up)] for up in node.inputs)))
        return _filled(tree, self._known)

    def safely(self, tree: Any) -> Any:
        """Compute the same with numbers in place of the NaN that an index out of range gives.

        Where such a number ends up in a result, it is `__call__` that gives NaN: a density is zero
        there, and its gradient has to be finite for what else is in it.
        """
        found = expressions(tree)
        if not any(node.may_be_nan for node in found):
            return self(tree)
        sure = {id(node) for node in self._nodes if not node.may_be_nan} & self._known.keys()
        for node in order(found, self._safe.keys() | sure):
            if not node.may_be_nan:
                self(node)
                continue
            function: Any = node.safe or node.function
            given = (self._safe if up.may_be_nan else self._known for up in node.inputs)
            self._safe[id(node)] = function(
                *(values[id(up)] for values, up in zip(given, node.inputs, strict=True))
            )
            self._nodes.append(node)
        return _filled(tree, self._known | self._safe)


def _filled(tree: Any, values: Mapping[int, Any]) -> Any:
    return jax.tree.map(
        lambda leaf: values[id(leaf)] if isinstance(leaf, Expression) else leaf,
        tree,
        is_leaf=lambda leaf: isinstance(leaf, Expression),
    )
