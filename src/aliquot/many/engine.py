"""All fits of a call: who has ended, what is kept, what is said at the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from aliquot.arguments import as_seed
from aliquot.errors import AliquotWarning, ModelError, PartialResultWarning, warn
from aliquot.inference.interrupt import interrupts
from aliquot.many.collected import InMemory, pieces_of
from aliquot.many.crew import Task, run_all
from aliquot.many.methods import FitOutcome, failed
from aliquot.many.record import FAILED, WARNED, FitRow
from aliquot.many.stored import InStore
from aliquot.many.survey import Axis
from aliquot.progress import fit_progress
from aliquot.storage import ManyStore

if TYPE_CHECKING:
    import xarray

# Failures and findings that are told one by one, and letters of each.
TOLD, LENGTH = 3, 160


@dataclass(frozen=True)
class FitJob:
    """What a task is called with, and of variables with padded rows which are real."""

    what: Any
    rows: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """What is to be done many times.

    `job` makes what the task is called with; `axes` are the dims of what it gives.
    """

    user: str
    labels: Sequence[Any]
    job: Callable[[int], FitJob]
    task: Task
    seed: int
    axes: Mapping[str, Axis]
    noun: str = "data sets"


class Fits:
    """All fits of a call, as they end."""

    def __init__(
        self,
        asked: Asked,
        store: ManyStore | None,
        failures: Mapping[int, BaseException],
    ) -> None:
        self._asked = asked
        self._collector: InMemory | InStore = (
            InMemory(asked.labels, asked.axes) if store is None else InStore(store, asked.axes)
        )
        count = len(asked.labels)
        self.records = [FitRow(random_seed=self._seed_of(n)) for n in range(count)]
        self._taking = threading.Lock()
        self._closed = False  # whether nothing more is taken
        for number, failure in failures.items():
            self.records[number] = failed(failure, self._seed_of(number))
        if isinstance(self._collector, InStore):
            for number, record in self._collector.records.items():
                self.records[number] = record

    @property
    def left(self) -> list[int]:
        """The numbers of those that have not ended."""
        return [n for n, record in enumerate(self.records) if not record.ended]

    def all(
        self,
        groups: Sequence[Sequence[int]],
        cores: int | None,
        progressbar: bool,
        said: Mapping[str, Any],
    ) -> xarray.DataTree:
        """Do what is left, and give all there is."""
        began = time.perf_counter()
        asked = self._asked
        with (
            interrupts(at_once=False) as stop,
            fit_progress(
                len(asked.labels), progressbar, name="Fits", unit=asked.noun, loss="failed"
            ) as display,
        ):

            def work(number: int, hand: Callable[[Any, int], Any]) -> None:
                self._one(number, hand)
                with self._taking:
                    ended = sum(record.ended for record in self.records)
                    failures = sum(record.status == FAILED for record in self.records)
                    display.update(ended, failures)
                    if isinstance(self._collector, InStore) and not self._closed:
                        self._collector.show(self.records, {**said, "partial": True})

            try:
                run_all(groups, work, asked.task, cores, stop)
            except KeyboardInterrupt:  # asked again: what is under way is left to itself
                with self._taking:
                    self._closed = True
        partial = bool(self.left)
        if len(self.left) == len(self.records):
            raise KeyboardInterrupt  # there is nothing to keep
        self._refuse_if_none()
        seconds = time.perf_counter() - began
        return self._collector.tree(
            self.records, {**said, "partial": partial, "total_time": seconds}
        )

    def _one(self, number: int, hand: Callable[[Any, int], Any]) -> None:
        """Do one; what fails is noted with its reason."""
        seed = self._seed_of(number)
        rows: Mapping[str, tuple[int, int]] = {}
        try:
            job = self._asked.job(number)
        except Exception as failure:
            fitted = FitOutcome(failed(failure, seed))
        else:
            rows = job.rows
            fitted = hand(job.what, seed)
        if fitted.partial:
            return
        pieces = list(pieces_of(fitted.arrays, self._asked.axes, rows))
        with self._taking:
            if not self._closed:
                self._collector.put(number, pieces)
                self.records[number] = fitted.record

    def _seed_of(self, number: int) -> int:
        return as_seed([self._asked.seed, number])

    def _refuse_if_none(self) -> None:
        asked = self._asked
        if all(record.status == FAILED for record in self.records):
            raise ModelError(
                f"{asked.user}: none of the {len(asked.labels)} {asked.noun} could be fitted. The "
                f"first: {self.records[0].reason}"
            )

    def tell(self) -> None:
        """Warn of what failed, of what gives warnings, and of what is missing."""
        asked, total = self._asked, len(self.records)
        for status, what in ((FAILED, "could not be fitted"), (WARNED, "give warnings")):
            those = [n for n, record in enumerate(self.records) if record.status == status]
            if not those:
                continue
            shown = [
                f"{asked.labels[n]}: {shorten(self.records[n].reason, LENGTH)}"
                for n in those[:TOLD]
            ]
            rest = f"; and {len(those) - TOLD} more" if len(those) > TOLD else ""
            warn(
                f"{len(those)} of {total} {asked.noun} {what}. {'; '.join(shown)}{rest}. The group "
                "'fits' has the reason of each",
                AliquotWarning,
            )
        if pending := len(self.left):
            further = ", and the same call goes on" if isinstance(self._collector, InStore) else ""
            warn(
                f"interrupted: {total - pending} of {total} {asked.noun} are fitted and kept"
                f"{further}. The result is marked as partial",
                PartialResultWarning,
            )
