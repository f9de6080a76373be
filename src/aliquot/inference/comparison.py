"""What is known of models with different numbers of components, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.evidence import LogEvidence

if TYPE_CHECKING:
    import pandas
    import xarray

    from aliquot.model import Model

# Draws of the evidences by which the error of probabilities is found.
SIMULATED = 4000


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitted:
    """One number of components: what was found, or why nothing was."""

    components: int
    evidence: LogEvidence | None = None
    elpd: float = np.nan  # expected log predictive density by leave-one-out, in nats
    elpd_error: float = np.nan
    pareto_k: float = np.nan  # the largest of leave-one-out
    filled: float = np.nan  # components with rows, in the mean over draws
    method: str = ""
    seconds: float = np.nan
    message: str = ""
    model: Model | None = field(default=None, repr=False)
    trace: xarray.DataTree | None = field(default=None, repr=False)

    @property
    def value(self) -> float:
        """The log evidence, NaN where there is none."""
        return np.nan if self.evidence is None else self.evidence.value

    @property
    def error(self) -> float:
        """Its standard error."""
        return np.nan if self.evidence is None else self.evidence.error


@dataclass(frozen=True, eq=False, repr=False)
class ComponentComparison:
    """Models with different numbers of components, compared by `compare_components`.

    Attributes
    ----------
    table : pandas.DataFrame
        By number of components: ``log_evidence`` and its standard ``error`` in nats; ``prior`` and
        posterior ``probability`` of the number, with the error that evidences pass on to it;
        ``elpd``, the expected log predictive density by leave-one-out in nats, its ``elpd_error``
        and the largest ``pareto_k`` in it; ``filled``, how many components have rows, in the mean;
        ``method`` and ``seconds``; ``good``, whether the evidence can be believed; ``message``.
    traces : dict from int to xarray.DataTree
        Draws of the posterior given each number, where there are some.
    models : dict from int to Model
    best : int or None
        The number with the largest posterior probability.
    partial : bool
        Whether Ctrl-C ended it before all numbers had their turn.
    """

    rows: tuple[Fitted, ...]
    prior: Mapping[int, float]
    partial: bool = False

    @property
    def table(self) -> pandas.DataFrame:
        """The rows as a table, by number of components."""
        import pandas

        probability, error = self._probabilities()
        columns: dict[str, Any] = {
            "log_evidence": [row.value for row in self.rows],
            "error": [row.error for row in self.rows],
            "prior": [self.prior[row.components] for row in self.rows],
            "probability": probability,
            "probability_error": error,
        }
        for name in ("elpd", "elpd_error", "pareto_k", "filled", "method", "seconds"):
            columns[name] = [getattr(row, name) for row in self.rows]
        columns["good"] = [row.evidence is not None and row.evidence.good for row in self.rows]
        columns["message"] = [row.message for row in self.rows]
        index = pandas.Index([row.components for row in self.rows], name="components")
        return pandas.DataFrame(columns, index=index)

    @property
    def traces(self) -> dict[int, xarray.DataTree]:
        """Draws of the posterior by number of components, where there are some."""
        return {row.components: row.trace for row in self.rows if row.trace is not None}

    @property
    def models(self) -> dict[int, Model]:
        """The models by number of components, where they could be built."""
        return {row.components: row.model for row in self.rows if row.model is not None}

    @property
    def best(self) -> int | None:
        """The number with the largest posterior probability; None where there is none."""
        probability, _ = self._probabilities()
        if not np.isfinite(probability).any():
            return None
        return self.rows[int(np.nanargmax(probability))].components

    def plot(self) -> Any:
        """Draw log evidence, probabilities and predictive density by number of components."""
        from aliquot.plots.comparison import plot_comparison

        return plot_comparison(self.table)

    def _probabilities(self) -> tuple[np.ndarray, np.ndarray]:
        """Give posterior probabilities of the numbers that have an evidence, and their errors."""
        values = np.array([row.value for row in self.rows])
        errors = np.array([row.error for row in self.rows])
        with np.errstate(divide="ignore"):
            log_prior = np.log([self.prior[row.components] for row in self.rows])
        known = np.isfinite(values)
        probability, spread = np.full(values.shape, np.nan), np.full(values.shape, np.nan)
        if known.any():
            noise = np.random.default_rng(0).standard_normal((SIMULATED, int(known.sum())))
            center = (values + log_prior)[known]
            # The first row is the estimate itself.
            noise[0] = 0.0
            heights = center + noise * np.where(np.isfinite(errors), errors, 0.0)[known]
            heights -= heights.max(axis=1, keepdims=True)
            shares = np.exp(heights)
            shares /= shares.sum(axis=1, keepdims=True)
            probability[known], spread[known] = shares[0], shares.std(axis=0)
        return probability, spread

    def __repr__(self) -> str:
        return f"{self._shown().to_string()}{self._notes('\n')}"

    def _repr_html_(self) -> str:
        from html import escape

        return f"{self._shown().to_html()}{escape(self._notes('\n')).replace('\n', '<br>')}"

    def _shown(self) -> pandas.DataFrame:
        table = self.table.drop(columns=["message", "prior", "probability_error"])
        digits = {"log_evidence": 2, "error": 3, "probability": 3, "elpd": 1, "elpd_error": 1}
        return table.round(digits | {"pareto_k": 2, "filled": 2, "seconds": 1})

    def _notes(self, before: str) -> str:
        said = [f"{row.components}: {row.message}" for row in self.rows if row.message]
        if self.partial:
            said.append("interrupted: numbers that are not listed were not fitted")
        return "".join(before + line for line in said)
