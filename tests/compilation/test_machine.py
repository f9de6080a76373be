"""What tells machines apart."""

from __future__ import annotations

import jax
import pytest

from aliquot.compilation import machine

TABLE = """processor\t: 0
vendor_id\t: GenuineIntel
cpu MHz\t\t: {clock}
flags\t\t: fpu sse2 {flag}
bogomips\t: 5000

processor\t: 1
vendor_id\t: GenuineIntel
flags\t\t: others
"""


def test_a_processor_is_known_by_its_instructions(tmp_path):
    table = tmp_path / "cpuinfo"

    def read(**values):
        table.write_text(TABLE.format(**({"clock": "2000", "flag": "avx2"} | values)))
        return machine._on_linux(table)

    assert read() == "vendor_id: genuineintel\nflags: fpu sse2 avx2"
    assert read(clock="3100") == read()
    assert read(flag="avx512f") != read()


def test_without_a_list_of_instructions_a_processor_is_not_known(tmp_path):
    (tmp_path / "cpuinfo").write_text("processor : 0\nvendor_id : GenuineIntel\n")
    assert machine._on_linux(tmp_path / "cpuinfo") == ""


@pytest.mark.parametrize("problem", [OSError, ValueError])
def test_a_processor_that_cannot_be_asked_is_not_known(monkeypatch, problem):
    def fail(*_):
        raise problem

    machine.processor.cache_clear()
    monkeypatch.setattr(machine, "_on_linux", fail)
    monkeypatch.setattr(machine, "_on_mac", fail)
    assert machine.processor() is None
    machine.processor.cache_clear()


def test_nothing_is_known_of_a_cpu_without_its_processor(monkeypatch):
    cpu = jax.devices("cpu")[0]
    assert machine.identity(cpu) is not None
    monkeypatch.setattr(machine, "processor", lambda: None)
    assert machine.identity(cpu) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("processor", lambda: "another"),
        ("_software", lambda: ("another",)),
        ("_threads", lambda: 1000),
    ],
)
def test_whatever_differs_makes_another_identity(monkeypatch, name, value):
    cpu = jax.devices("cpu")[0]
    before = machine.identity(cpu)
    monkeypatch.setattr(machine, name, value)
    assert machine.identity(cpu) != before


def test_flags_of_xla_make_another_identity(monkeypatch):
    cpu = jax.devices("cpu")[0]
    before = machine.identity(cpu)
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=true")
    assert machine.identity(cpu) != before


def test_settings_of_jax_that_matter_are_among_them():
    assert any(line.startswith("jax_default_matmul_precision=") for line in machine.settings())
    assert not any("compilation_cache" in line for line in machine.settings())
