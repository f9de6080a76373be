"""The store of a run: a Zarr folder that is whole at any moment, and grows.

What other processes read hangs on one file: the root's ``zarr.json`` holds the metadata of all
arrays (Zarr calls that consolidated), so that their lengths change together when it is replaced.
Draws are in their chunks before that, and a checkpoint is written once they are: whenever a run
ends, it goes on from the last checkpoint, and what was written after it is written again.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Collection, Mapping
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.errors import StorageError
from aliquot.results import groups_of, tree_of
from aliquot.results.attributes import encode_attributes
from aliquot.storage.checkpoints import Checkpoint, Checkpoints
from aliquot.storage.chunks import GrowingArray, content_of, rows_for
from aliquot.storage.documents import KINDS, array_document
from aliquot.storage.folder import (
    FIT,
    MANY,
    OWN,
    making,
    read_description,
    write_description,
)
from aliquot.storage.lock import StoreLock, opened
from aliquot.storage.packing import packed, unpacked
from aliquot.storage.writing import write

if TYPE_CHECKING:
    import xarray

METADATA = "zarr.json"


class RunStore:
    """A store that this process writes to.

    Attributes
    ----------
    path : Path
    description : dict
        What the run was told, and of which model and data it is; as JSON knows it.
    checkpoint : Checkpoint or None
        From where a run can go on; None before the first draw.
    dropped : list of int
        Of each chain, how many draws were damaged and are drawn again.
    """

    def __init__(self, path: Path, lock: StoreLock) -> None:
        self.path = path
        self._lock = lock
        self.description = read_description(path)
        self._documents = documents_of(path)
        self._arrays = {
            name: GrowingArray(path / name, document)
            for name, document in self._documents.items()
            if "draw" in (document.get("dimension_names") or ())
        }
        self._checkpoints = Checkpoints(path / OWN, max(a.rows for a in self._arrays.values()))
        self._number = 0
        self._numbered: dict[str, int] = {}
        self.checkpoint: Checkpoint | None = None
        self.dropped: list[int] = []

    @classmethod
    def open(cls, path: Path) -> RunStore:
        """Open a store to go on with it.

        Raises
        ------
        StorageError
            Where there is none, or another process writes to it.
        """
        require(path)
        if read_description(path).get("kind") == MANY:
            raise StorageError(
                f"{path} holds many fits. The call that made it, aq.fit_many or aq.calibrate, goes "
                "on with it"
            )

        def recovered(path: Path, lock: StoreLock) -> RunStore:
            store = cls(path, lock)
            store._recover()
            return store

        return opened(path, recovered)

    @property
    def groups(self) -> dict[str, list[str]]:
        """The names of the arrays that grow, by group, without coordinates."""
        result: dict[str, list[str]] = {}
        for place in self._arrays:
            group, _, name = place.partition("/")
            if name != "draw":
                result.setdefault(group, []).append(name)
        return result

    def add(self, group: str, dataset: xarray.Dataset, draws: int) -> None:
        """Make room for arrays in a group that has no draws yet, in place of those of that name.

        It is to have so many `draws`; in the arrays that are given there are none.
        """
        added = set()
        for name, array in dataset.variables.items():
            place = f"{group}/{name}"
            if name in ("chain", "draw"):
                continue
            document = _make_array(self.path / place, array, draws)
            self._documents[place] = document
            if "draw" in document["dimension_names"]:
                self._arrays[place] = GrowingArray(self.path / place, document)
            added.add(place)
        publish(self.path, self._documents, added)

    def shape_of_draw(self, group: str, name: str) -> tuple[int, ...]:
        """Give the shape of a draw in an array."""
        place = f"{group}/{name}"
        return tuple(self._documents[place]["shape"][self._arrays[place].axis + 1 :])

    def put(self, group: str, name: str, chain: int, begin: int, values: np.ndarray) -> None:
        """Write draws (n, *shape) of a chain, from `begin` on, counted within the group."""
        self._arrays[f"{group}/{name}"].put(chain, begin, values)

    def take(self, group: str, name: str, chain: int, begin: int, end: int) -> np.ndarray:
        """Read draws (end - begin, *shape) of a chain."""
        return self._arrays[f"{group}/{name}"].take(chain, begin, end)

    def commit(self, checkpoint: Checkpoint, attrs: Mapping[str, Any] | None = None) -> None:
        """Let draws that were put count: write a checkpoint, and show others how far it is."""
        self._settle()
        self._number += 1
        numbered = Checkpoint(self._number, checkpoint.done, checkpoint.tune, checkpoint.snapshots)
        self._checkpoints.add(numbered)
        self.checkpoint = numbered
        self.show(attrs)

    def show(self, attrs: Mapping[Any, Any] | None = None) -> None:
        """Show others how far the run is, and what the whole and each group say of it."""
        lengths, changed = self.lengths, set()
        for place, array in self._arrays.items():
            group, _, name = place.partition("/")
            shape = self._documents[place]["shape"]
            length = lengths[group]
            if name == "draw" and length > self._numbered.get(group, 0):
                begin = self._numbered.get(group, 0) // array.rows * array.rows
                array.put(0, begin, np.arange(begin, length))
                self._numbered[group] = length
            if shape[array.axis] != length:
                shape[array.axis] = length
                changed.add(place)
        self._settle()
        said = {} if attrs is None else encode_attributes(attrs)
        for place, document in self._documents.items():
            if said and document["node_type"] == "group":
                document["attributes"] |= said
                changed.add(place)
        if changed:
            publish(self.path, self._documents, changed)

    def _settle(self) -> None:
        """Wait until all that was put is on the disk: what is said of it has to hold."""
        for array in self._arrays.values():
            array.settle()

    @property
    def lengths(self) -> dict[str, int]:
        """How many draws all chains have, by group."""
        done = [0] if self.checkpoint is None else self.checkpoint.done
        tune = [0] if self.checkpoint is None else self.checkpoint.tune
        warm = min(min(n, t) for n, t in zip(done, tune, strict=True))
        kept = min(max(n - t, 0) for n, t in zip(done, tune, strict=True))
        return {group: warm if group.startswith("warmup") else kept for group in self.groups}

    def keep(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Write something that the run begins at."""
        write(_kept(self.path, name), packed(arrays))

    def kept(self, name: str) -> dict[str, np.ndarray] | None:
        """Read what the run begins at; None where it was not kept.

        Raises
        ------
        StorageError
            Where it is damaged.
        """
        file = _kept(self.path, name)
        if not file.is_file():
            return None
        found = unpacked(file)
        if found is None:
            raise StorageError(f"{file} is damaged: what the run was to begin at cannot be read")
        return found

    def describe(self, description: Mapping[str, Any]) -> None:
        """Replace the description."""
        self.description = dict(description)
        write_description(self.path, description)

    def close(self) -> None:
        """Let others write to the store."""
        self._lock.release()

    def _recover(self) -> None:
        """Find from where the run can go on, and clear away what it had begun to write."""
        found = self._checkpoints.latest()
        if found:
            self._number = found[0].number
        for place, checkpoint in enumerate(found):
            before = found[place + 1].done if place + 1 < len(found) else [0] * len(checkpoint.done)
            if self._is_sound(checkpoint, before):
                self.checkpoint = checkpoint
                break
        if found and self.checkpoint is not found[0]:
            left = [0] * len(found[0].done) if self.checkpoint is None else self.checkpoint.done
            self.dropped = [n - k for n, k in zip(found[0].done, left, strict=True)]
            self._checkpoints.drop_after(0 if self.checkpoint is None else self.checkpoint.number)
        self.show()

    def _is_sound(self, checkpoint: Checkpoint, before: list[int]) -> bool:
        for place, array in self._arrays.items():
            group, _, name = place.partition("/")
            if name == "draw":
                continue
            for chain, (done, tune) in enumerate(
                zip(checkpoint.done, checkpoint.tune, strict=True)
            ):
                warm = group.startswith("warmup")
                end = min(done, tune) if warm else max(done - tune, 0)
                begin = before[chain] if warm else max(before[chain] - tune, 0)
                if array.sound(chain, begin, end) < end:
                    return False
        return True


