"""What the terms of a log density depend on, established from the computation itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aliquot.marginal.dependence.interpret import interpret
from aliquot.marginal.dependence.lazy import Lazy
from aliquot.marginal.dependence.references import reference
from aliquot.marginal.dependence.summands import Splitter, Summand
from aliquot.marginal.dependence.value import Value
from aliquot.primitives import FlatProgram
from aliquot.primitives.internals import shape_of


@dataclass(frozen=True)
class TermAnalysis:
    """What the outputs of a program depend on."""

    program: Any  # a ClosedJaxpr without calls, with the inputs and outputs that it was given with
    # What the sum of each output's elements is the sum of, in the order of the outputs.
    summands: tuple[Summand, ...]
    consulted: frozenset[int]  # positions of the inputs whose known values the result rests on


def analyse(
    closed: Any,
    *,
    discrete: Mapping[int, int],
    known: Mapping[int, Callable[[], NDArray[Any]]],
    whole: Collection[int] = (),
) -> TermAnalysis:
    """Find which elements of which discrete variables the elements of each term depend on.

    An abstract interpretation: the index of the element that a value depends on goes through the
    program in the value's place. Where an operation only moves elements, reads or writes at a known
    index, works element by element or reduces along axes, the result is exact. What is not
    understood depends on everything that its operands depend on, so that nothing is missed.

    The program `closed` computes the terms of a log density, each an array that is to be summed. By
    position of the input, `discrete` has the number of the discrete variable that it is, and
    `known` a function that gives its value, called only when an index or a condition that decides
    about a dependence needs it. Outputs whose numbers are in `whole` stay in one summand.

    Here each observation depends on one element of `z`, in reverse order:

    >>> import jax
    >>> import jax.numpy as jnp
    >>> import numpy as np
    >>> def term(means, z):
    ...     return -jnp.sum((means[z[::-1]] - jnp.arange(3.0)) ** 2)
    >>> closed = jax.make_jaxpr(term)(np.zeros(2, np.float32), np.zeros(3, np.int32))
    >>> (summand,) = analyse(closed, discrete={1: 0}, known={}).summands
    >>> summand.sign, summand.dependence
    (-1.0, (Reference(variable=0, index=array([2, 1, 0])),))
    """
    program = FlatProgram(closed)
    consulted: set[int] = set()
    inputs = [
        _input(position, shape_of(var), discrete, known, consulted)
        for position, var in enumerate(program.invars)
    ]
    found = interpret(program.closed(), inputs)
    summands = Splitter(program, found).split(program.outvars, whole)
    return TermAnalysis(program.closed(), tuple(summands), frozenset(consulted))


def _input(
    position: int,
    shape: tuple[int, ...],
    discrete: Mapping[int, int],
    known: Mapping[int, Callable[[], NDArray[Any]]],
    consulted: set[int],
) -> Value:
    if position in discrete:
        index = np.arange(prod(shape)).reshape(shape)
        return Value(shape, reference(discrete[position], index))
    if position not in known:
        return Value(shape, ())

    def consult() -> Any:
        consulted.add(position)
        return known[position]()

    return Value(shape, (), Lazy(consult))
