"""The store of many fits: the draws of each are a chunk of every array, all along one more dim.

Zarr takes a chunk that is not there for one without values, so that the arrays have their length
from the beginning, and fits may end in any order. Which have ended stands in one file, that is
replaced once their chunks are on the disk.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aliquot.errors import StorageError
from aliquot.results.attributes import encode_attributes
from aliquot.storage.chunks import content_of, is_sound
from aliquot.storage.documents import GROUP, array_document
from aliquot.storage.folder import MANY, OWN, making, read_description
from aliquot.storage.lock import StoreLock, opened
from aliquot.storage.store import documents_of, publish
from aliquot.storage.writing import settle, write

_ROWS = "fits.json"
# Seconds between two times that what has ended is written down: these, and so many times what the
# last one took.
SECONDS, SHARE = 1.0, 20.0


class ManyStore:
    """A store of many fits that this process writes to.

    Attributes
    ----------
    path : Path
    description : dict
        What the fits were told, and of which model and data they are; as JSON knows it.
    rows : dict from int to dict
        What there is to say of each fit that had ended when the store was opened.
    """

    def __init__(self, path: Path, lock: StoreLock) -> None:
        self.path = path
        self._lock = lock
        self.description = read_description(path)
        self._documents = documents_of(path)
        self._changed: set[str] = set()
        self._unsettled: set[Path] = set()
        self._writing = threading.RLock()
        self._last, self._took = time.perf_counter(), 0.0
        self.rows = self._recovered()

    @classmethod
    def make(cls, path: Path, labels: Sequence[Any], description: Mapping[str, Any]) -> ManyStore:
        """Make a store, whole or not at all, and open it.

        Raises
        ------
        StorageError
            Where there is something of that name, or it cannot be written.
        """
        with making(path, {**description, "kind": MANY, "labels": list(labels)}) as new:
            write(new / OWN / _ROWS, b"{}")
            attributes = encode_attributes({"partial": True})
            publish(new, {"": {**GROUP, "attributes": attributes}}, ())
        return cls.open(path)

    @classmethod
    def open(cls, path: Path) -> ManyStore:
        """Open a store to go on with it.

        Raises
        ------
        StorageError
            Where there is none, or another process writes to it.
        """
        if read_description(path).get("kind") != MANY:
            raise StorageError(
                f"{path} is the store of one run or fit, not of many: choose another name for "
                "store=. Nothing of it was touched"
            )
        return opened(path, cls)

    def put(
        self,
        number: int,
        group: str,
        name: str,
        dims: Sequence[str],
        values: np.ndarray,
        attrs: Mapping[str, Any],
    ) -> None:
        """Write an array of one fit, of the shape that all fits' have; `dims` lack the first."""
        place = f"{group}/{name}"
        with self._writing:
            document = self._documents.get(place)
            if document is None:
                count = len(self.description["labels"])
                document = self.add(
                    group, name, (count, *values.shape), values.dtype, ("dataset", *dims), attrs
                )
        if values.shape != tuple(document["shape"][1:]):
            raise StorageError(
                f"{self.path}: {name} has shape {values.shape} in this fit, and "
                f"{tuple(document['shape'][1:])} in others"
            )
        if values.size:
            file = self._file(place, number)
            write(file, content_of(values), settled=False)
            with self._writing:
                self._unsettled.add(file)

    def add(
        self,
        group: str,
        name: str,
        shape: Sequence[int],
        dtype: np.dtype[Any],
        dims: Sequence[str],
        attrs: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Note an array along the data sets, with a chunk for each."""
        chunk = [1, *(max(length, 1) for length in shape[1:])]
        self._note_group(group)
        document = array_document(dtype, shape, chunk, dims, attrs)
        self._documents[f"{group}/{name}"] = document
        self._changed.add(f"{group}/{name}")
        return document

    def column(self, group: str, name: str, dims: Sequence[str], values: np.ndarray) -> None:
        """Write an array that is known as a whole: labels, and the table of fits."""
        with self._writing:
            self._note_group(group)
            place = f"{group}/{name}"
            chunk = [max(length, 1) for length in values.shape]
            document = array_document(values.dtype, values.shape, chunk, dims, {})
            if self._documents.get(place) != document:
                self._documents[place] = document
                self._changed.add(place)
            if values.size:
                write(self.path / place / "c.0", content_of(values), settled=False)

    def has(self, group: str, name: str) -> bool:
        """Say whether there is such an array."""
        return f"{group}/{name}" in self._documents

    @property
    def due(self) -> bool:
        """Whether it is time to write down what has ended."""
        return time.perf_counter() - self._last > max(SECONDS, SHARE * self._took)

    def commit(self, rows: Mapping[int, Any], attrs: Mapping[str, Any]) -> None:
        """Write down which fits have ended, and show others what there is."""
        began = time.perf_counter()
        with self._writing:
            while self._unsettled:
                settle(self._unsettled.pop())
            said = encode_attributes(attrs)
            for place, document in self._documents.items():
                if document["node_type"] == "group" and not (
                    said.items() <= document["attributes"].items()
                ):
                    document["attributes"] |= said
                    self._changed.add(place)
            if self._changed:
                publish(self.path, self._documents, self._changed)
                self._changed.clear()
            # Last: of what is in it, all else is there.
            write(self.path / OWN / _ROWS, json.dumps(rows).encode())
        self._last = time.perf_counter()
        self._took = self._last - began

    @property
    def complete(self) -> bool:
        """Whether all fits have ended, and that was written down."""
        return len(self.rows) == len(self.description["labels"]) and not (
            self._documents[""]["attributes"].get("partial", 1)
        )

    def close(self) -> None:
        """Let others write to the store."""
        self._lock.release()

    def _note_group(self, group: str) -> None:
        if group not in self._documents:
            self._documents[group] = json.loads(json.dumps(GROUP))
            self._changed.add(group)

    def _recovered(self) -> dict[int, Any]:
        """Read which fits have ended, and whether all that was written of them is whole."""
        try:
            rows = json.loads((self.path / OWN / _ROWS).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            rows = {}
        found = {int(number): row for number, row in rows.items()}
        return {n: row for n, row in found.items() if self._is_sound(n, row["arrays"])}

    def _is_sound(self, number: int, places: Sequence[str]) -> bool:
        return all(
            (document := self._documents.get(place)) is not None
            and (0 in document["shape"] or is_sound(self._file(place, number)))
            for place in places
        )

    def _file(self, place: str, number: int) -> Path:
        later = ["0"] * (len(self._documents[place]["shape"]) - 1)
        return self.path / place / ".".join(["c", str(number), *later])
