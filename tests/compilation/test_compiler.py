"""Programs are compiled once on a machine, and loaded afterwards."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import aliquot as aq
from aliquot.compilation import compiled, compiler, counts, folder, lazily
from aliquot.density.structure import shared
from aliquot.precision import float64

POINT = np.arange(4.0)


def function(x):
    """Compute something that takes several operations."""
    return {"sum": jnp.cumsum(jnp.sin(x)), "most": (jnp.max(x), x @ x)}


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Keep every program, however quickly it is compiled, in a folder of the test's own."""
    monkeypatch.setenv(folder.VARIABLE, str(tmp_path))
    monkeypatch.delenv(folder.SWITCH, raising=False)
    monkeypatch.setattr(compiler, "WORTH_KEEPING_SECONDS", 0.0)
    return tmp_path / "programs"


def compile_counted(*arguments, of=function, **settings):
    """Compile, and return the program with how many were compiled, loaded and kept."""
    before = counts()
    program = compiled(of, *arguments, **settings)
    return program, tuple(np.subtract(counts(), before).tolist())


def values(program, *arguments):
    with float64():
        return [np.asarray(leaf) for leaf in jax.tree.leaves(program.call(*arguments))]


def test_the_second_time_a_program_is_loaded_and_gives_the_same():
    first, did_first = compile_counted(POINT)
    second, did_second = compile_counted(POINT)
    assert (did_first, first.loaded) == ((1, 0, 1), False)
    assert (did_second, second.loaded) == ((0, 1, 0), True)
    assert second.seconds > 0
    for one, other in zip(values(first, POINT), values(second, POINT), strict=True):
        np.testing.assert_array_equal(one, other)
    with float64():
        assert jax.tree.structure(second.call(POINT)) == jax.tree.structure(function(POINT))


def test_what_is_written_is_not_loaded_for_anything_else(monkeypatch):
    compile_counted(POINT)
    options = {"xla_backend_optimization_level": 1}
    assert compile_counted(POINT, options=options)[1] == (1, 0, 1)
    assert compile_counted(POINT, options=options)[1] == (0, 1, 0)
    assert compile_counted(POINT[:3])[1] == (1, 0, 1)
    assert compile_counted(POINT.astype(np.float32))[1] == (1, 0, 1)
    assert compile_counted(POINT, of=lambda x: x + 1.0)[1] == (1, 0, 1)
    # One constant that differs is another program.
    assert compile_counted(POINT, of=lambda x: x + 2.0)[1] == (1, 0, 1)
    with jax.default_matmul_precision("highest"):
        assert compile_counted(POINT)[1][0] == 1


def test_programs_that_differ_in_what_they_use_are_told_apart():
    pair, other = (POINT, POINT + 10.0), (POINT, POINT[:2])
    for use in (0, 1):
        program, did = compile_counted(*pair, of=lambda *x, use=use: jnp.sin(x[use]))
        assert did == (1, 0, 1)
        np.testing.assert_allclose(values(program, *pair)[0], np.sin(pair[use]))
    program, did = compile_counted(*other, of=lambda *x: jnp.sin(x[0]))
    assert did == (1, 0, 1)
    values(program, *other)


def test_random_keys_and_their_numbers_are_told_apart():
    key = jax.random.key(1)
    data = np.asarray(jax.random.key_data(key))
    assert compile_counted(data, of=lambda x: x)[1] == (1, 0, 1)
    assert compile_counted(key, of=lambda x: x)[1][0] == 1
    assert compile_counted(key, of=lambda x: jax.random.key_data(x))[1][0] == 1
    program, _ = compile_counted(key, of=lambda x: jax.random.key_data(x))
    np.testing.assert_array_equal(values(program, key)[0], data)


