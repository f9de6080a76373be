"""Findings about the sampler: divergences, tree depth, energy."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.diagnostics import wording
from aliquot.diagnostics.record import Record
from aliquot.diagnostics.statistics import bfmi

if TYPE_CHECKING:
    import xarray

BFMI_LEAST = 0.3
# A trajectory that is cut off now and then costs little; a twentieth of them is worth a word.
CUT_OFF_SHARE = 0.05
# One draw in a hundred that diverges can hide a whole region.
DIVERGENT_SHARE = 0.01


def sampler_records(
    stats: xarray.Dataset, attrs: Mapping[Any, Any], facts: dict[str, float]
) -> Iterator[Record]:
    """Yield what the statistics of the draws after tuning show, and put the figures in `facts`."""
    if "diverging" in stats:
        yield from _divergences(stats["diverging"].values, attrs, facts)
    if "energy" in stats:
        yield from _energy(stats["energy"], facts)
    if "reached_max_treedepth" in stats:
        yield from _tree_depth(stats["reached_max_treedepth"].values, attrs, facts)


def setting(attrs: Mapping[Any, Any], name: str) -> float | None:
    """Look up a number among the attributes, or in the JSON of the attribute ``settings``."""
    value = attrs.get(name)
    if value is None:
        try:
            value = json.loads(attrs.get("settings", "{}")).get(name)
        except (TypeError, ValueError, AttributeError):
            return None
    return float(value) if isinstance(value, int | float | np.number) else None


def _divergences(
    diverging: np.ndarray, attrs: Mapping[Any, Any], facts: dict[str, float]
) -> Iterator[Record]:
    count, total = int(np.count_nonzero(diverging)), diverging.size
    facts["divergences"] = count
    if count:
        target = setting(attrs, "target_accept")
        higher = "Raise target_accept, to 0.95 or 0.99"
        if target is not None and target >= 0.99:
            higher = f"target_accept is {target:g} already"
        elif target is not None:
            higher = f"Raise target_accept from {target:g} to {0.95 if target < 0.9 else 0.99}"
        yield Record(
            kind="divergences",
            value=count,
            threshold=0,
            severity="error" if count > DIVERGENT_SHARE * total else "warning",
            message=(
                f"{count:,} of {total:,} draws after tuning diverged "
                f"({wording.percentage(count, total)}): the steps were too large for part of the "
                "posterior, which may be missing from the draws."
            ),
            advice=(
                f"{higher}; if they remain, reparameterise: a scale that governs other parameters "
                "is the usual cause (write x = mu + tau * z with z ~ Normal(0, 1) in place of "
                "x ~ Normal(mu, tau))."
            ),
        )


def _tree_depth(
    cut_off: np.ndarray, attrs: Mapping[Any, Any], facts: dict[str, float]
) -> Iterator[Record]:
    count, total = int(np.count_nonzero(cut_off)), cut_off.size
    facts["cut_off"] = count
    if count:
        limit, higher = "", "Raise max_treedepth"
        if (depth := setting(attrs, "max_treedepth")) is not None:
            limit = f" (max_treedepth={depth:.0f}, {2 ** int(depth) - 1:,} steps)"
            higher += f" to {depth + 2:.0f}"
        yield Record(
            kind="tree_depth",
            value=count / total,
            threshold=CUT_OFF_SHARE,
            severity="warning" if count > CUT_OFF_SHARE * total else "info",
            message=(
                f"{count:,} of {total:,} draws ({wording.percentage(count, total)}) ended at the "
                f"greatest tree depth{limit}: their trajectories were cut off, so draws are slow "
                "and less independent."
            ),
            advice=(
                "Tune longer and bring parameters to similar scales, or reparameterise strong "
                f"correlations away. {higher} if that is not possible."
            ),
        )


def _energy(energy: xarray.DataArray, facts: dict[str, float]) -> Iterator[Record]:
    values = energy.transpose("chain", "draw").values
    if values.shape[1] < 4:
        return
    fractions = bfmi(values)
    if np.isfinite(fractions).any():
        facts["bfmi"] = float(np.nanmin(fractions))
    for chain, fraction in zip(energy["chain"].values, fractions, strict=True):
        if fraction < BFMI_LEAST:
            yield Record(
                kind="bfmi",
                label=f"chain {chain}",
                chain=np.asarray(chain).item(),
                value=float(fraction),
                threshold=BFMI_LEAST,
                severity="warning",
                message=(
                    f"E-BFMI is {wording.number(fraction)} for chain {chain}; it should be at "
                    f"least {BFMI_LEAST}."
                ),
                advice=wording.BFMI_ADVICE,
            )
