"""Processes that are killed, stopped or interrupted: what the others do, and that all end."""

from __future__ import annotations

import os
import re
import signal

import pytest

from aliquot.distributed.guard import STATUS_WITHOUT_RANK_0
from tests.distributed.conftest import Runs, ended

pytestmark = pytest.mark.slow

# Long enough that no process of a busy machine is taken for one that hangs.
TIMEOUT = 20

LOSES_ONE = f"""
how = signal.SIGKILL if {{how!r}} == "killed" else signal.SIGSTOP
aq.distributed.initialize(timeout={TIMEOUT})
team = aq.distributed.team()
team.define("scaled", pickle.dumps(tasks.Scaled()))

def own():
    # The workers are at their parts, and will be for longer than any test.
    time.sleep(1)
    os.kill(pid(1), how)
    return np.zeros(3)

said = []
for x in (np.full(3, -2.0), np.ones(3)):
    try:
        team.call("scaled", [x], own)
    except aq.WorkerError as error:
        said.append(str(error))
assert len(said) == 2 and said[0] == said[1], said
print(said[0])
(FOLDER / "saved").write_text("what there was")
sys.exit(5)
"""


def test_a_worker_that_is_killed(runs: Runs) -> None:
    ranks = runs.by_hand(3, LOSES_ONE.format(how="killed"))
    statuses = [ended(process) for process in ranks]
    assert statuses[0][0] == 5, statuses[0]
    first = (runs.folder / "pid-1").read_text()
    assert re.match(rf"rank 1 \(process {first} on \S+\) has ended", statuses[0][1])
    assert (runs.folder / "saved").exists()
    assert statuses[1][0] == -signal.SIGKILL
    assert statuses[2][0] == STATUS_WITHOUT_RANK_0
    assert f"rank 1 (process {first}" in statuses[2][2]
    runs.all_end()


def test_a_worker_that_is_stopped(runs: Runs) -> None:
    ranks = runs.by_hand(3, LOSES_ONE.format(how="stopped"))
    status, output, errors = ended(ranks[0])
    assert status == 5, errors
    first = (runs.folder / "pid-1").read_text()
    assert re.match(rf"rank 1 \(process {first} on \S+\) has not been heard of for 20 s", output)
    assert (runs.folder / "saved").exists()
    assert ended(ranks[2])[0] == STATUS_WITHOUT_RANK_0
    os.kill(int(first), signal.SIGCONT)  # it finds that it is alone
    assert ended(ranks[1])[0] == STATUS_WITHOUT_RANK_0
    runs.all_end()


def test_launch_says_who_died_and_ends_all(runs: Runs) -> None:
    status, output, errors = ended(runs.launch(3, LOSES_ONE.format(how="killed")))
    assert status == 5, errors
    assert "has ended" in output
    first = (runs.folder / "pid-1").read_text()
    assert f"aliquot launch: rank 1 (process {first}) has ended by signal 9 (SIGKILL)" in errors
    assert "[rank 2] aliquot: rank 1 " in errors
    runs.all_end()


RANK_0 = f"""
aq.distributed.initialize(timeout={TIMEOUT})
team = aq.distributed.team()
team.define("scaled", pickle.dumps(tasks.Scaled()))

def own():
    {{does}}
    return np.zeros(3)

team.call("scaled", [{{x}}], own)
raise RuntimeError("the script's own")
"""


@pytest.mark.parametrize(
    ("does", "x", "status", "others"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "np.full(3, -2.0)", -9, STATUS_WITHOUT_RANK_0),
        ("os.kill(os.getpid(), signal.SIGTERM)", "np.full(3, -2.0)", -15, STATUS_WITHOUT_RANK_0),
        ("pass", "np.ones(3)", 1, 0),
        # In the middle of a call, of which nobody hears any more.
        ("os.kill(os.getpid(), signal.SIGINT)", "np.full(3, -2.0)", -2, 0),
    ],
    ids=["killed", "terminated", "raises an error", "interrupted"],
)
def test_rank_0_that_ends(runs: Runs, does: str, x: str, status: int, others: int) -> None:
    ranks = runs.by_hand(2, RANK_0.format(does=does, x=x))
    first, second = (ended(process) for process in ranks)
    assert first[0] == status, first[2]
    assert second[0] == others, second[2]
    assert "terminate called" not in first[2]
    runs.all_end()


def test_rank_0_that_is_stopped(runs: Runs) -> None:
    ranks = runs.by_hand(
        2, RANK_0.format(does="os.kill(os.getpid(), signal.SIGSTOP)", x="np.full(3, -2.0)")
    )
    status, _, errors = ended(ranks[1])
    assert status == STATUS_WITHOUT_RANK_0
    assert "rank 0 has not been heard of for 20 s; rank 1 ends, too" in errors


ALONE = """
try:
    aq.distributed.initialize(processes=3, timeout=3)
except aq.WorkerError as error:
    sys.exit(str(error))
"""


def test_who_does_not_come(runs: Runs) -> None:
    status, _, errors = ended(runs.by_hand(1, ALONE)[0])
    assert status == 1
    assert errors.startswith("ranks 1, 2 of 3 processes did not come to 127.0.0.1:")
    assert "within 3 s" in errors


def test_a_worker_that_finds_nobody(runs: Runs) -> None:
    body = ALONE.replace("processes=3", "processes=3, rank=2")
    status, _, errors = ended(runs.by_hand(1, body)[0])
    assert status == 1
    assert errors.startswith("rank 2 could not reach rank 0 at 127.0.0.1:")


# Launch -------------------------------------------------------------------------------------------


def test_a_script_that_does_not_initialize(runs: Runs) -> None:
    status, output, errors = ended(runs.launch(2, "print('done')"))
    assert (status, output) == (0, "done\n")
    assert "script.py came to its end without having joined" in errors
    assert "Add aq.distributed.initialize()" in errors
    runs.all_end()


def test_a_worker_that_fails_before_it_joins(runs: Runs) -> None:
    body = "if RANK == 1: sys.exit('no data on this machine')\naq.distributed.initialize()"
    status, _, errors = ended(runs.launch(2, body))
    assert status == 1
    assert "[rank 1] no data on this machine" in errors
    assert "has ended with status 1 before it had joined the others; all end" in errors
    runs.all_end()


WAITS = """
aq.distributed.initialize()
try:
    print("ready", flush=True)
    time.sleep(1000)
except KeyboardInterrupt:
    sys.exit(7)
"""


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 7), (signal.SIGTERM, 143)])
def test_signals_are_handed_on(runs: Runs, number: signal.Signals, status: int) -> None:
    launcher = runs.launch(2, WAITS)
    assert launcher.stdout is not None
    assert launcher.stdout.readline() == "ready\n"
    launcher.send_signal(number)
    found, _, errors = ended(launcher)
    assert found == status, errors
    assert "aliquot launch" not in errors
    runs.all_end()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-n", "0", "script.py"], "at least 1 process; got 0"),
        (["-n", "many", "script.py"], "valid integer"),
        (["-n", "2", "none.py"], "none.py: no such file"),
        (["-n", "2", "."], "a folder, not a script"),
        (["-n", "2"], "Missing argument 'SCRIPT'"),
    ],
)
def test_what_launch_cannot_do(arguments: list[str], words: str) -> None:
    from typer.testing import CliRunner

    from aliquot.cli import app

    said = CliRunner().invoke(app, ["launch", *arguments], env={"COLUMNS": "200"})
    assert said.exit_code == 2
    assert words in " ".join(said.output.split())
