"""The draws of all fits in a store, to be gone on with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.arguments import as_seed
from aliquot.errors import ModelError
from aliquot.many.collected import DATASET, PlacedArray, labels_along
from aliquot.many.record import FitRow, columns
from aliquot.many.survey import Axis
from aliquot.results.attributes import standard_attributes
from aliquot.storage import MOST_NUMBERS, ManyStore, open_run, read_path, require_zarr

if TYPE_CHECKING:
    import xarray


class InStore:
    """Draws in a store; what an earlier call has fitted is there already.

    Attributes
    ----------
    records : dict from int to FitRow
        Of the fits that are there.
    """

    def __init__(self, store: ManyStore, axes: Mapping[str, Axis]) -> None:
        self._store, self._axes = store, axes
        self._labels = np.asarray(store.description["labels"])
        self._arrays: dict[int, list[str]] = {n: row["arrays"] for n, row in store.rows.items()}
        self.records = {n: FitRow(**row["record"]) for n, row in store.rows.items()}

    def put(self, number: int, pieces: Sequence[PlacedArray]) -> None:
        """Take the arrays of a fit."""
        for piece in pieces:
            for dim, length in zip((DATASET, *piece.dims), (0, *piece.shape), strict=True):
                if not self._store.has(piece.group, dim):
                    self._store.column(piece.group, dim, (dim,), self._along(dim, length))
            self._store.put(number, piece.group, piece.name, piece.dims, piece.whole, piece.attrs)
        self._arrays[number] = [f"{piece.group}/{piece.name}" for piece in pieces]

    def _along(self, dim: str, length: int) -> np.ndarray:
        return self._labels if dim == DATASET else labels_along(dim, length, self._axes)

    def show(self, records: Sequence[FitRow], attrs: Mapping[str, Any]) -> None:
        """Write down which fits have ended, if it is time."""
        if self._store.due:
            self._commit(records, attrs)

    def _commit(self, records: Sequence[FitRow], attrs: Mapping[str, Any]) -> None:
        done = {
            number: {"arrays": self._arrays.get(number, []), "record": asdict(record)}
            for number, record in enumerate(records)
            if record.ended
        }
        self._store.column("fits", DATASET, (DATASET,), self._labels)
        for name, values in columns(records).items():
            self._store.column("fits", name, (DATASET,), values)
        self._store.commit(done, standard_attributes() | dict(attrs))

    def tree(self, records: Sequence[FitRow], attrs: Mapping[str, Any]) -> xarray.DataTree:
        """Give all of it: in memory, unless that is very much."""
        if not self._store.complete:
            self._commit(records, attrs)
        tree = open_run(self._store.path)
        numbers = sum(array.size for node in tree.subtree for array in node.data_vars.values())
        return tree if numbers > MOST_NUMBERS else tree.load()


def plainly(option: Any) -> Any:
    """Describe an argument in a way that is the same in another process, as JSON knows it.

    Of what is neither a number, a text nor made of such, it is the kind.
    """
    if option is None or isinstance(option, bool | int | float | str):
        return option
    if isinstance(option, Mapping):
        return {str(key): plainly(value) for key, value in option.items()}
    if isinstance(option, list | tuple):
        return [plainly(value) for value in option]
    if isinstance(option, np.ndarray | np.generic):
        return np.asarray(option).tolist()
    return f"{type(option).__module__}.{type(option).__qualname__}"


def open_store(
    store: Any,
    user: str,
    labels: Sequence[Any],
    random_seed: Any,
    **asked: Any,
) -> tuple[int, ManyStore | None]:
    """Make a store, or go on with one of the same fits; and give the seed, of the first call.

    Without a `store` there is none. `asked` is what the fits are of, and how they are made.

    Raises
    ------
    StorageError
        Where it cannot be made or written to, or is of something else.
    ModelError
        Where it is of other fits: says what differs.
    """
    seed = as_seed(random_seed)
    if store is None:
        return seed, None
    path = read_path(store)
    require_zarr()
    asked |= {"random_seed": seed, "seeded": random_seed is not None}
    asked["options"] = plainly(asked["options"])
    if not path.exists():
        return seed, ManyStore.make(path, labels, asked)
    opened = ManyStore.open(path)
    try:
        _refuse_other(opened.description, {**asked, "labels": list(labels)}, path, user)
    except BaseException:
        opened.close()
        raise
    return opened.description["random_seed"], opened


def _refuse_other(then: Mapping[str, Any], now: Mapping[str, Any], path: Path, user: str) -> None:
    differing = []
    for name, value in now.items():
        was = then.get(name)
        if was == value or (name == "random_seed" and not now["seeded"]):
            continue
        if name == "data" and isinstance(value, str):
            differing.append("the model or its data are others")
        elif name == "data":
            which = [
                str(label)
                for label, a, b in zip(now["labels"], was or (), value, strict=False)
                if a != b
            ]
            differing.append(
                f"the data of {', '.join(which[:5])}{', ...' if len(which) > 5 else ''} are others"
            )
        elif name not in ("seeded", "labels"):
            differing.append(f"{name} was {was!r:.80}, and is {value!r:.80}")
        elif name == "labels":
            differing.append(f"there were {len(was or ())} data sets with other labels")
    if differing:
        raise ModelError(
            f"{user}: {path} holds other fits: {'; '.join(differing)}. Call it as it was called "
            "to go on, or choose another name for store="
        )
