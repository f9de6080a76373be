"""The folder of compiled programs: what is written whole is read again, and nothing else is."""

from __future__ import annotations

import os
import warnings

import pytest

from aliquot.compilation import folder
from aliquot.errors import AliquotWarning

KEY = "0" * 64


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Use a folder that is not there yet; return where its programs will be."""
    monkeypatch.setenv(folder.VARIABLE, str(tmp_path / "cache"))
    monkeypatch.delenv(folder.SWITCH, raising=False)
    monkeypatch.setattr(folder, "_warned", set())
    monkeypatch.setattr(folder, "_written", {"since": folder._LOOK_AGAIN})
    return tmp_path / "cache" / "programs"


def test_what_was_written_is_read(place):
    assert folder.read(KEY) is None
    assert folder.write(KEY, b"machine code")
    assert folder.read(KEY) == b"machine code"
    assert folder.read("1" * 64) is None
    assert [path.name for path in place.iterdir()] == [f"{KEY}.program"]
    assert place.stat().st_mode & 0o777 == 0o700
    assert (place / f"{KEY}.program").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:10],
        lambda content: content[:-1],
        lambda content: content + b"x",
        lambda content: content[:-1] + b"x",
        lambda content: b"x" + content[1:],
        lambda content: b"something else altogether, of some length, that is not a program",
    ],
)
def test_a_damaged_file_is_not_read_and_goes(place, damage):
    folder.write(KEY, b"machine code")
    path = place / f"{KEY}.program"
    path.write_bytes(damage(path.read_bytes()))
    assert folder.read(KEY) is None
    assert not path.exists()


def test_a_program_under_another_key_is_not_read(place):
    folder.write(KEY, b"machine code")
    (place / f"{KEY}.program").rename(place / f"{'1' * 64}.program")
    assert folder.read("1" * 64) is None


@pytest.mark.parametrize("mode", [0o770, 0o707])
def test_a_folder_that_others_can_write_to_is_not_used(place, mode):
    folder.write(KEY, b"machine code")
    place.chmod(mode)
    assert folder.read(KEY) is None
    with pytest.warns(AliquotWarning, match="others can write"):
        assert not folder.write("1" * 64, b"more")
    place.chmod(0o700)
    assert folder.read(KEY) == b"machine code"


def test_a_file_that_others_can_write_to_is_not_used(place):
    folder.write(KEY, b"machine code")
    (place / f"{KEY}.program").chmod(0o666)
    assert folder.read(KEY) is None


def test_a_folder_of_somebody_else_is_not_used(place, monkeypatch):
    folder.write(KEY, b"machine code")
    monkeypatch.setattr(os, "geteuid", lambda: place.stat().st_uid + 1)
    assert folder.read(KEY) is None


def test_where_nothing_can_be_written_one_warning_says_so(place):
    place.parent.write_text("a file where the folder should be")
    with pytest.warns(AliquotWarning, match="ALIQUOT_CACHE_DIR: compiled programs are not kept"):
        assert not folder.write(KEY, b"machine code")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not folder.write(KEY, b"machine code")
        assert folder.read(KEY) is None


def test_a_full_disk_leaves_nothing_half_written(place, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder.Path, "replace", full)
    with pytest.warns(AliquotWarning, match="No space left"):
        assert not folder.write(KEY, b"machine code")
    assert list(place.iterdir()) == []


def test_without_a_named_folder_nobody_is_warned(tmp_path, monkeypatch):
    monkeypatch.delenv(folder.VARIABLE)
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(folder, "folder", lambda: tmp_path / "file" / "programs")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not folder.write(KEY, b"machine code")


@pytest.mark.parametrize("word", ["off", "OFF", "0", "false", "no"])
def test_it_can_be_switched_off(place, monkeypatch, word):
    folder.write(KEY, b"machine code")
    monkeypatch.setenv(folder.SWITCH, word)
    assert folder.folder() is None
    assert folder.read(KEY) is None
    assert not folder.write(KEY, b"more")


def test_the_folder_is_in_the_users_cache(tmp_path, monkeypatch):
    monkeypatch.delenv(folder.VARIABLE)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(folder.sys, "platform", "linux")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert folder.folder() == tmp_path / ".cache" / "aliquot" / "programs"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    assert folder.folder() == tmp_path / "elsewhere" / "aliquot" / "programs"
    monkeypatch.setattr(folder.sys, "platform", "darwin")
    assert folder.folder() == tmp_path / "Library" / "Caches" / "aliquot" / "programs"
    monkeypatch.setenv(folder.VARIABLE, "~/here")
    assert folder.folder() == tmp_path / "here" / "programs"


def test_what_was_not_used_for_longest_goes_first(place, monkeypatch):
    monkeypatch.setattr(folder, "MOST_BYTES", 8 * 2**10)
    monkeypatch.setattr(folder, "_LOOK_AGAIN", 0)
    keys = [str(number) * 64 for number in range(9)]
    for age, key in enumerate(keys):
        folder.write(key, b"x" * 1000)
        if key == keys[0]:
            (place / "new-abandoned").write_bytes(b"half")
            os.utime(place / "new-abandoned", (0, 0))
        if (place / f"{key}.program").exists():
            os.utime(place / f"{key}.program", (1e6 + age, 1e6 + age))
        folder.read(keys[1])
    assert not (place / "new-abandoned").exists()
    assert folder.read(keys[0]) is None
    assert folder.read(keys[1]) is not None
    assert folder.read(keys[-1]) is not None
    assert sum(path.stat().st_size for path in place.iterdir()) <= folder.MOST_BYTES
