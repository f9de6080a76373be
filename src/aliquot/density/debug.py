"""``model.debug()``: each variable's log density at a point, and what is not finite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from aliquot.density.parameters import may_be_lost


@dataclass(frozen=True)
class DebugRow:
    """One variable at the point.

    Attributes
    ----------
    name : str
    kind : str
        "free", "observed", "missing values", "potential", or "summed out" for all that depends on
        discrete variables, summed over their states.
    log_density : float
        Its term of the model's log density, in unconstrained coordinates for a free variable.
    value : str
        Its value there, shortened.
    parameters : tuple of str
        Parameters of its distribution that are not finite or outside their range there.
    """

    name: str
    kind: str
    log_density: float
    value: str
    parameters: tuple[str, ...]

    @property
    def finite(self) -> bool:
        """Whether the term is finite."""
        return bool(np.isfinite(self.log_density))


@dataclass(frozen=True)
class DebugReport:
    """What `Model.debug` found: one row for each variable, and those at fault."""

    rows: tuple[DebugRow, ...]

    @property
    def culprits(self) -> tuple[str, ...]:
        """Names of the variables whose log density is not finite."""
        return tuple(row.name for row in self.rows if not row.finite)

    @property
    def text(self) -> str:
        """The report as a table and a sentence."""
        width = max([len(row.name) for row in self.rows] + [8])
        lines = [f"{'variable':<{width}}  {'kind':<14}  {'log density':>12}  value at the point"]
        for row in self.rows:
            mark = "" if row.finite else "  <-- not finite"
            lines.append(
                f"{row.name:<{width}}  {row.kind:<14}  {row.log_density:>12.5g}  {row.value}{mark}"
            )
            lines += [f"{'':<{width}}    {problem}" for problem in row.parameters]
        total = sum(row.log_density for row in self.rows)
        lines.append(f"{'total':<{width}}  {'':<14}  {total:>12.5g}")
        if self.culprits:
            names = ", ".join(repr(name) for name in self.culprits)
            lines.append(f"The log density of {names} is not finite at this point.")
        return "\n".join(lines)

    def __repr__(self) -> str:
        state = f"not finite: {', '.join(self.culprits)}" if self.culprits else "all finite"
        return f"<DebugReport of {len(self.rows)} variables, {state}>"


def debug(model: Any, start: Mapping[str, Any] | None = None) -> DebugReport:
    """Evaluate every term of a model's log density at its start point, or at given values.

    Free variables of which no value is given keep their start values.
    """
    density = model.density()
    return debug_at(model, density.start_with(start or {}))


def debug_at(model: Any, flat: np.ndarray) -> DebugReport:
    """Evaluate every term of a model's log density at a flat unconstrained vector."""
    density = model.density()
    terms = density.terms_at(flat)
    values = density.constrain_draws(flat)
    free = {slot.variable.name: slot.variable for slot in density.slots}
    observed = {v.name: v for v in model.observed}
    rows = []
    # Terms come back in the order of the alphabet; a sum over discrete variables goes last.
    written = [name for name in model.variables if name in terms]
    for name in dict.fromkeys([*written, *terms]):
        term = terms[name]
        if name in free:
            kind = (
                "free"
                if model[name] is free[name] and hasattr(free[name], "remake")
                else "missing values"
            )
            value = _short(values[name])
        elif name in observed:
            kind, value = "observed", f"{observed[name].size} values"
        elif density.marginal is not None and name == density.marginal.name:
            parts = dict.fromkeys(term.name for term in density.marginal.terms)
            kind, value = "summed out", f"with {', '.join(parts)}" if parts else ""
        else:
            kind, value = "potential", ""
        problems = density.parameter_problems(name, flat)
        if kind == "summed out":
            problems = [
                f"{node.text} may be out of range in some states: there is no density where it is"
                for node in may_be_lost([t.sources for t in density.marginal.terms])
            ]
        rows.append(DebugRow(name, kind, term, value, tuple(problems)))
    return DebugReport(tuple(rows))


def _short(value: np.ndarray) -> str:
    text = np.array2string(np.asarray(value), precision=4, threshold=6, edgeitems=2)
    return " ".join(text.split())