def make(
    path: Path,
    tree: xarray.DataTree,
    description: Mapping[str, Any],
    draws: int = 0,
    kept: Mapping[str, Mapping[str, np.ndarray]] | None = None,
) -> None:
    """Make a store of a tree, in which each chain is to have so many draws: whole, or not at all.

    `kept` is what the run begins at that cannot be found again, by name.

    Raises
    ------
    StorageError
        Where there is something of that name, or it cannot be written, or zarr is not installed.
    """
    with making(path, description) as new:
        with warnings.catch_warnings():
            # That not every reader of Zarr knows texts; ours is theirs.
            warnings.simplefilter("ignore")
            _without_numbers(tree).to_zarr(new, mode="a", consolidated=False)
        for group, node in tree.children.items():
            if "draw" in node.dims:
                for name, array in node.variables.items():
                    if _is_number(array):
                        _make_array(new / group / str(name), array, draws)
        for name, arrays in (kept or {}).items():
            write(_kept(new, name), packed(arrays))
        publish(new, documents_of(new), ())


def _kept(path: Path, name: str) -> Path:
    return path / OWN / f"{name}.npz"


def _is_number(array: Any) -> bool:
    return array.dtype.kind in KINDS and array.ndim > 0


def _without_numbers(tree: xarray.DataTree) -> xarray.DataTree:
    """Leave out of groups of draws what is written here: all but labels that are no numbers."""
    groups = {
        name: dataset.drop_vars([n for n, a in dataset.variables.items() if _is_number(a)])
        if "draw" in dataset.dims
        else dataset
        for name, dataset in groups_of(tree).items()
    }
    return tree_of(groups, tree.attrs)


