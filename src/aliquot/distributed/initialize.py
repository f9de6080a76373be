"""``aq.distributed.initialize``."""

from __future__ import annotations

import atexit
import math
import threading
from importlib.util import find_spec

from aliquot.distributed.exchange import Exchange
from aliquot.distributed.join import join
from aliquot.distributed.seat import find_seat, leave_to_children
from aliquot.distributed.team import Team
from aliquot.distributed.worker import Worker
from aliquot.errors import ParameterError

_lock = threading.Lock()
_alone = Team()
_teams: list[Team] = []  # the one, once there is one


def initialize(
    *,
    coordinator: str | None = None,
    processes: int | None = None,
    rank: int | None = None,
    timeout: float = 60.0,
) -> None:
    """Share the work of this script with the other processes that run it.

    Call it at the top of the script, right after the imports. The process of rank 0 goes on with
    the script. In every other process nothing after this line runs: it serves rank 0 until that
    ends, and ends then, with status 0. So what the script prints, draws and writes is there once.

    Without arguments the place of this process comes from the environment variables
    ``ALIQUOT_COORDINATOR``, ``ALIQUOT_PROCESSES`` and ``ALIQUOT_RANK``, which ``aliquot launch``
    sets; or else from what JAX finds out about the cluster (SLURM, Open MPI, Kubernetes). Without
    these, nothing happens: a process by itself. A second call does nothing.

    Parameters
    ----------
    coordinator : str, optional
        Where rank 0 runs, as host:port; a port that is free there.
    processes : int, optional
        How many there are.
    rank : int, optional
        Which of them this is, from 0.
    timeout : float
        Seconds within which all must have come, and after which one that is silent is taken for
        lost. Rank 0's holds for all.

    Raises
    ------
    ParameterError
        For settings that make no sense.
    ModelError
        Where JAX has computed something before.
    ImportError
        Where there are several and flatbuffers is not installed.
    WorkerError
        Where not all come in time, or have different versions of Aliquot or JAX.

    Notes
    -----
    A process that has ended, for whatever reason, is noticed at once; one that is stopped, or whose
    machine cannot be reached, after `timeout`. What is computed with at the time then raises
    :class:`aliquot.WorkerError` on rank 0, which can go on by itself and save what it has; all
    other workers end. When it is rank 0 that is lost, all workers end.
    What is noticed is that a process does not answer. One that computes, compiles or imports for
    long does answer, and so does one that is caught in an endless loop: it is waited for. An
    extension module that keeps Python's lock for longer than `timeout` counts as stopped.

    Processes trust each other and the network between them, as JAX does: what they send is not
    encrypted, and tasks are pickles.

    Examples
    --------
    >>> import aliquot as aq
    >>> aq.distributed.initialize()
    >>> aq.distributed.processes()
    1
    """
    if isinstance(timeout, bool) or not 1 <= timeout < math.inf:
        raise ParameterError(f"timeout must be at least 1 (second) and finite; got {timeout!r}")
    with _lock:
        if _teams:
            return
        seat = find_seat(coordinator, processes, rank, timeout)
        if seat is None:
            return
        if seat.processes > 1 and find_spec("flatbuffers") is None:
            raise ImportError(
                "several processes send each other programs, for which JAX needs flatbuffers: "
                "pip install 'aliquot[distributed]'"
            )
        made = Team(size=seat.processes)
        joined = join(seat, timeout, made.fail)
        leave_to_children()
        exchange = Exchange(joined.sums, seat.rank)
        if joined.watch is None and joined.guard is not None:
            worker = Worker(exchange, joined.guard, rank=seat.rank, size=seat.processes)
            worker.serve(joined.timeout)
        if joined.watch is not None:
            made.begin(exchange, joined.watch)
        _teams.append(made)
        atexit.register(made.end)


def processes() -> int:
    """Return how many processes share the work, this one included.

    >>> processes()
    1
    """
    return team().size


def team() -> Team:
    """Return the team of this process: of itself alone, where nothing was initialised."""
    return _teams[0] if _teams else _alone
