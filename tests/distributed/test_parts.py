"""What a team is made of, without processes: settings, heartbeats, and what goes around."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import aliquot as aq
from aliquot.distributed.exchange import Exchange
from aliquot.distributed.meeting import meet_workers
from aliquot.distributed.seat import Seat, find_seat, leave_to_children
from aliquot.distributed.tie import Silence, Tie

VARIABLES = ("ALIQUOT_COORDINATOR", "ALIQUOT_PROCESSES", "ALIQUOT_RANK")


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, "SLURM_JOB_ID", "OMPI_MCA_orte_hnp_uri", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)


# Settings -----------------------------------------------------------------------------------------


def test_a_seat_from_arguments_and_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_seat(None, None, None, 60) is None
    given = find_seat("node:5000", 4, 3, 60)
    for name, value in zip(VARIABLES, ("node:5000", "4", "3"), strict=True):
        monkeypatch.setenv(name, value)
    assert find_seat(None, None, None, 60) == given == Seat("node:5000", 4, 3)
    assert find_seat(None, None, 1, 60) == Seat("node:5000", 4, 1)
    assert find_seat(None, 1, None, 60) is None
    monkeypatch.setenv("ALIQUOT_PROCESSES", "1")
    assert find_seat(None, None, None, 60) is None
    leave_to_children()
    assert find_seat(None, None, None, 60) is None


def test_a_seat_from_the_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    slurm = {
        "SLURM_JOB_ID": "70001",
        "SLURM_STEP_NODELIST": "node[3-4]",
        "SLURM_NTASKS": "2",
        "SLURM_PROCID": "1",
        "SLURM_LOCALID": "0",
    }
    for name, value in slurm.items():
        monkeypatch.setenv(name, value)
    seat = find_seat(None, None, None, 60)
    assert seat is not None
    assert (seat.host, seat.processes, seat.rank) == ("node3", 2, 1)
    assert not seat.is_local
    monkeypatch.setenv("SLURM_NTASKS", "1")
    assert find_seat(None, None, None, 60) is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"processes": 4}, "coordinator .* and rank .ALIQUOT_RANK. not set"),
        ({"coordinator": "a:1", "processes": 2}, "rank .ALIQUOT_RANK. not set"),
        ({"coordinator": "a:1", "processes": 2, "rank": 2}, "from 0 to 1.*got 2"),
        ({"coordinator": "a:1", "processes": 2, "rank": -1}, "from 0 to 1.*got -1"),
        ({"coordinator": "a:1", "processes": 0, "rank": 0}, "at least 1; got 0"),
        ({"coordinator": "a:1", "processes": 2.5, "rank": 0}, "whole number; got 2.5"),
        ({"coordinator": "a:1", "processes": 2, "rank": True}, "whole number; got True"),
        ({"coordinator": "a", "processes": 2, "rank": 0}, "must be host:port.*got 'a'"),
        ({"coordinator": ":80", "processes": 2, "rank": 0}, "must be host:port"),
        ({"coordinator": "a:99999", "processes": 2, "rank": 0}, "must be host:port"),
        ({"timeout": 0}, "timeout must be at least 1"),
        ({"timeout": float("nan")}, "timeout must be at least 1"),
    ],
)
def test_settings_that_make_no_sense(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(aq.ParameterError, match=words):
        aq.distributed.initialize(**arguments)


def test_a_coordinator_by_its_address() -> None:
    seat = Seat("[fe80::1]:5000", 2, 0)
    assert (seat.host, seat.port, seat.is_local) == ("fe80::1", 5000, False)
    assert Seat("127.0.0.1:5000", 2, 0).is_local


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(aq.WorkerError, match=f"cannot listen at port {port}"):
            meet_workers(Seat(f"127.0.0.1:{port}", 2, 0), 1)


# Ties ---------------------------------------------------------------------------------------------


def test_silence_is_what_a_process_was_awake_to_hear() -> None:
    silence = Silence(10)
    assert not silence.is_too_long(3600)  # it was stopped itself
    assert not any(silence.is_too_long(1) for _ in range(8))
    assert silence.is_too_long(1)
    silence.heard()
    assert not silence.is_too_long(1)


def test_messages_arrive_whole_and_in_order() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        left = socket.create_connection(server.getsockname())
        right = server.accept()[0]
    tie, other = Tie(left), Tie(right)
    right.settimeout(60)
    sent: list[dict[str, Any]] = [{"n": n, "text": "a\nb" * 50_000} for n in range(3)]

    def send() -> None:
        for message in sent:
            tie.send()
            tie.send(message)
        tie.finish()

    sender = threading.Thread(target=send)
    sender.start()
    found: list[dict[str, Any]] = []
    while (messages := other.receive()) is not None:
        found += messages
    sender.join()
    assert found == sent
    left.close()
    right.close()
    tie.send()  # to nobody, which is no error


# What goes around ---------------------------------------------------------------------------------


class Meeting:
    """Sums over threads, each of which stands for a process."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.lengths: list[int] = []
        self._given: dict[int, np.ndarray] = {}
        self._barrier = threading.Barrier(size)

    def of(self, rank: int) -> Any:
        def total(mine: np.ndarray) -> np.ndarray:
            self._given[rank] = mine
            self._barrier.wait(60)
            parts = [self._given[k] for k in range(self.size)]
            assert len({(part.shape, part.dtype) for part in parts}) == 1
            if rank == 0:
                self.lengths.append(len(mine))
            self._barrier.wait(60)
            return np.sum(parts, axis=0)

        total.size = self.size  # type: ignore[attr-defined]
        return total


def everywhere(size: int, do: Callable[[int, Exchange], Any]) -> tuple[list[Any], list[int]]:
    """Do something as each of some processes; return what they found, and what went around."""
    meeting = Meeting(size)
    found: list[Any] = [None] * size

    def work(rank: int) -> None:
        found[rank] = do(rank, Exchange(meeting.of(rank), rank))

    threads = [threading.Thread(target=work, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found, meeting.lengths


def test_all_hear_what_rank_0_tells() -> None:
    rng = np.random.default_rng(1)
    contents = [rng.bytes(n) for n in (0, 1, 7, 8, 9, 8183, 8184, 8185, 200_000, 200_000, 3, 9000)]
    found, lengths = everywhere(
        3, lambda rank, exchange: [exchange.tell(c if rank == 0 else None) for c in contents]
    )
    assert found == [contents] * 3
    # One sum for each, and one more for what was longer than what came before.
    assert len(lengths) == len(contents) + 3
    assert all(n >= 1024 and n & (n - 1) == 0 for n in lengths)


def test_all_agree_on_who_was_able() -> None:
    found, _ = everywhere(3, lambda rank, exchange: exchange.agree((None, 0, 5)[rank]))
    for agreed in found:
        assert agreed.able.tolist() == [False, True, True]
        assert agreed.lengths.tolist() == [0, 0, 5]


def test_a_total_counts_who_has_none() -> None:
    def give(rank: int, exchange: Exchange) -> tuple[list[float], int]:
        total, failed = exchange.total(None if rank == 1 else np.array([1.0, np.inf]), 2)
        return total.tolist(), failed

    found, _ = everywhere(3, give)
    assert found == [([2.0, np.inf], 1)] * 3
