"""Leaves with values, and the check that an expression is what NumPy would have computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from aliquot.expression import Evaluation, Leaf
from aliquot.precision import float64

ARRAYS = {
    "a": np.array([[0.3, -1.2, 2.5], [1.7, 0.4, -0.6]]),
    "b": np.array([[1.1, 0.7, -0.9], [0.2, 2.2, 1.3]]),
    "v": np.array([0.9, -0.4, 1.6]),
    "p": np.array([0.2, 0.5, 0.3]),
    "s": np.array(1.75),
    "n": np.array([[3, -2, 5], [4, 0, 1]]),
    "k": np.array([2, 0, 1, 2]),
    "m": np.array([[True, False, True], [False, False, True]]),
    "q": np.array([[2.0, 0.3, 0.1], [0.3, 1.5, 0.2], [0.1, 0.2, 1.1]]),
}


class Values:
    """The arrays under their names: as NumPy's, or as leaves of expressions."""

    def __init__(self, make: Callable[[str, np.ndarray], Any]) -> None:
        for name, array in ARRAYS.items():
            setattr(self, name, make(name, array))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


arrays = Values(lambda _, array: array)


def leaf(name: str, array: np.ndarray) -> Leaf:
    return Leaf(name, array.shape, array.dtype)


def evaluate(result: Any, given: Values) -> Any:
    with float64():
        values = Evaluation({getattr(given, name): array for name, array in ARRAYS.items()})
        return values(result)
