"""What machine code depends on besides the program: the processor or accelerator, and its software.

An executable for a CPU holds instructions that another one may not have, so what cannot be told
apart is not kept.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import platform
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import jax
import jaxlib

# The lines of a processor's entry that say what it is; others say how it fares at the moment.
_TELLING = (
    "vendor_id",
    "cpu family",
    "model",
    "model name",
    "stepping",
    "flags",
    "features",
    "cpu implementer",
    "cpu architecture",
    "cpu variant",
    "cpu part",
    "cpu revision",
    "isa",
    "uarch",
)
# What Linux's table of processors is on macOS; each is a string.
_MAC_NAMES = (b"machdep.cpu.brand_string", b"machdep.cpu.features", b"machdep.cpu.leaf7_features")
# The environment that XLA and its drivers read.
_VARIABLES = ("XLA_FLAGS", "LIBTPU_INIT_ARGS", "NPROC", "TF_XLA_FLAGS")


def identity(device: Any) -> tuple[str, ...] | None:
    """Return all that executables of a device depend on; None where it cannot be known."""
    parts = [
        *_software(),
        *(f"{name}={os.environ.get(name, '')}" for name in _VARIABLES),
        device.platform,
        device.device_kind,
        str(getattr(device, "compute_capability", "")),
        str(getattr(device.client, "platform_version", "")),
    ]
    if device.platform == "cpu":
        named = processor()
        if named is None:
            return None
        parts += [named, str(_threads())]
    return tuple(parts)


def settings() -> tuple[str, ...]:
    """Return JAX's settings: some change what is compiled, so a change of any asks for a new key.

    Values that are not plain are left out: how they are written may differ between processes.
    """
    plain = (bool, int, float, str, type(None))
    values = getattr(jax.config, "values", {})
    # Where executables are kept does not change them.
    return tuple(
        f"{name}={value!r}"
        for name, value in sorted(values.items())
        if isinstance(value, plain) and "compilation_cache" not in name
    )


def surroundings() -> tuple[str, ...]:
    """Return what, besides a function, decides in this process what is traced and compiled."""
    return (*settings(), jax.default_backend(), str(jax.config.jax_default_device))


@lru_cache(maxsize=1)
def _software() -> tuple[str, ...]:
    build = getattr(getattr(jaxlib, "version", None), "_git_hash", "")
    versions = jax.__version__, str(getattr(jaxlib, "__version__", "")), str(build)
    return (*versions, sys.platform, platform.machine())


@lru_cache(maxsize=1)
def processor() -> str | None:
    """Return the processor's model and the instructions that it has; None if they are not known."""
    try:
        found = _on_mac() if sys.platform == "darwin" else _on_linux(Path("/proc/cpuinfo"))
    except (OSError, ValueError, AttributeError):
        return None
    return found or None


def _on_linux(table: Path) -> str:
    """Read the first processor of the table, which may be long, and nothing else."""
    telling: list[str] = []
    with table.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            name, _, value = (part.strip() for part in line.partition(":"))
            if not name and telling:
                break
            if name.lower() in _TELLING:
                telling.append(f"{name}: {value}")
    known = "\n".join(telling).lower()
    # Without the list of instructions nothing is certain.
    return known if any(f"{name}:" in known for name in ("flags", "features", "isa")) else ""


def _on_mac() -> str:
    system = ctypes.CDLL(ctypes.util.find_library("c"))
    telling: list[str] = []
    for name in _MAC_NAMES:
        size = ctypes.c_size_t(0)
        if system.sysctlbyname(name, None, ctypes.byref(size), None, 0) != 0:
            continue  # Apple's processors have a name and no list: the name says it all
        value = ctypes.create_string_buffer(size.value)
        if system.sysctlbyname(name, value, ctypes.byref(size), None, 0) == 0:
            telling.append(value.value.decode(errors="replace"))
    return "\n".join(telling)


def _threads() -> int:
    """Return how many threads XLA plans for on the CPU."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
