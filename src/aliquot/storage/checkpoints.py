"""Checkpoints of a run: how each chain goes on, after how many draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aliquot.storage.packing import packed, unpacked
from aliquot.storage.writing import write


@dataclass(frozen=True)
class Checkpoint:
    """The snapshots of all chains, taken together."""

    number: int
    done: list[int]  # draws of each chain, those of the warm-up included
    tune: list[int]  # of these in the warm-up, once that has ended
    snapshots: Sequence[Mapping[str, np.ndarray]]


class Checkpoints:
    """The checkpoints in a folder, of which those that may be needed again are kept."""

    def __init__(self, folder: Path, rows: int) -> None:
        self._folder = folder
        self._rows = rows  # of the largest chunk

    def add(self, checkpoint: Checkpoint) -> None:
        """Write one, whole or not at all, and let go of those that it makes superfluous.

        Kept are the last two, and of the draws that share the largest chunk the last: where a chunk
        is damaged, the run goes on before it.
        """
        arrays = {"done": np.array(checkpoint.done), "tune": np.array(checkpoint.tune)}
        for chain, snapshot in enumerate(checkpoint.snapshots):
            arrays |= {f"{chain}/{name}": value for name, value in snapshot.items()}
        name = f"checkpoint-{checkpoint.number}-{min(checkpoint.done)}.npz"
        write(self._folder / name, packed(arrays))
        self._thin()

    def latest(self) -> list[Checkpoint]:
        """Read all that can be read, the latest first."""
        found = (self._read(number) for number, _ in reversed(self._files()))
        return [checkpoint for checkpoint in found if checkpoint is not None]

    def drop_after(self, number: int) -> None:
        """Let go of those after one, which are not to be used."""
        for its, file in self._files():
            if its > number:
                file.unlink(missing_ok=True)

    def _files(self) -> list[tuple[int, Path]]:
        files = self._folder.glob("checkpoint-*.npz")
        return sorted((int(file.stem.split("-")[1]), file) for file in files)

    def _thin(self) -> None:
        files = [file for _, file in self._files()]
        share = [int(file.stem.split("-")[2]) // self._rows for file in files]
        for place in range(len(files) - 2):
            if share[place] == share[place + 1]:
                files[place].unlink(missing_ok=True)

    def _read(self, number: int) -> Checkpoint | None:
        file = next(file for its, file in self._files() if its == number)
        arrays = unpacked(file)
        if arrays is None or not {"done", "tune"} <= set(arrays):
            return None
        done, tune = arrays["done"].tolist(), arrays["tune"].tolist()
        snapshots: list[dict[str, np.ndarray]] = [{} for _ in done]
        for key, value in arrays.items():
            chain, _, name = key.partition("/")
            if name:
                snapshots[int(chain)][name] = value
        return Checkpoint(number, done, tune, snapshots)
