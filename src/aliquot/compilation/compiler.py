"""Compile a function for given arguments, or load what another process has compiled."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
from jax.experimental import serialize_executable
from jaxlib.lapack import prepare_lapack_call

from aliquot.compilation import folder
from aliquot.compilation.collection import uncollected
from aliquot.compilation.fingerprint import fingerprint
from aliquot.compilation.hosted import HostedProgram
from aliquot.compilation.machine import identity, settings
from aliquot.precision import float64
from aliquot.primitives.on_host import has_host_calls

# What XLA compiles faster than this is not worth a file.
WORTH_KEEPING_SECONDS = 0.02
_log = logging.getLogger(__name__)
_lock = threading.Lock()
_numbers = {"compiled": 0, "loaded": 0, "kept": 0}


class Counts(NamedTuple):
    """Programs since the process began: by XLA, from the disk, and written to the disk."""

    compiled: int
    loaded: int
    kept: int


def counts() -> Counts:
    """Return the numbers of programs so far, for tests and for the curious."""
    with _lock:
        return Counts(**_numbers)


def _count(event: str) -> None:
    with _lock:
        _numbers[event] += 1


def loop() -> Mapping[str, int] | None:
    """Return the options of a program that runs for long; only the CPU's compiler can be told.

    Level 2 of LLVM's optimiser compiles in half the time of level 3, and what it makes runs as
    fast. Vectors are as wide as the processor has them: of 512 bits LLVM would take half, and sums
    over rows 1.6 to 1.9 times as long.
    """
    if jax.default_backend() != "cpu":
        return None
    return {"xla_backend_optimization_level": 2, "xla_cpu_prefer_vector_width": 512}


def light() -> Mapping[str, int] | None:
    """Return the options of a program that runs a few times only: half the waiting."""
    return {"xla_backend_optimization_level": 1} if jax.default_backend() == "cpu" else None


@dataclass(frozen=True)
class Compiled:
    """A program that can be called with arguments like those it was made for."""

    call: Callable[..., Any]
    seconds: float  # what it took until it was there, in wall time: to trace, and compile or load
    loaded: bool  # whether it came from the disk


def compiled(
    function: Callable[..., Any],
    *arguments: Any,
    options: Mapping[str, Any] | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> Compiled:
    """Compile a pure function for the shapes and dtypes of some arguments, in double precision.

    Executables are kept on the disk (see `folder`) and loaded where the same program is asked for
    on the same machine: the function is traced in any case, and what comes out is the key, along
    with all that the compiler depends on. What has no `fingerprint`, as what calls back into
    Python, is not kept.

    `meanwhile` is called when the function has been traced and, where it must be, lowered. From
    then on XLA is busy and Python is not: here other threads can be started that would have been in
    the way.

    >>> import numpy as np
    >>> program = compiled(lambda x: x + 1.0, np.zeros(2))
    >>> with float64():
    ...     program.call(np.ones(2)).tolist()
    [2.0, 2.0]
    """
    began = time.perf_counter()
    with float64():
        with uncollected():
            # Arguments that are not used are left out: where they are kept, JAX holds what it has
            # lowered and compiled for as long as the process lives.
            traced = jax.jit(function).trace(*arguments)
            if has_host_calls(traced.jaxpr):
                hosted = _hosted(traced, options)
                return Compiled(hosted, time.perf_counter() - began, False)
            machine = _machine(arguments)
            key = None if machine is None else _key(machine, traced, options)
            content = None if key is None else folder.read(key)
            lowered = traced.lower() if content is None else None
        if meanwhile is not None:
            meanwhile()
        call = None if key is None or content is None else _load(key, content, traced)
        loaded = call is not None
        if call is None:
            asked = time.perf_counter()
            lowered = lowered or traced.lower()
            call = lowered.compile(compiler_options=None if options is None else dict(options))
            _count("compiled")
            if key is not None and time.perf_counter() - asked >= WORTH_KEEPING_SECONDS:
                _keep(key, call)
    return Compiled(call, time.perf_counter() - began, loaded)


def _hosted(traced: Any, options: Mapping[str, Any] | None) -> Callable[..., Any]:
    """Give a program that calls the host, and runs what is compiled between."""

    def compile(function: Callable[..., Any], *structs: Any) -> Callable[..., Any]:
        return compiled(function, *structs, options=options).call

    program = HostedProgram(traced.jaxpr, compile)
    result = jax.tree.structure(traced.out_info)

    def call(*arguments: Any) -> Any:
        with float64():
            return jax.tree.unflatten(result, program(*jax.tree.leaves(arguments)))

    return call


def lazily(
    function: Callable[..., Any], options: Mapping[str, Any] | None = None
) -> Callable[..., Any]:
    """Return a function that is compiled when it is first called with arguments of some shapes.

    Like ``jax.jit``, but through :func:`compiled`.

    >>> import numpy as np
    >>> double = lazily(lambda x: 2.0 * x)
    >>> double(np.ones(2)).tolist(), double(np.ones(1)).tolist()
    ([2.0, 2.0], [2.0])
    """
    programs: dict[Any, Callable[..., Any]] = {}
    lock = threading.Lock()

    def call(*arguments: Any) -> Any:
        leaves, structure = jax.tree.flatten(arguments)
        with float64():
            if any(isinstance(leaf, jax.core.Tracer) for leaf in leaves):
                return function(*arguments)  # part of a larger program
            signature = (structure, *map(jax.typeof, leaves))
            with lock:
                program = programs.get(signature)
                if program is None:
                    program = compiled(function, *arguments, options=options).call
                    programs[signature] = program
            return program(*arguments)

    return call


def _machine(arguments: Any) -> tuple[str, ...] | None:
    """Return what programs of some arguments are kept for, or None where none are.

    With a cache of JAX's own none are: a program that JAX has loaded from there can be written
    again, but not always run by the process that reads it.
    """
    jaxs_own = jax.config.jax_enable_compilation_cache and jax.config.jax_compilation_cache_dir
    if folder.folder() is None or jaxs_own:
        return None
    device = _device(arguments)
    machine = None if device is None else identity(device)
    return None if device is None or machine is None else (*machine, str(device.id))


def _key(machine: tuple[str, ...], traced: Any, options: Mapping[str, Any] | None) -> str | None:
    """Return the name of a program on the disk; None for a program that must not be kept."""
    program = fingerprint(traced.jaxpr)
    if program is None:
        return None
    parts = (*machine, *settings(), repr(sorted((options or {}).items())), program)
    hashed = hashlib.sha256()
    for part in parts:
        content = part.encode(errors="surrogatepass")
        hashed.update(b"%d:" % len(content))
        hashed.update(content)
    return hashed.hexdigest()


def _device(arguments: Any) -> Any:
    """Return the one device that a program of some arguments is for, None if there are several."""
    chosen = jax.config.jax_default_device
    if isinstance(chosen, str):
        chosen = jax.local_devices(backend=chosen)[0]
    device = jax.local_devices()[0] if chosen is None else chosen
    arrays = (leaf for leaf in jax.tree.leaves(arguments) if isinstance(leaf, jax.Array))
    return device if all(array.devices() == {device} for array in arrays) else None


def _load(key: str, content: bytes, traced: Any) -> Callable[..., Any] | None:
    device = _device(())
    if b"lapack" in content:
        # Lowering hands LAPACK's functions to XLA, and a program that was not lowered here would
        # call what is not there.
        prepare_lapack_call("potrf_ffi", "float64")
    try:
        program = serialize_executable.deserialize_and_load(
            content,
            jax.tree.structure(traced.args_info),
            traced.out_tree,
            backend=device.client,
            execution_devices=[device],
        )
    except Exception as error:  # of whatever kind: it can be compiled
        _log.info("a compiled program could not be loaded: %r", error)
        folder.forget(key)
        return None
    _count("loaded")
    return program


def _keep(key: str, program: Any) -> None:
    try:
        content, _, _ = serialize_executable.serialize(program)
    except Exception as error:  # not every platform's programs can be written
        _log.info("a compiled program cannot be written: %r", error)
        return
    if folder.write(key, content):
        _count("kept")
