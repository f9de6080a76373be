"""What exploring found before a run, beside where its chains have been."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from aliquot.diagnostics import wording
from aliquot.diagnostics.heights import NATS
from aliquot.diagnostics.record import Record
from aliquot.symmetry import listed

ATTRIBUTE = "exploration"
# Modes that may have less than this share of the mass are not spoken of.
LEAST_SHARE = 0.01
# With so many crossings a chain the draws tell how much each mode holds.
ENOUGH_CROSSINGS = 10
TEMPERED = "aq.sample(sampler='tempered') weighs such modes"


def mode_records(
    attrs: Mapping[Any, Any], chains: int, draws: int, facts: dict[str, float]
) -> list[Record]:
    """Give a record where there are several modes, and where the best one was missed."""
    found = _read(attrs)
    records = []
    below = float(found.get("below", 0.0))
    if below > NATS:
        records.append(
            Record(
                kind="mode_missed",
                value=below,
                threshold=NATS,
                severity="error",
                message=(
                    f"All chains are where there is less of the mass, by {wording.number(below)} "
                    "nats, than about a mode that was found before they began."
                ),
                advice=f"{TEMPERED}; or start chains there, with init=aq.fit().",
            )
        )
    shares = [
        share
        for share, error in zip(found.get("share", []), found.get("share_error", []), strict=False)
        if share - error >= LEAST_SHARE
    ]
    crossings = found.get("crossings")
    if len(shares) < 2 or crossings is None:
        return records
    facts["modes"] = len(shares)
    error = max(found.get("share_error", [0.0]))
    parts = listed([wording.percentage(share, 1.0) for share in shares])
    how = f"by importance sampling, standard error at most {wording.percentage(error, 1.0)}"
    if not found.get("trusted", True):
        how = f"roughly: importance sampling has a Pareto k of {found.get('pareto_k', np.nan):.2f}"
    rarely = crossings < ENOUGH_CROSSINGS * chains
    times = "never" if not crossings else f"{crossings:,} time{'s' if crossings > 1 else ''}"
    records.append(
        Record(
            kind="modes",
            value=float(crossings),
            threshold=float(ENOUGH_CROSSINGS * chains),
            severity="warning" if rarely else "info",
            message=(
                f"The posterior has {len(shares)} modes that are no mirror images of each other, "
                f"with {parts} of the mass ({how}). Chains crossed from one to another {times} in "
                f"{draws:,} draws."
            ),
            advice=(
                f"So the draws do not say how much each holds: {TEMPERED}. Draws of one chain are "
                "right within its mode."
                if rarely
                else "That is often enough: the draws weigh them right."
            ),
        )
    )
    return records


def _read(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    try:
        found = json.loads(attrs[ATTRIBUTE])
    except (KeyError, TypeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
