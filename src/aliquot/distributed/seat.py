"""Which process of a team this is: from arguments, the environment, or the cluster."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from aliquot.errors import ParameterError
from aliquot.primitives.internals import cluster

COORDINATOR, PROCESSES, RANK = "ALIQUOT_COORDINATOR", "ALIQUOT_PROCESSES", "ALIQUOT_RANK"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Seat:
    """One process's place among several."""

    coordinator: str  # host:port of rank 0
    processes: int
    rank: int
    devices: Sequence[int] | None = None  # of this machine; None: all

    @property
    def host(self) -> str:
        """Where rank 0 is reached."""
        return self.coordinator.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port there."""
        return int(self.coordinator.rpartition(":")[2])

    @property
    def is_local(self) -> bool:
        """Whether all processes are on one machine, and nobody else is to reach them."""
        return self.host in LOOPBACK


def find_seat(
    coordinator: str | None, processes: int | None, rank: int | None, timeout: float
) -> Seat | None:
    """Return this process's place, or None for a process by itself.

    Raises
    ------
    ParameterError
        For a setting that makes no sense, or where some are missing.
    """
    coordinator = coordinator or os.environ.get(COORDINATOR) or None
    count = _number("processes", PROCESSES, processes)
    number = _number("rank", RANK, rank)
    devices = None
    if coordinator is None and count is None and number is None:
        coordinator, count, number, devices = cluster(max(1, int(timeout)))
    if count == 1 or (coordinator is None and count is None and number is None):
        return None
    given = {
        f"coordinator ({COORDINATOR})": coordinator,
        f"processes ({PROCESSES})": count,
        f"rank ({RANK})": number,
    }
    missing = [name for name, value in given.items() if value is None]
    if coordinator is None or count is None or number is None:
        raise ParameterError(
            f"aq.distributed.initialize: {' and '.join(missing)} not set. Each process of several "
            "needs all three: the address of rank 0 as host:port, how many processes there are, "
            "and which of them it is. 'aliquot launch -n 4 script.py' sets them"
        )
    if count < 1:
        raise ParameterError(f"processes ({PROCESSES}) must be at least 1; got {count}")
    if not 0 <= number < count:
        raise ParameterError(
            f"rank ({RANK}) must be from 0 to {count - 1}, one less than the {count} processes; "
            f"got {number}"
        )
    host, _, port = coordinator.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ParameterError(
            f"coordinator ({COORDINATOR}) must be host:port, where rank 0 runs, as in "
            f"10.0.0.5:5000; got {coordinator!r}"
        )
    return Seat(coordinator, count, number, devices)


def leave_to_children() -> None:
    """Have processes that this one starts be by themselves: the place is taken."""
    os.environ[PROCESSES] = "1"
    for name in (COORDINATOR, RANK):
        os.environ.pop(name, None)


def _number(what: str, name: str, given: int | None) -> int | None:
    value = os.environ.get(name) or None if given is None else given
    if value is None:
        return None
    try:
        number = int(value)
        if isinstance(value, bool) or number != float(value):
            raise ValueError
    except (TypeError, ValueError):
        raise ParameterError(f"{what} ({name}) must be a whole number; got {value!r}") from None
    return number
