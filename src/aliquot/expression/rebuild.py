"""The same expressions of other leaves: the graph is gone over, and what is shared stays shared."""

from __future__ import annotations

from typing import Any

import jax

from aliquot.errors import ModelError
from aliquot.expression.evaluate import expressions, order
from aliquot.expression.node import Expression, Leaf


class Rebuilding:
    """What stands in place of each expression that has been gone over.

    >>> from aliquot.expression.node import Leaf
    >>> import numpy as np
    >>> x, y = (Leaf(name, (), np.dtype(float)) for name in "xy")
    >>> rebuilding = Rebuilding()
    >>> rebuilding.set(x, y)
    >>> rebuilding([x + 1])[0].inputs[0] is y
    True
    """

    def __init__(self) -> None:
        self._known: dict[int, Expression] = {}
        self._nodes: list[Expression] = []  # kept, so that no other node can get one's id

    def set(self, node: Expression, other: Expression) -> None:
        """Say what stands in a node's place."""
        self._known[id(node)] = other
        self._nodes.append(node)

    def __call__(self, tree: Any) -> Any:
        """Give a pytree (arguments, a distribution, one expression) with other expressions in it.

        A leaf of which nobody has said what stands in its place is a `ModelError`.
        """
        for node in order(expressions(tree), self._known.keys()):
            if isinstance(node, Leaf):
                raise ModelError(f"{node.name!r} has nothing in its place: it is of another model")
            if not node.inputs:  # numbers
                self.set(node, node)
                continue
            inputs = tuple(self._known[id(up)] for up in node.inputs)
            self.set(node, self._like(node, inputs))
        return jax.tree.map(
            lambda leaf: self._known[id(leaf)] if isinstance(leaf, Expression) else leaf,
            tree,
            is_leaf=lambda leaf: isinstance(leaf, Expression),
        )

    def _like(self, node: Expression, inputs: tuple[Expression, ...]) -> Expression:
        """Make an expression like another, of other inputs."""
        new = object.__new__(type(node))
        for owner in type(node).__mro__:
            for slot in getattr(owner, "__slots__", ()):
                if slot != "__weakref__" and hasattr(node, slot):
                    value = getattr(node, slot)
                    # What another kind of node has besides, such as a distribution, is gone over.
                    setattr(new, slot, value if owner is Expression else self(value))
        new.inputs = inputs
        new.taken_from = None if node.taken_from is None else self(node.taken_from)
        new.may_be_nan = node.safe is not None or any(up.may_be_nan for up in inputs)
        if new.check is not None:
            new.check(inputs)
        return new
