"""How processes meet before JAX's runtime starts, which ends a process that waits in vain.

Rank 0 listens where its coordinator will: the others come there, say who they are, and learn that
all have come. The connections stay, as the ties by which each knows that the others are alive; the
port becomes free, and is JAX's from then on.
"""

from __future__ import annotations

import socket
import time
from collections import Counter
from contextlib import suppress
from importlib.metadata import version
from typing import Any

from aliquot.distributed.seat import Seat
from aliquot.distributed.tie import Peer, Tie, interval, this_process
from aliquot.errors import WorkerError

_SAME = ("aliquot", "jax", "jaxlib")
# Seconds after which a connection that says nothing is not one of ours.
_STRANGER = 5.0


def meet_workers(seat: Seat, timeout: float) -> dict[Peer, Tie]:
    """Wait for all workers, and tell them that all are there; or all, why it cannot be.

    Raises
    ------
    WorkerError
        Where some do not come in time, or have other versions.
    """
    ties: dict[Peer, Tie] = {}
    said = [_hello(seat)]
    deadline = time.monotonic() + timeout
    with _server(seat) as server:
        while len(ties) < seat.processes - 1 and (left := deadline - time.monotonic()) > 0:
            server.settimeout(left)
            with suppress(OSError):  # in time, there is none
                connection = server.accept()[0]
                connection.settimeout(min(_STRANGER, left))
                tie = Tie(connection)
                hello = _known(tie)
                if hello is None:
                    connection.close()
                    continue
                # To send a heartbeat must not take long, even to a process that does not read.
                connection.settimeout(interval(timeout))
                said.append(hello)
                ties[_peer(hello)] = tie
    wrong = _wrong(said, seat, timeout)
    for tie in ties.values():
        tie.send({"wrong": wrong, "timeout": timeout})
    if wrong:
        for tie in ties.values():
            tie.finish()
        raise WorkerError(wrong)
    return ties


def meet_rank_0(seat: Seat, timeout: float) -> tuple[Tie, float]:
    """Return the tie to rank 0, once all are there, and rank 0's timeout.

    Raises
    ------
    WorkerError
        Where it cannot be reached in time, or says that something is wrong.
    """
    deadline = time.monotonic() + timeout
    connection = _reach(seat, deadline)
    if connection is None:
        raise WorkerError(
            f"rank {seat.rank} could not reach rank 0 at {seat.coordinator} within {timeout:g} s. "
            "Rank 0 has to be started within that time, and this address to lead to it"
        )
    tie = Tie(connection)
    tie.send(_hello(seat))
    # Rank 0 may have begun to wait later; it says something when its own time is over.
    connection.settimeout(2 * timeout)
    with suppress(TimeoutError):
        for said in tie.receive() or []:
            if said["wrong"]:
                raise WorkerError(said["wrong"])
            connection.settimeout(interval(said["timeout"]) / 2)
            return tie, float(said["timeout"])
    raise WorkerError(f"rank 0 at {seat.coordinator} has ended before all processes had come")


def wait_for_coordinator(seat: Seat, timeout: float) -> None:
    """Wait until JAX's own service listens: a client that comes before it waits for a second."""
    connection = _reach(seat, time.monotonic() + timeout)
    if connection is not None:
        connection.close()


def _reach(seat: Seat, deadline: float) -> socket.socket | None:
    while (left := deadline - time.monotonic()) > 0:
        with suppress(OSError):
            return socket.create_connection((seat.host, seat.port), timeout=left)
        time.sleep(0.05)
    return None


def _server(seat: Seat) -> socket.socket:
    try:
        if seat.is_local:
            family = socket.AF_INET6 if seat.host == "::1" else socket.AF_INET
            return socket.create_server((seat.host, seat.port), family=family)
        if socket.has_dualstack_ipv6():
            everywhere = ("::", seat.port)
            return socket.create_server(everywhere, family=socket.AF_INET6, dualstack_ipv6=True)
        return socket.create_server(("", seat.port))
    except OSError as error:
        raise WorkerError(
            f"rank 0 cannot listen at port {seat.port}: {error.strerror or error}. Choose another "
            "as coordinator"
        ) from error


def _hello(seat: Seat) -> dict[str, Any]:
    versions = {name: version(name) for name in _SAME}
    return versions | this_process(seat.rank)._asdict() | {"processes": seat.processes}


def _known(tie: Tie) -> dict[str, Any] | None:
    """Return what a process says of itself; None for a stranger."""
    try:
        hello: dict[str, Any] = (tie.receive() or [{}])[0]
        _peer(hello)
        ours = {*_SAME, "processes"} <= hello.keys()
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OSError):
        return None
    return hello if ours else None


def _peer(hello: dict[str, Any]) -> Peer:
    return Peer(int(hello["rank"]), str(hello["host"]), int(hello["pid"]))


def _wrong(said: list[dict[str, Any]], seat: Seat, timeout: float) -> str:
    """Say why those who have come cannot work together, or nothing.

    >>> me = {"aliquot": "1", "jax": "2", "jaxlib": "2", "processes": 2}
    >>> me |= {"rank": 0, "host": "a", "pid": 1}
    >>> _wrong([me, me | {"jax": "3", "rank": 1, "pid": 2}], Seat("a:5000", 2, 0), 60)
    'rank 1 (process 2 on a) has jax 3, and rank 0 has jax 2. Install the same everywhere'
    """
    first, *others = said
    found = []
    for other in others:
        if other["processes"] != first["processes"]:
            return (
                f"{_peer(other)} is one of {other['processes']} processes, and rank 0 one of "
                f"{first['processes']}. Give all the same number"
            )
        differing = [name for name in _SAME if other[name] != first[name]]
        if differing:
            theirs = ", ".join(f"{name} {other[name]}" for name in differing)
            ours = ", ".join(f"{name} {first[name]}" for name in differing)
            found.append(f"{_peer(other)} has {theirs}, and rank 0 has {ours}")
    if found:
        return "; ".join(found) + ". Install the same everywhere"
    times = Counter(hello["rank"] for hello in said)
    twice = [f"{_peer(hello)}" for hello in said if times[hello["rank"]] > 1]
    if twice:
        return f"{' and '.join(twice)} have the same rank. Give each its own"
    missing = [rank for rank in range(seat.processes) if rank not in times]
    if missing:
        return (
            f"rank{'s' * (len(missing) > 1)} {', '.join(map(str, missing))} of "
            f"{seat.processes} processes did not come to {seat.coordinator} within {timeout:g} s. "
            "All must be started within that time, and this address be reachable for them"
        )
    return ""
