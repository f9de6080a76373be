"""Files are written whole or not at all, whatever happens meanwhile."""

from __future__ import annotations

import errno
import os
import pickle
import resource
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

import aliquot as aq
from aliquot import files
from aliquot.cli import app

OLDER = "what was there before"
ROOM = 8 * 2**10


@pytest.fixture
def tree() -> xr.DataTree:
    """Give a tree with far more draws than there is room for."""
    values = np.random.default_rng(0).normal(size=(2, 4_000))
    posterior = xr.Dataset({"mu": (("chain", "draw"), values)}, attrs={"partial": 0})
    return xr.DataTree.from_dict({"/posterior": posterior}, name=None)


@pytest.fixture
def no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the system refuse what goes beyond a few kilobytes, in the middle of a file."""
    replace = files.replace

    def limited(*arguments: Any, **options: Any) -> None:
        # For this alone: Python leaves byte code that it could not write as it is.
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, before[1]))
        try:
            replace(*arguments, **options)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    monkeypatch.setattr(files, "replace", limited)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_tree_is_read_again(tree: xr.DataTree, tmp_path: Path) -> None:
    files.write_tree(tmp_path / "posterior.nc", tree)
    with xr.open_datatree(tmp_path / "posterior.nc") as found:
        assert found.identical(tree)
    assert list(contents(tmp_path)) == ["posterior.nc"]


WRITERS: dict[str, Callable[[Path, xr.DataTree], None]] = {
    "text": lambda path, tree: files.write_text(path, "x" * 10 * ROOM),
    "bytes": lambda path, tree: files.write_bytes(path, bytes(10 * ROOM)),
    "tree": files.write_tree,
}


@pytest.mark.usefixtures("no_room")
@pytest.mark.parametrize("write", WRITERS.values(), ids=list(WRITERS))
@pytest.mark.parametrize("there", [True, False])
def test_a_disk_that_fills_up_leaves_all_as_it_was(
    write: Callable[[Path, xr.DataTree], None], there: bool, tree: xr.DataTree, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    if there:
        path.write_text(OLDER)
    kept = "older file of that name is as it was" if there else "nothing of it was written"
    with pytest.raises(aq.StorageError, match=f"cannot be written.*{kept}") as raised:
        write(path, tree)
    assert str(path) in str(raised.value)
    assert raised.value.errno == errno.EFBIG
    assert contents(tmp_path) == ({"file": OLDER.encode()} if there else {})


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("moment", ["open", "fsync", "replace"])
def test_whenever_the_disk_is_full(
    number: int, moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    (tmp_path / "file").write_text(OLDER)
    where = files.Path if moment == "replace" else os
    monkeypatch.setattr(where, moment, full)
    with pytest.raises(aq.StorageError, match="no room on the disk for its 3 bytes") as raised:
        files.write_text(tmp_path / "file", "new")
    monkeypatch.undo()
    assert raised.value.errno == number
    assert contents(tmp_path) == {"file": OLDER.encode()}


def test_ctrl_c_leaves_all_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(_: int) -> None:
        signal.raise_signal(signal.SIGINT)

    (tmp_path / "file").write_text(OLDER)
    monkeypatch.setattr(os, "fsync", pressed)
    with pytest.raises(KeyboardInterrupt):
        files.write_text(tmp_path / "file", "new")
    assert contents(tmp_path) == {"file": OLDER.encode()}


KILLED = """
import os, signal, sys
from pathlib import Path
from aliquot import files

os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
files.write_text(Path(sys.argv[1]), "new")
"""


def test_a_process_that_is_killed_leaves_the_older_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text(OLDER)
    done = subprocess.run([sys.executable, "-c", KILLED, path], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == OLDER


@pytest.mark.parametrize(
    "path", ["missing/file", "x" * 300, "a file/file"], ids=["no folder", "long name", "no folder"]
)
def test_what_else_the_system_refuses_is_said(path: str, tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("")
    with pytest.raises(aq.StorageError, match=r"cannot be written: [A-Z].*Choose another folder"):
        files.write_text(tmp_path / path, "new")
    assert list(contents(tmp_path)) == ["a file"]


def test_permissions_are_those_of_other_files(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("")
    path = tmp_path / "file"
    files.write_text(path, "first")
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode
    path.chmod(0o626)
    files.write_text(path, "second")
    assert stat.S_IMODE(path.stat().st_mode) == 0o626
    assert path.read_text() == "second"


def test_a_file_that_may_not_be_written_to_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text(OLDER)
    monkeypatch.setattr(os, "access", lambda *_: False)  # who runs this may write to everything
    with pytest.raises(aq.StorageError, match="Permission denied"):
        files.write_text(tmp_path / "file", "new")
    assert contents(tmp_path) == {"file": OLDER.encode()}


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder" / "file")
    for text in ("first", "second"):
        files.write_text(tmp_path / "link", text)
        assert (tmp_path / "folder" / "file").read_text() == text
    assert (tmp_path / "link").is_symlink()


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(path.read_text()))
    reader.start()
    files.write_text(path, "through a pipe")
    reader.join()
    assert read == ["through a pipe"]
    assert path.is_fifo()


def test_the_error_can_be_pickled() -> None:
    error = pickle.loads(pickle.dumps(aq.StorageError("no room", errno.ENOSPC)))
    assert (type(error), str(error), error.errno) == (aq.StorageError, "no room", errno.ENOSPC)


@pytest.mark.usefixtures("no_room")
def test_a_report_that_finds_no_room(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    trace = xr.DataTree.from_dict(
        {"/posterior": xr.Dataset({"mu": (("chain", "draw"), rng.normal(size=(2, 200)))})}
    )
    path = tmp_path / "report.html"
    path.write_text(OLDER)
    with pytest.raises(aq.StorageError, match=r"report\.html"):
        aq.report(trace, path=path)
    assert contents(tmp_path) == {"report.html": OLDER.encode()}


@pytest.mark.slow
@pytest.mark.usefixtures("no_room")
def test_a_demo_that_finds_no_room(tmp_path: Path) -> None:
    options = ["--draws", "500", "--tune", "200", "--iterations", "200", "--no-progress"]
    result = CliRunner().invoke(app, ["demo", *options, "-o", str(tmp_path / "demo")])
    assert result.exit_code == 1
    assert "posterior_nuts_unordered.nc cannot be written: there is no room" in result.stderr
    assert contents(tmp_path / "demo") == {}
