"""A team of real processes: what it computes, and what it says when a task fails."""

from __future__ import annotations

import json

import numpy as np
import pytest

from aliquot import distributed
from tests.distributed.conftest import Runs, ended

pytestmark = pytest.mark.slow

WORK = """
import json, subprocess, threading
import jax
from aliquot.compilation import counts
from aliquot.precision import float64

print("before", RANK)
aq.distributed.initialize()
aq.distributed.initialize()
print("after", RANK)

team = aq.distributed.team()
found = {"size": team.size, "processes": aq.distributed.processes()}

def message(do):
    try:
        do()
    except Exception as error:
        return [type(error).__name__, str(error), getattr(error, "__notes__", [])]

def scaled(x, own=None):
    return team.call("scaled", [x], own or (lambda: 10.0 * x))

team.define("scaled", pickle.dumps(tasks.Scaled()))
team.define("scaled", b"what is there stays, and this is not looked at")

# Every length, from none to what takes more than a first announcement, up and down.
rng = np.random.default_rng(1)
found["wrong"] = []
for shape in [(), (0,), (3,), (5000,), (3, 4), (3,), (200_000,), (1,), (1100,), (2, 3, 4)]:
    x = np.abs(rng.normal(size=shape))
    total = scaled(x)
    if total.shape != shape or not np.allclose(total, 13.0 * x, rtol=1e-15, atol=0):
        found["wrong"].append(list(shape))
found["shape"] = list(scaled(np.ones((3, 4))).shape)
found["whole numbers"] = scaled(np.arange(1, 4, dtype=np.int32)).tolist()

compiled = counts().compiled
for _ in range(20):
    scaled(np.ones(7))
found["compiled again"] = counts().compiled - compiled

# From inside of programs that wait for the call.
CALLS = 150

def in_a_loop(start, results, which):
    def outside(x):
        x = np.asarray(x)
        return scaled(x, lambda: np.zeros_like(x))
    def body(carry):
        n, x = carry
        y = jax.pure_callback(outside, jax.ShapeDtypeStruct((4,), np.float64), x)
        return n + 1, y / 3 + 1  # ranks 1 and 2 give three times x
    def program(x):
        return jax.lax.while_loop(lambda carry: carry[0] < CALLS, body, (0, x))[1]
    with float64():
        results[which] = np.asarray(jax.jit(program)(start)).tolist()

for threads in (1, 3):
    results = [None] * threads
    running = [
        threading.Thread(target=in_a_loop, args=(np.full(4, 10.0 * (k + 1)), results, k))
        for k in range(threads)
    ]
    [thread.start() for thread in running]
    [thread.join() for thread in running]
    found[f"{threads} threads"] = results

found["task"] = message(lambda: scaled(np.array([-1.0, 2.0, 3.0, 4.0, 5.0, 6.0])))
found["task, known length"] = message(lambda: (scaled(np.ones(6)), scaled(np.full(6, -1.0))))
found["length"] = message(lambda: scaled(np.full(9, -3.0)))
found["length changes"] = message(lambda: (scaled(np.ones(8)), scaled(np.full(8, -3.0))))
found["own"] = message(lambda: scaled(np.ones(11), lambda: 1 / 0))
found["own, known length"] = message(lambda: scaled(np.ones(6), lambda: 1 / 0))
found["after errors"] = scaled(np.ones(6)).tolist()
found["unready"] = message(lambda: team.define("unready", pickle.dumps(tasks.Unready())))
found["no task"] = message(lambda: team.define("nonsense", b"nonsense"))
found["unready is unknown"] = message(lambda: team.call("unready", [], lambda: np.zeros(1)))

team.define("environment", pickle.dumps(tasks.Environment()))
found["environment"] = team.call("environment", [], lambda: np.zeros(2)).tolist()
alone = "import aliquot as aq; aq.distributed.initialize(); print(aq.distributed.processes())"
child = subprocess.run([sys.executable, "-c", alone], capture_output=True, text=True)
found["child"] = [child.stdout, child.stderr]

team.forget("scaled")
found["forgotten"] = message(lambda: scaled(np.ones(6)))
team.define("scaled", pickle.dumps(tasks.Scaled()))
found["again"] = scaled(np.ones(6)).tolist()
found["arguments"] = sys.argv[1:]
(FOLDER / "found.json").write_text(json.dumps(found))
"""