@pytest.mark.parametrize(
    "name", ["identity", "settings"], ids=["another machine", "other settings of JAX"]
)
def test_what_the_compiler_depends_on_is_in_the_key(monkeypatch, name):
    compile_counted(POINT)
    before = getattr(compiler, name)
    monkeypatch.setattr(compiler, name, lambda *given: (*before(*given), "something else"))
    assert compile_counted(POINT)[1] == (1, 0, 1)


def test_an_unknown_machine_keeps_nothing(monkeypatch, place):
    monkeypatch.setattr(compiler, "identity", lambda device: None)
    assert compile_counted(POINT)[1] == (1, 0, 0)
    assert not place.exists()


def test_where_the_program_was_written_is_not_in_the_key():
    compile_counted(POINT, of=lambda x: jnp.sin(x))
    # The same function from another line.
    assert compile_counted(POINT, of=lambda x: jnp.sin(x))[1] == (0, 1, 0)


@pytest.mark.parametrize("content", [b"", b"not an executable", b"\x80\x04N."])
def test_what_cannot_be_loaded_is_compiled_and_written_anew(place, content):
    compile_counted(POINT)
    (path,) = place.iterdir()
    assert folder.write(path.stem, content)
    assert compile_counted(POINT)[1] == (1, 0, 1)
    assert compile_counted(POINT)[1] == (0, 1, 0)


def of_python(x, _, number):
    """Has no fingerprint, and is not kept."""
    return jax.pure_callback(np.sin, jax.typeof(x), x) + number


@pytest.mark.parametrize("switch", ["on", "off"])
@pytest.mark.parametrize("function", [lambda x, _, number: jnp.sin(x) + number, of_python])
def test_machine_code_that_nobody_holds_is_let_go(monkeypatch, switch, function):
    monkeypatch.setenv(folder.SWITCH, switch)
    client = jax.devices()[0].client
    gc.collect()
    before = len(client.live_executables())
    for number in range(5):
        # One argument is not used.
        program, did = compile_counted(POINT, POINT, of=partial(function, number=number))
        assert did[0] == 1
        values(program, POINT, POINT)
    del program
    gc.collect()
    assert len(client.live_executables()) == before


@pytest.mark.filterwarnings("ignore")  # so few draws
def test_a_loop_over_models_keeps_no_machine_code(monkeypatch):
    monkeypatch.setenv(folder.SWITCH, "off")
    monkeypatch.setattr(shared, "RECENT", 1)  # the last few structures are kept for further models
    client = jax.devices()[0].client
    alive, before = [], counts().compiled
    for rows in (5, 6, 7):
        with aq.Model():
            loc = aq.Normal("loc", 0, 3, shape=2, transform=aq.transforms.ordered)
            z = aq.Categorical("z", p=[0.5, 0.5], shape=rows)
            aq.Normal("y", loc[z], 1, observed=np.arange(float(rows)))
            aq.sample(20, tune=20, chains=2, random_seed=1, progressbar=False)
        gc.collect()
        alive.append(len(client.live_executables()))
    # JAX holds some of its own functions, for some shapes.
    each = (counts().compiled - before) / 3
    assert each > 5
    assert alive[2] - alive[1] < each / 2


def test_what_is_compiled_quickly_is_not_written(monkeypatch, place):
    monkeypatch.setattr(compiler, "WORTH_KEEPING_SECONDS", 1e9)
    assert compile_counted(POINT)[1] == (1, 0, 0)
    assert not place.exists()


def test_switched_off_nothing_is_read_or_written(monkeypatch, place):
    compile_counted(POINT)
    monkeypatch.setenv(folder.SWITCH, "off")
    assert compile_counted(POINT)[1] == (1, 0, 0)


def test_a_program_that_calls_python_is_not_kept(place):
    seen = []

    def calls_back(x):
        jax.debug.callback(lambda value: seen.append(float(value)), x[0])
        return x + 1.0

    program, did = compile_counted(POINT, of=calls_back)
    assert did == (1, 0, 0)
    values(program, POINT)
    jax.effects_barrier()
    assert seen == [0.0]


