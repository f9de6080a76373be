"""How processes come together: by JAX's runtime, which they need for that and then leave.

JAX's coordination service ends all processes, by a fatal error of its own, when one of them is
lost. So it is left as soon as all are connected: from then on a sum that cannot be had is an error
in Python, and who is lost is known from the ties between rank 0 and the others (`watch`, `guard`).
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import jax
import numpy as np

from aliquot.distributed.collective import SHORTEST, BrokenSumError, ProcessSums
from aliquot.distributed.guard import Guard
from aliquot.distributed.meeting import meet_rank_0, meet_workers, wait_for_coordinator
from aliquot.distributed.quiet import quiet_output
from aliquot.distributed.seat import Seat
from aliquot.distributed.watch import Watch
from aliquot.errors import ModelError, WorkerError
from aliquot.primitives.internals import has_backends

# A descriptor to which a process writes its rank once it has joined: see `aliquot launch`.
JOINED = "ALIQUOT_JOINED"


class Connections(NamedTuple):
    """What a process has once all are there."""

    sums: ProcessSums
    watch: Watch | None  # of rank 0
    guard: Guard | None  # of the others
    timeout: float  # rank 0's


def join(seat: Seat, timeout: float, lost: Callable[[str], None]) -> Connections:
    """Join the processes of a team.

    Raises
    ------
    ModelError
        Where something has been computed by JAX before.
    WorkerError
        Where not all come in time, or some have other versions.
    """
    if jax.distributed.is_initialized():
        raise ModelError(
            "jax.distributed.initialize has been called before. Leave it out: "
            "aq.distributed.initialize does it"
        )
    if has_backends():
        raise ModelError(
            "aq.distributed.initialize must come before anything is computed: JAX has been used in "
            "this process. Call it right after the imports"
        )
    watch = guard = None
    if seat.rank == 0:
        watch = Watch(meet_workers(seat, timeout), timeout=timeout, lost=lost)
        watch.begin()
    else:
        tie, timeout = meet_rank_0(seat, timeout)
        guard = Guard(tie, seat.rank, timeout)
        wait_for_coordinator(seat, timeout)
    try:
        _start(seat, timeout)
        with _set({"jax_cpu_collectives_implementation": _between_cpus()}):
            sums = ProcessSums()
        with quiet_output():
            sums(np.zeros(SHORTEST, np.int64))
        jax.distributed.shutdown()
    except (RuntimeError, BrokenSumError) as error:
        if watch is not None:
            watch.end("rank 0 could not start JAX's runtime")
        said = str(error).strip().partition("\n")[0]
        raise WorkerError(
            f"rank {seat.rank} of {seat.processes} processes could not start JAX's runtime with "
            f"the others: {said}"
        ) from error
    _tell_launcher(seat.rank)
    return Connections(sums, watch, guard, timeout)


def _start(seat: Seat, timeout: float) -> None:
    seconds = max(1, round(timeout))
    with _set({"jax_enable_preemption_service": False}):  # it would catch SIGTERM
        jax.distributed.initialize(
            seat.coordinator,
            seat.processes,
            seat.rank,
            seat.devices,
            cluster_detection_method="deactivate",
            initialization_timeout=seconds,
            heartbeat_timeout_seconds=seconds,
            shutdown_timeout_seconds=seconds,
            coordinator_bind_address=seat.coordinator if seat.is_local else None,
        )


def _between_cpus() -> str:
    """Return what makes sums between CPUs: the user's choice, or gloo."""
    return getattr(jax.config, "jax_cpu_collectives_implementation", None) or "gloo"


@contextmanager
def _set(settings: dict[str, Any]) -> Iterator[None]:
    """Change JAX's configuration in a block; settings that a version lacks are let be."""
    before = {name: getattr(jax.config, name) for name in settings if hasattr(jax.config, name)}
    try:
        for name in before:
            jax.config.update(name, settings[name])
        yield
    finally:
        for name, value in before.items():
            jax.config.update(name, value)


def _tell_launcher(rank: int) -> None:
    descriptor = os.environ.pop(JOINED, "")
    if descriptor and platform.system() != "Windows":
        with suppress(OSError, ValueError):
            os.write(int(descriptor), f"{rank}\n".encode())
            os.close(int(descriptor))
