"""Climbs of one function on the host: called in stretches, so that they can be interrupted."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from aliquot.compilation import compiled, kept, loop
from aliquot.newton.trust_region import (
    RUNNING,
    Climb,
    Derivatives,
    Differences,
    Phase,
    begin,
    climb_program,
    climbs_program,
)
from aliquot.precision import float64

# A call of the compiled climb should take about so many seconds: Ctrl-C waits for no longer.
CALL_SECONDS = 0.1
FIRST_CALL_EVALUATIONS = 64
# Evaluations of each of several climbs in a call, at most.
EACH_TOGETHER = 256
# What takes less time than this is not worth a thread of its own; so many in turn take longer where
# it is worth one, since a single one may have waited for the processor.
WORTH_A_THREAD_SECONDS, SLOW = 0.002, 2
# Unconstrained coordinates this far out have left the range in which supports can be told apart.
FAR = 300.0
# And this far out a density that still rises has no bound.
BEYOND = 1e6
# What is left to gain counts for nothing below so many nats.
LEFT = 1e-6


class Climber:
    """Climbs of a function of (flat, data), compiled once for data of one shape.

    `evaluate` is the function with its derivatives; what is compiled of it is kept with `owner`,
    under `key`, as long as that lives. `rows` is how
    many rows of a Hessian there is room for: d, or 0 where none will be asked for. Between two
    calls `stopped` is asked whether to give up. Where an evaluation takes less time than a call,
    so many climbs go `together` in one.

    >>> from aliquot.newton import derivatives
    >>> def owner(): ...
    >>> bowl = lambda x, data: -((x - data) ** 2).sum()
    >>> climber = Climber(owner, "bowl", derivatives(bowl), 3.0, size=2)
    >>> top = climber.climb(np.zeros(2), hessian=True)
    >>> top.position.round(6), converged(top), np.diag(top.hessian).tolist()
    (array([3., 3.]), True, [-2.0, -2.0])
    """

    def __init__(
        self,
        owner: Any,
        key: Any,
        evaluate: Derivatives | Differences,
        data: Any,
        *,
        size: int,
        rows: int | None = None,
        stopped: Callable[[], bool] = lambda: False,
        together: int = 1,
    ) -> None:
        self._data = data
        self._rows = size if rows is None else rows
        self._stopped = stopped
        self._together = together
        # Over before it begins: what a call has room for besides.
        self._over = begin(np.zeros(size), self._rows)._replace(phase=np.int32(Phase.STUCK))
        arguments = self._arguments([self._over], 0, 0, hessian=False)
        program = climb_program(evaluate) if together == 1 else climbs_program(evaluate)
        self._run, _ = kept(
            owner,
            ("climb", key, self._rows, together),
            arguments,
            lambda: compiled(program, *arguments, options=loop()).call,
        )
        self._pace = FIRST_CALL_EVALUATIONS
        self.interrupted = False

    def climb(self, start: np.ndarray, *, steps: int = 1000, hessian: bool = False) -> Climb:
        """Climb from ``start`` (d,) to the top, or for so many steps.

        With `hessian` the matrix there comes along. After `stopped` it is what had been reached,
        and `interrupted` is true.
        """
        return self._go_on(begin(start, self._rows), steps, hessian)

    def climbs(
        self, starts: Sequence[np.ndarray] | np.ndarray, *, steps: int = 1000
    ) -> Iterator[Climb]:
        """Climb from several starts (d,), as `climb` does from each; in order.

        After `stopped` there are no more.
        """
        if self._together == 1:
            yield from in_threads(lambda start: self.climb(start, steps=steps), starts)
            return
        for first in range(0, len(starts), self._together):
            if self._stopped():
                self.interrupted = True
                return
            some = starts[first : first + self._together]
            begun = [begin(start, self._rows) for start in some]
            for climb in self._call(begun, EACH_TOGETHER, steps, hessian=False):
                over = climb.steps >= steps or ran_off(climb)
                yield climb if over else self._go_on(climb, steps, hessian=False)

    def with_hessian(self, climb: Climb) -> Climb:
        """Give a climb that has converged its Hessian."""
        return self._go_on(climb, int(climb.steps), hessian=True)

    def hessian_at(self, position: np.ndarray) -> np.ndarray | None:
        """Compute the Hessian (d, d) at a position (d,); None where it is stopped."""
        there = begin(position, self._rows)._replace(phase=np.int32(Phase.CONVERGED))
        climb = self._go_on(there, steps=1, hessian=True)
        return np.asarray(climb.hessian) if climb.row == self._rows else None

    def evaluate(self, position: np.ndarray) -> tuple[float, np.ndarray]:
        """Compute the height and its gradient (d,) at a position (d,)."""
        (result,) = self._call([begin(position, self._rows)], 1, 1, hessian=False)
        # Where they are not finite the climb keeps what it came with.
        return float(result.height), np.asarray(result.gradient)

    def _go_on(self, climb: Climb, steps: int, hessian: bool) -> Climb:
        wanted = hessian and climb.row < self._rows
        while climb.phase < RUNNING or (wanted and climb.phase == Phase.CONVERGED):
            if self._stopped():
                self.interrupted = True
                return climb
            before = int(climb.evaluations)
            began = time.perf_counter()
            (climb,) = self._call([climb], before + self._pace, steps, hessian)
            seconds = max(time.perf_counter() - began, 1e-6)
            done = max(int(climb.evaluations) - before, 1)
            self._pace = max(1, min(int(CALL_SECONDS / seconds * done), 4 * self._pace))
            wanted = hessian and climb.row < self._rows
            if (climb.phase < Phase.HESSIAN and climb.steps >= steps) or ran_off(climb):
                break
        return climb

    def _call(
        self, climbs: Sequence[Climb], evaluations: int, steps: int, hessian: bool
    ) -> list[Climb]:
        """Go on with some climbs, up to as many evaluations and steps of each."""
        with float64():
            result = self._run(*self._arguments(climbs, evaluations, steps, hessian))
        arrays = [np.asarray(array) for array in result]
        if self._together == 1:
            return [Climb(*arrays)]
        return [Climb(*(array[i] for array in arrays)) for i in range(len(climbs))]

    def _arguments(
        self, climbs: Sequence[Climb], evaluations: int, steps: int, hessian: bool
    ) -> tuple[Any, ...]:
        (state,) = climbs if self._together == 1 else (self._stacked(climbs),)
        return state, self._data, np.int32(evaluations), np.int32(steps), np.bool_(hessian)

    def _stacked(self, climbs: Sequence[Climb]) -> Climb:
        idle = [self._over] * (self._together - len(climbs))
        return Climb(*(np.array(fields) for fields in zip(*climbs, *idle, strict=True)))


def in_threads[Given, Found](
    function: Callable[[Given], Found], given: Iterable[Given]
) -> Iterator[Found]:
    """Apply a function that spends its time in compiled programs, on all cores, in order."""
    left = list(given)
    slow = 0
    while left and slow < SLOW:
        began = time.perf_counter()
        yield function(left.pop(0))
        slow = 0 if time.perf_counter() - began < WORTH_A_THREAD_SECONDS else slow + 1
    if left:
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            yield from pool.map(function, left)


def ran_off(climb: Climb) -> bool:
    """Say whether a climb has left the range in which supports can be told apart.

    There the height is flat, or it rises still: it has no bound.
    """
    far = np.abs(climb.position)
    if not (far > FAR).any():
        return False
    outwards = climb.gradient * np.sign(climb.position)
    flat = (far > FAR) & (climb.gradient == 0)
    return bool(np.any(flat | ((far > BEYOND) & (outwards > LEFT))))


def converged(climb: Climb) -> bool:
    """Say whether a climb ended at a point from which nothing is left to gain."""
    return bool(climb.phase == Phase.CONVERGED) and not ran_off(climb)


def ending(climb: Climb) -> str:
    """Say in words how a climb ended."""
    if ran_off(climb):
        return "it ran off to the edge of a support, where numbers end"
    if converged(climb):
        return "a Newton step would gain nothing"
    if climb.phase == Phase.IMPOSSIBLE:
        return "the start point has no finite value and gradient"
    if climb.phase == Phase.INFINITE:
        return "the density is infinite"
    if climb.phase == Phase.STUCK:
        return "no step leads up, however short, although the slope says so"
    return f"it still rose after {climb.steps} steps"
