"""Programs that stay in memory as long as what they were compiled for lives."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Any

import jax
import numpy as np


class _Store:
    """The programs of one owner; of two threads that ask for the same one makes it.

    Different ones are made at the same time: XLA, which takes most of it, is in no other's way.
    """

    def __init__(self) -> None:
        self.programs: dict[Any, Any] = {}
        self.making: dict[Any, threading.RLock] = {}


_stores: dict[int, _Store] = {}
_lock = threading.Lock()


def owner_of(function: Any) -> Any:
    """Return what a function's programs are kept with: what it is a method of, or itself.

    A model's density is another object once its data are others; its log density stays the same.
    """
    return getattr(function, "__self__", function)


def kept[Program](
    owner: Any, key: Any, arguments: Any, make: Callable[[], Program]
) -> tuple[Program, bool]:
    """Return what was made for an owner, and whether it had to be made.

    It holds machine code and no reference to the owner, which must allow weak references, so that
    keeping it keeps no data alive. `key` is hashable; with the shapes and dtypes of `arguments`, as
    the program will be called, it says which program this is.

    >>> def owner(): ...
    >>> kept(owner, "sum", [0.0], lambda: 1), kept(owner, "sum", [1.0], lambda: 2)
    ((1, True), (1, False))
    """
    leaves, structure = jax.tree.flatten(arguments)
    types = tuple((np.shape(leaf), getattr(leaf, "dtype", type(leaf))) for leaf in leaves)
    which = (key, structure, types, jax.default_backend())
    with _lock:
        store = _stores.get(id(owner))
        if store is None:
            store = _stores[id(owner)] = _Store()
            # By identity: what owns a density may hold arrays, which are not hashable.
            weakref.finalize(owner, _stores.pop, id(owner), None)
        making = store.making.setdefault(which, threading.RLock())
    with making:
        new = which not in store.programs
        if new:
            store.programs[which] = make()
        return store.programs[which], new
