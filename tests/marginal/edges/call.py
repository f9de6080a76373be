"""A call of one operation with operands and parameters at its edges, and programs of such calls."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jax import lax

from aliquot.precision import float64
from tests.marginal.edges.operands import SHAPES, Draw, Operand
from tests.programs import quick


@dataclass(frozen=True)
class Call:
    """One operation, applied to operands.

    Attributes
    ----------
    apply : callable
        From the operands' values to a result, or to several.
    operands : tuple of Operand
    text : str
        What a message says of its parameters.
    exact : bool
        Whether the analysis lists nothing that has no influence.
    smooth : bool
        Whether it has a derivative wherever it is evaluated.
    """

    apply: Callable[..., Any]
    operands: tuple[Operand, ...]
    text: str = ""
    exact: bool = False
    smooth: bool = True
    rule: str = ""

    def __str__(self) -> str:
        each = [f"{o.values.dtype}{list(o.shape)} {o.source}" for o in self.operands]
        return f"{self.rule}({', '.join(each)}; {self.text})"


Maker = Callable[[Draw], Call]
MAKERS: dict[str, Maker] = {}


def makes(*names: str) -> Callable[[Callable[[Draw, str], Call]], Callable[[Draw, str], Call]]:
    """Register what draws calls of some primitives."""

    def register(maker: Callable[[Draw, str], Call]) -> Callable[[Draw, str], Call]:
        for name in names:
            assert name not in MAKERS, name
            MAKERS[name] = lambda draw, name=name: maker(draw, name)
        return maker

    return register


def calls(rule: str, count: int, *, start: int = 0, sums: bool = False) -> list[Call]:
    """Draw calls of one primitive, each of which depends on a discrete variable.

    Parameters
    ----------
    rule : str
        The primitive's name.
    count : int
    start : int
        Of a sequence of calls that goes on for ever, the first.
    sums : bool
        Whether operands are sums, see `Draw`.
    """
    found = []
    for number in range(start, start + count):
        rng = np.random.default_rng([zlib.crc32(rule.encode()), number, sums])
        while True:
            call = MAKERS[rule](Draw(rng, sums=sums, number=number))
            if any(operand.source == "discrete" for operand in call.operands):
                break
        found.append(Call(call.apply, call.operands, call.text, call.exact, call.smooth, rule))
    return found


@dataclass(frozen=True)
class Together:
    """Several calls as one program, which is compiled once.

    Attributes
    ----------
    calls : tuple of Call
    """

    calls: tuple[Call, ...]

    @property
    def discrete(self) -> tuple[np.ndarray, ...]:
        """Discrete variables, of which the states matter to nobody yet."""
        return tuple(np.zeros(shape, np.int64) for shape in SHAPES)

    @property
    def data(self) -> tuple[np.ndarray, ...]:
        """The other inputs."""
        return tuple(a for call in self.calls for operand in call.operands for a in operand.given)

    def results(self, discrete: Sequence[Any], data: Sequence[Any]) -> list[list[Any]]:
        """Compute the results of each call."""
        rest = list(data)
        found = []
        for call in self.calls:
            operands = []
            for operand in call.operands:
                count = len(operand.given)
                operands.append(operand.compute(discrete, rest[:count]))
                del rest[:count]
            found.append(list(jax.tree.leaves(call.apply(*operands))))
        return found

    def flat(self, *inputs: Any) -> list[Any]:
        """Compute all results, from the discrete variables and then the data."""
        width = len(SHAPES)
        return [each for some in self.results(inputs[:width], inputs[width:]) for each in some]

    def plain(self, elements: np.ndarray) -> list[list[np.ndarray]]:
        """Compute the results of each call by the operations themselves, one row after the other.

        The operands are computed by NumPy.

        Parameters
        ----------
        elements : int array, shape (rows, elements)
            States of all elements of all variables.

        Returns
        -------
        list of list of array, shape (rows, *shape)
        """
        rows = [[operand.tabulated(elements) for operand in call.operands] for call in self.calls]
        varies = [
            [operand.source == "discrete" for operand in call.operands] for call in self.calls
        ]
        moving = [
            [each for each, moves in zip(some, of_call, strict=True) if moves]
            for some, of_call in zip(rows, varies, strict=True)
        ]
        still = [
            [each[0] for each, moves in zip(some, of_call, strict=True) if not moves]
            for some, of_call in zip(rows, varies, strict=True)
        ]

        def run(moving: Any, still: Any) -> Any:
            def one(row: Any) -> Any:
                found = []
                for call, of_call, here, rest in zip(self.calls, varies, row, still, strict=True):
                    given, kept = iter(here), iter(rest)
                    operands = [next(given if moves else kept) for moves in of_call]
                    found.append(list(jax.tree.leaves(call.apply(*operands))))
                return found

            return lax.map(one, moving)

        with float64():
            return jax.device_get(quick(run)(moving, still))


def together(every: Sequence[Call], size: int = 40) -> Iterator[Together]:
    """Make programs of a few calls each."""
    for start in range(0, len(every), size):
        yield Together(tuple(every[start : start + size]))
