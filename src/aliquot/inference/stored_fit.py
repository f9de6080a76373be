"""A fit that is written to a store while it runs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from aliquot.errors import ModelError
from aliquot.inference.approximation import Approximation
from aliquot.inference.identity import identity
from aliquot.inference.interrupt import Interrupts
from aliquot.inference.stored_approximation import from_arrays, to_arrays
from aliquot.model import Model
from aliquot.storage import FitStore, read_path, refuse_existing
from aliquot.variational import ParameterChange, RelativeChange
from aliquot.variational.stochastic.convergence import Criterion
from aliquot.variational.stochastic.record import FitRecord

# Seconds between two records: these, and so many times what the last one took.
SECONDS, SHARE = 1.0, 40.0
CRITERIA: dict[str, type[Criterion]] = {
    kind.__name__: kind for kind in (RelativeChange, ParameterChange)
}
# What a result is of, beside the arrays of the approximation.
_OPTIONS = "options"


def new_path(store: str | PathLike[str] | None) -> Path | None:
    """Read where a store is to be made, before anything is computed.

    Raises
    ------
    StorageError
        Where there is something of that name.
    """
    if store is None:
        return None
    path = read_path(store)
    refuse_existing(path)
    return path


class StoredFit:
    """A fit in a store: what it was told, where it is, and what it gave.

    Attributes
    ----------
    store : FitStore
    stop : Interrupts or None
        What notices Ctrl-C, if it is not to come in between while something is written.
    """

    def __init__(self, store: FitStore) -> None:
        self.store = store
        self.stop: Interrupts | None = None
        self._last = time.perf_counter()
        self._took = 0.0

    @classmethod
    def begin(
        cls,
        path: Path,
        model: Model,
        density: Any,
        options: Mapping[str, Any],
        state: Mapping[str, np.ndarray],
    ) -> StoredFit:
        """Make the store of a fit, from whose `options` and `state` it can go on.

        Raises
        ------
        StorageError
            Where it cannot be made.
        ModelError
            Where the data are no longer those that the fit was made for.
        """
        if density is not model.density():
            raise ModelError(
                "store: the model was changed or its data replaced since this fit was made. Make "
                "it anew"
            )
        said = {_OPTIONS: dict(options), "identity": identity(model, density)}
        return cls(FitStore.make(path, said, state))

    @property
    def options(self) -> dict[str, Any]:
        """What the fit was told."""
        return dict(self.store.description[_OPTIONS])

    def change(self, **options: Any) -> None:
        """Tell it something else from now on."""
        described = self.store.description
        self.store.describe({**described, _OPTIONS: {**described[_OPTIONS], **options}})

    @property
    def how_to_go_on(self) -> str:
        """What to do after an interrupt, in words."""
        return f"aq.resume({str(self.store.path)!r}, model=model) goes on"

    def due(self) -> bool:
        """Say whether to record now."""
        return time.perf_counter() - self._last > max(SECONDS, SHARE * self._took)

    def record(self, record: FitRecord) -> None:
        """Write where the fit is."""
        began = time.perf_counter()
        with self._whole():
            self.store.record(record_to_arrays(record))
        self._last = time.perf_counter()
        self._took = self._last - began

    def finish(self, approx: Approximation) -> None:
        """Write what the fit gave."""
        with self._whole():
            self.store.finish({**to_arrays(approx), _OPTIONS: self._of()})

    def result(self, model: Model) -> Approximation | None:
        """Read what the fit gave; None where it has not come to the end that it is to have."""
        arrays = self.store.result()
        if arrays is None or str(arrays.get(_OPTIONS)) != str(self._of()):
            return None
        return from_arrays(arrays, model)

    def close(self) -> None:
        """Let others write to the store."""
        self.store.close()

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """Put Ctrl-C off while the block runs."""
        if self.stop is None:
            yield
            return
        before, self.stop.held = self.stop.held, True
        try:
            yield
        finally:
            self.stop.held = before

    def _of(self) -> np.ndarray:
        return np.array(repr(sorted(self.options.items())))


def record_to_arrays(record: FitRecord) -> dict[str, np.ndarray]:
    """Give a record as arrays by name; of the optimiser's state the bytes, whatever their dtype."""
    result = {
        "done": np.array(record.done),
        "looked": np.array(record.looked),
        "losses": record.losses,
    }
    result |= {f"seen/{place}": array for place, array in enumerate(record.seen)}
    for place, leaf in enumerate(record.leaves):
        result[f"leaf/{place}"] = np.frombuffer(leaf.tobytes(), np.uint8)
        result[f"shape/{place}"] = np.array(leaf.shape, np.int64)
        result[f"dtype/{place}"] = np.array(leaf.dtype.name)
    if record.stopped is not None:
        result["stopped"] = np.array(record.stopped)
    return result


def record_from_arrays(arrays: Mapping[str, np.ndarray]) -> FitRecord:
    """Read what `record_to_arrays` gave."""

    def some(kind: str) -> list[np.ndarray]:
        count = sum(name.startswith(f"{kind}/") for name in arrays)
        return [arrays[f"{kind}/{place}"] for place in range(count)]

    parts = zip(some("leaf"), some("dtype"), some("shape"), strict=True)
    return FitRecord(
        int(arrays["done"]),
        arrays["losses"],
        [
            np.frombuffer(bytes_.tobytes(), _dtype(str(name))).reshape(shape)
            for bytes_, name, shape in parts
        ],
        int(arrays["looked"]),
        tuple(some("seen")),
        str(arrays["stopped"]) if "stopped" in arrays else None,
    )


def _dtype(name: str) -> Any:
    import jax.numpy as jnp

    return jnp.dtype(name)  # knows bfloat16, too


def describe_criterion(criterion: Any) -> dict[str, Any] | None:
    """Say what ends a fit, as JSON knows it.

    Raises
    ------
    ModelError
        For a criterion of the user's own, which cannot be written down.
    """
    if criterion is None:
        return None
    kind: Any = type(criterion)
    if kind not in CRITERIA.values():
        raise ModelError(
            f"store: convergence={criterion!r:.60} cannot be written down. Use aq.RelativeChange "
            "or aq.ParameterChange, or a callback that raises StopIteration"
        )
    return {"name": kind.__name__, **asdict(criterion)}


def read_criterion(described: Mapping[str, Any] | None) -> Criterion | None:
    """Make the criterion that `describe_criterion` described."""
    if described is None:
        return None
    settings = dict(described)
    return CRITERIA[settings.pop("name")](**settings)
