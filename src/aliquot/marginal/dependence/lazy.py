"""Values that are known before the program runs, worked out only when an index needs them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Lazy:
    """A value that `compute` can work out from other such values, its parents."""

    __slots__ = ("_compute", "_parents", "_value")

    def __init__(self, compute: Callable[..., Any], parents: Sequence[Lazy] = ()) -> None:
        self._compute: Callable[..., Any] | None = compute
        self._parents: Sequence[Lazy] = parents
        self._value: Any = None

    def __call__(self) -> Any:
        """Return the value, computed at most once."""
        # A stack of our own: a chain of operations may be longer than Python's.
        stack = [self]
        while stack:
            top = stack[-1]
            if top._compute is None:
                stack.pop()
                continue
            waiting = [parent for parent in top._parents if parent._compute is not None]
            if waiting:
                stack += waiting
                continue
            top._value = top._compute(*(parent._value for parent in top._parents))
            top._compute, top._parents = None, ()
            stack.pop()
        return self._value

    def integers(self) -> NDArray[np.int64]:
        """Return the value as int64, for use as an index."""
        return np.asarray(self()).astype(np.int64)
