"""Time the loop in C++ that a gradient of a million rows is held against: ``... loop``."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

from benchmarks.peers.machine import machine
from benchmarks.peers.run import RESULTS

HERE = Path(__file__).parent
FLAGS = ["-O3", "-march=native", "-ffast-math", "-std=c++17"]


def measure(compiler: str = "g++") -> float:
    """Compile the loop, run it, and write what it took into the results."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "loop"
        subprocess.run([compiler, *FLAGS, str(HERE / "loop.cpp"), "-o", str(program)], check=True)
        printed = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    ns = float(printed.split()[0])
    RESULTS.mkdir(exist_ok=True)
    found = {"ns_per_row": ns, "compiler": [compiler, *FLAGS], "machine": machine()}
    (RESULTS / "loop.json").write_text(json.dumps(found, indent=1) + "\n")
    return ns
