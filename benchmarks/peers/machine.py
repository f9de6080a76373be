"""What the measurements were made on."""

from __future__ import annotations

import os
import platform
from functools import cache
from pathlib import Path
from typing import Any


@cache
def machine() -> dict[str, Any]:
    """Give cores, processor, memory and system; no names of machines or people."""
    processor, memory = platform.processor() or platform.machine(), None
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [x for x in info.read_text().splitlines() if x.startswith("model name")]
        if models:
            processor = models[0].partition(":")[2].strip()
    if hasattr(os, "sysconf"):
        try:
            memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
        except ValueError:
            memory = None
    return {
        "cores": os.cpu_count(),
        "processor": processor,
        "memory_gib": None if memory is None else round(memory, 1),
        "system": platform.system(),
        "python": platform.python_version(),
    }
