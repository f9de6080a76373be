"""Who fits what: threads of this process, and further processes where fits are short and many.

A fit is native code and Python by turns. Of long ones the native code is nearly all, and threads
keep the cores busy. Short ones are mostly Python, of which one thread runs at a time: they go to
processes of their own. What comes out is the same wherever it is computed.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from typing import Any, Protocol

import jax

from aliquot.background import Background
from aliquot.blas import one_thread
from aliquot.inference.interrupt import Interrupts
from aliquot.many.processes import Helper, HelperLostError

# Seconds of a fit from which on threads are enough, and seconds of work that are worth starting a
# process for.
LONG, WORTH = 2.0, 8.0


class Task(Protocol):
    """What is to be done many times: picklable, like what it is given and what it gives."""

    def __call__(self, job: Any, seed: int, cores: int, /) -> Any:
        """Do it for a job, on so many cores."""


# Does the task for a job and a seed, wherever that is.
Hand = Callable[[Any, int], Any]


def run_all(
    groups: Sequence[Sequence[int]],
    work: Callable[[int, Hand], None],
    task: Task,
    cores: int | None,
    stop: Interrupts,
) -> None:
    """Call ``work(number, hand)`` for the numbers of all groups, several at once.

    The first of each group comes first: what is compiled for it serves the others. What `work`
    raises ends all and is raised here; when `stop` is set, no further number is begun.
    """
    workers = cores or os.cpu_count() or 1
    firsts = [group[0] for group in groups if group]
    rest = [number for group in groups for number in group[1:]]

    def here(cores: int) -> Hand:
        return lambda job, seed: task(job, seed, cores)

    with one_thread():
        at_once = max(min(workers, len(firsts)), 1)
        _together(firsts, work, [here(max(workers // at_once, 1))] * at_once, stop)
        # Another, with nothing to compile, tells how long they take.
        trial, rest = rest[:1], rest[1:]
        began = time.perf_counter()
        _together(trial, work, [here(workers)], stop)
        each = time.perf_counter() - began
        if stop.is_set() or not rest:
            return
        at_once = min(workers, len(rest))
        if each >= LONG or at_once == 1 or jax.default_backend() != "cpu":
            _together(rest, work, [here(1)] * at_once, stop)
            return
        with ExitStack() as closing:
            hands = [here(1)]
            if each * len(rest) > WORTH:
                helpers = [closing.enter_context(Helper(task)) for _ in range(at_once - 1)]
                hands += [_helped(helper, hands[0]) for helper in helpers]
            _together(rest, work, hands, stop)


def _helped(helper: Helper, here: Hand) -> Hand:
    """Let a helper do it, and what it cannot do be done here."""

    def hand(job: Any, seed: int) -> Any:
        if helper.able:
            with suppress(HelperLostError):
                return helper(job, seed)
        return here(job, seed)

    return hand


def _together(
    numbers: Sequence[int],
    work: Callable[[int, Hand], None],
    hands: Sequence[Hand],
    stop: Interrupts,
) -> None:
    """Let each hand take numbers until none is left."""
    left: Iterator[int] = iter(numbers)
    taking = threading.Lock()
    failures: list[BaseException] = []

    def take(hand: Hand) -> None:
        with stop.leading():
            while not (stop.is_set() or failures):
                with taking:
                    number = next(left, None)
                if number is None:
                    return
                try:
                    work(number, hand)
                except BaseException as failure:
                    failures.append(failure)

    threads = [Background(target=take, args=(hand,)) for hand in hands]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(0.2)  # so that Ctrl-C is noticed
    if failures:
        raise failures[0]