def test_what_a_team_computes_and_says(runs: Runs) -> None:
    status, output, errors = ended(runs.launch(3, WORK, "--draws", "5", "-n"))
    assert status == 0, errors
    # Nothing of the runtime's own in what the script prints, and nothing from the others.
    assert output == "before 0\nafter 0\n"
    assert "rank" not in errors
    runs.all_end()
    found = json.loads((runs.folder / "found.json").read_text())
    assert (found["size"], found["processes"]) == (3, 3)
    assert found["arguments"] == ["--draws", "5", "-n"]
    assert found["wrong"] == []
    assert found["shape"] == [3, 4]
    assert found["whole numbers"] == [13.0, 26.0, 39.0]
    assert found["compiled again"] == 0
    for threads in (1, 3):
        # Each call adds one to where it began: no thread has had another's answer.
        expected = [[10.0 * (k + 1) + 150] * 4 for k in range(threads)]
        np.testing.assert_allclose(found[f"{threads} threads"], expected, rtol=1e-12)

    first = (runs.folder / "pid-1").read_text()
    for case in ("task", "task, known length"):
        kind, text, notes = found[case]
        assert kind == "WorkerError"
        assert text.startswith(f"rank 1 (process {first} on ")
        assert text.endswith("could not do its part: ValueError: no such label: 17")
        assert "tasks.py" in notes[0]
    assert found["length"][:2] == [
        "WorkerError",
        "results of different numbers of elements: 9 of rank 0, 8 of rank 1, 9 of rank 2",
    ]
    assert (
        "ValueError: a result of 7 numbers, where there were 8 before" in found["length changes"][1]
    )
    assert (
        found["own"][:2]
        == found["own, known length"][:2]
        == [
            "ZeroDivisionError",
            "division by zero",
        ]
    )
    assert found["after errors"] == found["again"] == [13.0] * 6
    assert "could not prepare its task: RuntimeError: not on this machine" in found["unready"][1]
    assert "UnpicklingError" in found["no task"][1]
    for case in ("unready is unknown", "forgotten"):
        assert found[case][0] == "KeyError"

    # Who is started by one of them is by itself: two workers add theirs.
    assert found["environment"] == [2.0, 0.0]
    assert found["child"] == ["1\n", ""]


VERSIONS = """
import aliquot.distributed.meeting as meeting
if RANK == 1:
    true = meeting.version
    meeting.version = lambda name: "0.0.7" if name == "aliquot" else true(name)
aq.distributed.initialize()
"""


def test_other_versions_are_refused_by_all(runs: Runs) -> None:
    ends = [ended(process) for process in runs.by_hand(2, VERSIONS)]
    assert [status for status, *_ in ends] == [1, 1]
    for _, _, errors in ends:
        line = errors.strip().splitlines()[-1]
        assert "WorkerError: rank 1 (process " in line
        assert "has aliquot 0.0.7, and rank 0 has aliquot " in line
        assert line.endswith("Install the same everywhere")
        assert "jax " not in line


TOO_LATE = """
import json
from aliquot.precision import float64
import jax
with float64():
    jax.jit(lambda x: x + 1)(np.ones(1))
try:
    aq.distributed.initialize(coordinator="127.0.0.1:5000", processes=2, rank=RANK)
except aq.ModelError as error:
    print(error)
"""


def test_initialize_after_something_was_computed(runs: Runs) -> None:
    status, output, errors = ended(runs.launch(1, TOO_LATE))
    assert status == 0, errors
    assert "must come before anything is computed" in output


def test_a_process_by_itself_computes_its_own_part() -> None:
    distributed.initialize()
    team = distributed.team()
    assert team.size == distributed.processes() == 1
    team.define("any", b"is not looked at")
    np.testing.assert_array_equal(team.call("any", [], lambda: np.arange(3)), [0.0, 1.0, 2.0])
    team.forget("any")