def _make_array(folder: Path, array: Any, draws: int) -> dict[str, Any]:
    """Write an array of numbers: draws, each chain's rows by themselves, or labels along a dim.

    Returns what Zarr says of it.
    """
    dims = [str(dim) for dim in array.dims]
    chunk = [max(length, 1) for length in array.shape]
    if "draw" in dims:
        axis = dims.index("draw")
        chunk = [1] * axis + [rows_for(prod(array.shape[axis + 1 :]), draws), *chunk[axis + 1 :]]
    document = array_document(array.dtype, array.shape, chunk, dims, array.attrs)
    write(folder / METADATA, json.dumps(document).encode(), settled=False)
    if "draw" in dims:
        growing = GrowingArray(folder, document)
        for chain, values in enumerate(array.values if growing.axis else [array.values]):
            growing.put(chain, 0, values)
    elif array.size:
        write(folder / "c.0", content_of(array.values), settled=False)
    return document


def require_zarr() -> None:
    """Refuse to begin where the library that writes stores is not there."""
    try:
        import zarr  # noqa: F401
    except ModuleNotFoundError as error:
        raise StorageError(
            "store: writing and reading a run needs zarr. Install it: pip install 'aliquot[zarr]'"
        ) from error


def require(path: Path) -> None:
    """Refuse what is no store of a run."""
    description = read_description(path)
    if description.get("kind") == FIT:
        raise StorageError(
            f"{path} is the store of a fit, which has no draws: "
            f"aq.resume({str(path)!r}, model=model) gives its approximation"
        )
    require_zarr()


def documents_of(path: Path) -> dict[str, dict[str, Any]]:
    """Read the metadata of all groups and arrays, by their place below the root."""
    root = json.loads((path / METADATA).read_text(encoding="utf-8"))
    together = root.pop("consolidated_metadata", None)
    if together is not None:
        return {"": root, **together["metadata"]}
    return {
        "" if file.parent == path else file.parent.relative_to(path).as_posix(): json.loads(
            file.read_text(encoding="utf-8")
        )
        for file in sorted(path.rglob(METADATA))
    }


def publish(path: Path, documents: Mapping[str, Any], changed: Collection[str]) -> None:
    """Write the metadata that have changed: each array's own, and then all of them as one."""
    for place in changed:
        if place:
            content = json.dumps(documents[place]).encode()
            write(path / place / METADATA, content, settled=False)
    below = {place: document for place, document in documents.items() if place}
    whole = {
        **documents[""],
        "consolidated_metadata": {
            "kind": "inline",
            "must_understand": False,
            "metadata": below,
        },
    }
    write(path / METADATA, json.dumps(whole).encode())
