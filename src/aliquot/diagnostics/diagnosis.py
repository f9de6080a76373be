"""What was found, as records, as text and as warnings."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from aliquot.diagnostics import wording
from aliquot.diagnostics.record import ORDER, Record
from aliquot.errors import ConvergenceWarning, warn

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """The findings about one sample.

    A diagnosis is true in a condition if there is nothing to warn of: ``if check(tree): ...``.

    Attributes
    ----------
    records
        Every finding, the most serious kind first and the worst of each kind first.
    facts
        The figures behind them, whether good or bad: ``chains``, ``draws``, the greatest ``rhat``,
        the least ``ess_bulk``, ``ess_tail`` and ``bfmi``, the numbers of ``divergences`` and
        of draws ``cut_off`` at the greatest tree depth. Where components can trade places also
        ``label_free_rhat``, ``label_free_ess_bulk`` and ``label_free_ess_tail``: the same of what
        does not depend on labels alone. One that could not be computed is absent.

    Examples
    --------
    >>> import numpy as np
    >>> from aliquot.diagnostics import check
    >>> from aliquot.results import build_tree
    >>> apart = np.random.default_rng(0).normal(size=(4, 500)) + np.arange(4)[:, None]
    >>> found = check(build_tree(posterior={"x": apart}))
    >>> found.ok, found.records[0].kind, found.records[0].label
    (False, 'rhat', 'x')
    """

    records: tuple[Record, ...]
    facts: Mapping[str, float]

    @classmethod
    def of(cls, records: Iterable[Record], facts: Mapping[str, float]) -> Diagnosis:
        """Put `records` in order: the most serious first."""

        def rank(record: Record) -> tuple[int, float]:
            smaller_is_worse = record.kind in {"ess_bulk", "ess_tail", "bfmi"}
            return ORDER[record.kind], record.value if smaller_is_worse else -record.value

        return cls(tuple(sorted(records, key=rank)), dict(facts))

    @property
    def ok(self) -> bool:
        """Whether there is nothing to warn of."""
        return all(record.severity == "info" for record in self.records)

    def __bool__(self) -> bool:
        return self.ok

    @property
    def messages(self) -> dict[str, str]:
        """What to tell the user: one message for each kind, advice included.

        Findings that have a cause are told by the record of that cause.
        """
        serious = [
            record for record in self.records if record.severity != "info" and record.cause is None
        ]
        return {
            kind: _message(list(records))
            for kind, records in groupby(serious, key=lambda record: record.kind)
        }

    def warn(self) -> None:
        """Give one :class:`~aliquot.errors.ConvergenceWarning` for each kind of finding."""
        for message in self.messages.values():
            warn(message, ConvergenceWarning)

    def to_dataframe(self) -> pandas.DataFrame:
        """Return the records as a table, one row each."""
        import pandas

        columns = list(Record.__dataclass_fields__)
        return pandas.DataFrame([asdict(record) for record in self.records], columns=columns)

    def _summary(self) -> str:
        """Say the figures in a line."""
        facts = self.facts
        parts = [f"{facts['chains']:,} chains x {facts['draws']:,} draws"]
        if facts["chains"] == 1:
            parts = [f"1 chain x {facts['draws']:,} draws"]
        for kind, name in (
            ("rhat", "largest R-hat"),
            ("ess_bulk", "least bulk ESS"),
            ("ess_tail", "least tail ESS"),
        ):
            if kind in facts:
                parts.append(f"{name} {wording.number(facts[kind])}{self._label_free(kind)}")
        if "divergences" in facts:
            count = int(facts["divergences"])
            parts.append(f"{count:,} divergence{'' if count == 1 else 's'}")
        return ", ".join(parts)

    def _label_free(self, kind: str) -> str:
        """Say the same figure for what does not depend on labels, where there is one."""
        name = f"label_free_{kind}"
        if kind == "ess_tail" or name not in self.facts:
            return ""
        return f" (label-free {wording.number(self.facts[name])})"

    def _heading(self) -> str:
        count = len(self.messages)
        if not count:
            return "Convergence checks: no problem found"
        return f"Convergence checks: {count} problem{'' if count == 1 else 's'}"

    def __str__(self) -> str:
        lines = [f"{self._heading()} ({self._summary()})"]
        lines += [f"  * {message}" for message in self.messages.values()]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{html.escape(message)}</li>" for message in self.messages.values())
        return (
            f"<div><b>{html.escape(self._heading())}</b> ({html.escape(self._summary())})"
            f"{f'<ul>{items}</ul>' if items else ''}</div>"
        )


def _message(records: list[Record]) -> str:
    """Say all records of one kind in one message."""
    first = records[0]
    if first.kind in wording.STATISTICS:
        name, bound, meaning = wording.STATISTICS[first.kind]
        pairs = [(record.label or "", record.value) for record in records]
        # Advice for one variable may be that for another and a sentence more: say the longer one.
        all_ = dict.fromkeys(record.advice for record in records)
        advice = " ".join(a for a in all_ if not any(a != b and b.startswith(a) for b in all_))
        return (
            f"{wording.worst(name, pairs)} (it should be {bound} {first.threshold:,}"
            f"{', 100 a chain' if first.kind in ('ess_bulk', 'ess_tail') else ''}): {meaning}. "
            f"{advice}"
        )
    shown = [record.message for record in records[: wording.WORST_SHOWN]]
    rest = len(records) - len(shown)
    if rest:
        shown.append(f"The same holds for {rest:,} more.")
    return " ".join([*shown, first.advice])
