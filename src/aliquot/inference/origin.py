"""Which data recovered labels belong to: written down with them, and compared before they are used.

A label says something of one row of the data. Once `set_data` has put other rows in its place, or
the trace is read by another model, it says nothing. The record is a digest of each array that the
labels depend on, an attribute of the variable, so that it goes wherever the variable goes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aliquot.density import Density
from aliquot.expression import leaves
from aliquot.marginal import Plan
from aliquot.model import Model
from aliquot.model.variables import Data, Deterministic

ATTRIBUTE = "recovered_from"


@dataclass(frozen=True)
class Change:
    """What has changed since labels were recovered."""

    data: list[str]  # the names of the data that are others
    # Whether the labels are of rows that are gone. Labels that several observations share, those
    # of groups, are still those of the groups.
    stale: bool
    observed: bool  # whether what was observed has changed, and not covariates alone


def record(
    model: Model, density: Density, dependent: Sequence[Deterministic]
) -> dict[str, dict[str, Any]]:
    """Make the attributes of all that is recovered, which hold digests of the data it comes from.

    `dependent` are the deterministics computed from the discrete variables and missing values.
    """
    marginal, names, shared = density.marginal, [], set()
    if marginal is not None:
        names = _data(marginal.inputs)
        names += [unknown.name for unknown in marginal.unknowns if unknown.evidence is not None]
        shared = _shared(marginal)

    def attributes(names: Sequence[str], shared: bool) -> dict[str, Any]:
        made = {"data": digests(model, names), "shared": shared}
        return {"recovered": 1, ATTRIBUTE: json.dumps(made)}

    unknowns = [] if marginal is None else marginal.unknowns
    result = {u.name: attributes(names, u.name in shared) for u in unknowns}
    for found in density.integrated:
        names = [*names, *_data(leaves([found.variable.distribution, found.variable.value]))]
        result[found.latent.name] = attributes(names, shared=False)
    for variable in dependent:
        result[variable.name] = attributes([*names, *_data(leaves(variable))], shared=False)
    return result | {"log_density": attributes(names, shared=False)}


def _data(sources: Iterable[Any]) -> list[str]:
    return [leaf.name for leaf in sources if isinstance(leaf, Data)]


def change(model: Model, attrs: Mapping[str, Any]) -> Change | None:
    """Compare a recovered variable's record with the model's data.

    ``None`` where nothing has changed, or where there is no record: then the user has made the
    variable, and it is taken as it is.
    """
    if ATTRIBUTE not in attrs:
        return None
    was = json.loads(attrs[ATTRIBUTE])
    now = digests(model, list(was["data"]))
    others = [name for name, digest in was["data"].items() if now.get(name) != digest]
    if not others:
        return None
    responses = {leaf.name for v in model.observed for leaf in leaves(v.value)}
    return Change(others, not was["shared"], bool(responses & set(others)))


def digests(model: Model, names: Sequence[str] | None = None) -> dict[str, str]:
    """Give a digest of each array of data by name; of names that the model has not, none."""
    found: dict[str, Any] = {v.name: (v.value, None) for v in model.data}
    for variable in model.observed:
        for leaf in leaves(variable.value):
            if isinstance(leaf, Data):
                found.setdefault(leaf.name, (leaf.value, variable.missing))
    wanted = found if names is None else dict.fromkeys(names)
    on_disk = {name: source.summary.digest for name, source in model.rows.sources.items()}
    return on_disk | {
        name: _digest(*found[name]) for name in wanted if name in found and name not in on_disk
    }


def _digest(values: Any, missing: Any) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for array in (values, missing):
        if array is not None:
            array = np.ascontiguousarray(array)
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(array.tobytes())
    return digest.hexdigest()


def _shared(marginal: Plan) -> set[str]:
    """Name the variables of which one element decides over several observations."""
    owner = np.repeat(np.arange(len(marginal.unknowns)), [u.size for u in marginal.unknowns])
    result: set[str] = set()
    for layout in marginal.layouts:
        if layout.summand.term < marginal.first_term:
            continue  # its own probabilities: the steps of a chain are not shared rows
        for group in layout.groups:
            for column in group.elements.T:
                if len(np.unique(column)) < len(column):
                    result.update(marginal.unknowns[i].name for i in np.unique(owner[column]))
    return result
