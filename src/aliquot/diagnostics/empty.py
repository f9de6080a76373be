"""Components without rows, as they are told of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aliquot.diagnostics.record import Record
from aliquot.symmetry import listed

ATTRIBUTE = "empty_components"


def empty_records(attrs: Mapping[Any, Any]) -> list[Record]:
    """Give a record for each variable of which some components have no rows in some chains."""
    try:
        found = dict(json.loads(attrs[ATTRIBUTE]))
    except (KeyError, TypeError, ValueError):
        return []
    return [_record(str(name), chains) for name, chains in found.items()]


def _record(name: str, chains: list[list[int]]) -> Record:
    parts = [
        f"{'component' if len(empty) == 1 else 'components'} {listed([*map(str, empty)])} in chain "
        f"{chain}"
        for chain, empty in enumerate(chains)
        if empty
    ]
    return Record(
        kind="empty_component",
        variable=name,
        value=max(len(empty) for empty in chains),
        threshold=0,
        severity="warning",
        message=(
            f"Components of {name} without rows: {listed(parts)}. No row of the data belongs to "
            "them in late draws, so they are where their priors are."
        ),
        advice=(
            "Labels apart from that say nothing of the data. Use fewer components "
            "(aq.compare_components says how many), or priors closer to the data."
        ),
    )