def test_what_can_be_done_meanwhile_is_begun_once_whether_compiled_or_loaded():
    begun = []
    for expected in (1, 2):
        before = counts()
        compiled(function, POINT, meanwhile=lambda before=before: begun.append(counts() == before))
        assert begun == [True] * expected


def test_lazily_compiles_once_for_each_shape_and_dtype():
    before = counts()
    call = lazily(function)
    call(POINT), call(POINT + 1.0), call(POINT[:2]), call(POINT[:2])
    assert counts().compiled - before.compiled == 2
    with float64():
        np.testing.assert_array_equal(call(POINT)["sum"], jax.jit(function)(POINT)["sum"])
        # Within another program it is a part of it.
        np.testing.assert_array_equal(jax.jit(call)(POINT)["sum"], jax.jit(function)(POINT)["sum"])
    assert counts().compiled - before.compiled == 2


def test_the_users_own_cache_of_jax_does_no_harm(tmp_path):
    settings = {
        "JAX_COMPILATION_CACHE_DIR": str(tmp_path / "jax"),
        "JAX_ENABLE_COMPILATION_CACHE": "true",
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }
    first = run_process(tmp_path / "ours", **settings)
    # JAX's own has it. What JAX loads can be written, but not always run again: ours keeps nothing.
    assert first.counts == (1, 0, 0)
    second = run_process(tmp_path / "ours", **settings)
    third = run_process(tmp_path / "ours", **settings)
    assert second.counts[1:] == third.counts[1:] == (0, 0)
    assert first.draws == second.draws == third.draws


class run_process:  # noqa: N801 (a call that gives several things)
    """Compile in a process of its own: what it draws, what it counts, and what it says."""

    CODE = """
import numpy as np
from aliquot.compilation import compiled, counts, compiler
from aliquot.precision import float64
import jax.numpy as jnp
compiler.WORTH_KEEPING_SECONDS = 0.0
program = compiled(lambda x: jnp.cumsum(jnp.exp(jnp.sin(x))), np.arange(1000.0))
with float64():
    values = np.asarray(program.call(np.arange(1000.0)))
print(values.tobytes().hex())
print(*counts())
"""

    def __init__(self, place, **environment):
        self.process = subprocess.Popen(
            [sys.executable, "-c", self.CODE],
            env=os.environ | {folder.VARIABLE: str(place)} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __getattr__(self, name):
        out, self.said = self.process.communicate()
        assert self.process.returncode == 0, self.said
        self.draws, numbers = out.splitlines()
        self.counts = tuple(map(int, numbers.split()))
        return self.__dict__[name]


def test_two_processes_at_once_and_a_third_give_the_same(tmp_path):
    both = [run_process(tmp_path), run_process(tmp_path)]
    assert both[0].draws == both[1].draws
    third = run_process(tmp_path)
    assert third.counts == (0, 1, 0)
    assert third.draws == both[0].draws
    # Loading machine code says nothing on the way.
    assert third.said == ""
    assert [path.suffix for path in (tmp_path / "programs").iterdir()] == [".program"]


def test_a_program_that_calls_lapack_is_loaded_where_none_was_lowered(tmp_path):
    code = (
        "import numpy as np, jax.numpy as jnp\n"
        "from aliquot.compilation import compiler\n"
        "compiler.WORTH_KEEPING_SECONDS = 0\n"
        "matrix = np.array([[4.0, 2.0], [2.0, 5.0]])\n"
        "program = compiler.compiled(jnp.linalg.cholesky, matrix)\n"
        "with compiler.float64():\n"
        "    print(program.call(matrix).tolist())\n"
        "print(*compiler.counts())\n"
    )
    for expected in ("1 0 1", "0 1 0"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"ALIQUOT_CACHE_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.splitlines() == ["[[2.0, 0.0], [1.0, 2.0]]", expected]
