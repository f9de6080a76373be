"""Whether chains have ended at different heights of the log density, in modes that weigh nothing.

Drawing longer does not bring such chains together, so they want other words than a high R-hat.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.diagnostics import wording
from aliquot.diagnostics.record import Record
from aliquot.symmetry import listed

if TYPE_CHECKING:
    import xarray

ATTRIBUTE = "log_volumes"
# Two chains are told apart from this many nats on: the lower one then has a share of 1 in 20,000.
NATS = 10.0
# What the middle nine tenths of two chains have in common is noise within a mode.
TAIL = 0.05
FEWEST_DRAWS = 20
# With more coordinates, volumes are taken from the variances alone.
MOST_DENSE = 128


@dataclass(frozen=True)
class Heights:
    """Where chains have ended; arrays are (chain,)."""

    # By how much the median log density of the second half of each chain's draws is below that of
    # the chain `best`, in nats.
    below: np.ndarray
    # The same of the log of the mass about each chain, as if its draws were normal; `below` with
    # its sign turned where volumes are not known.
    mass: np.ndarray
    rising: np.ndarray  # whether the log density still rises within the chain
    best: int  # about which there is most mass, a rising chain counted by its height alone
    known: bool  # whether volumes are known


def heights(lp: np.ndarray, volumes: np.ndarray | None = None) -> Heights | None:
    """Compare where chains have ended, from the log density ``lp`` (chain, draw) of their draws.

    ``None`` where all are at one height. `volumes` are those of `log_volumes`, (chain,).
    """
    if lp.shape[0] < 2 or lp.shape[1] < FEWEST_DRAWS or not np.isfinite(lp).all():
        return None
    ends = lp[:, lp.shape[1] // 2 :]
    middle = np.median(ends, axis=1)
    low, high = np.quantile(ends, [TAIL, 1 - TAIL], axis=1)
    top = int(np.argmax(middle))
    if not np.any((high < low[top]) & (middle[top] - middle > NATS)):
        return None
    third = lp.shape[1] // 3
    gain = np.median(lp[:, -third:], axis=1) - np.median(lp[:, :third], axis=1)
    rising = gain > np.maximum(NATS, high - low)
    mass = middle if volumes is None else middle + volumes
    # A chain on its way has passed through more room than is about the place where it stands.
    best = int(np.argmax(np.where(rising, middle, mass) if not rising.all() else middle))
    return Heights(middle[best] - middle, mass - mass[best], rising, best, volumes is not None)


def log_volumes(positions: np.ndarray, lp: np.ndarray) -> np.ndarray | None:
    """Compute the log volume that each chain fills, (chain,), where not all ended at one height.

    Half the log determinant of the covariance of the second half of its draws: the log density plus
    this is the log of a normal mode's mass, but for a constant. `positions` are unconstrained
    draws, (chain, draw, d), and `lp` their log density. ``None`` where all chains are at one
    height.
    """
    if heights(lp) is None:
        return None
    ends = positions[:, positions.shape[1] // 2 :]
    # A covariance needs several times as many draws as it has rows.
    dense = ends.shape[2] <= min(MOST_DENSE, ends.shape[1] // 4)
    with np.errstate(divide="ignore"):
        if dense:
            return np.array(
                [0.5 * np.linalg.slogdet(np.atleast_2d(np.cov(its.T)))[1] for its in ends]
            )
        return 0.5 * np.log(ends.var(axis=1)).sum(axis=-1)


def height_records(
    stats: xarray.Dataset, attrs: Mapping[Any, Any], facts: dict[str, float]
) -> list[Record]:
    """Give a record where chains have ended at different heights, and note the greatest gap."""
    if "lp" not in stats or not {"chain", "draw"} <= set(stats["lp"].dims):
        return []
    lp = stats["lp"].transpose("chain", "draw").values.astype(float)
    found = heights(lp, _volumes(attrs, len(lp)))
    if found is None:
        return []
    names = [str(chain) for chain in stats["chain"].values]
    best, gap = names[found.best], float(np.abs(found.below).max())
    facts["log_density_gap"] = gap
    return [
        Record(
            kind="chains_apart",
            value=gap,
            threshold=NATS,
            severity="error",
            message=_message(found, names),
            advice=(
                "Drawing longer will not bring them together. Start all chains where the mass is: "
                "init='auto' looks for it, or pass the values of a draw of chain "
                f"{best} as initvals; aq.sample(sampler='tempered') weighs several modes. A "
                "component that is empty or has taken the place of two "
                "keeps a chain in such a mode, so fewer components or priors closer to the data "
                f"leave fewer of them. Until then keep only the chains that agree with chain {best}"
                ": trace.sel(chain=[...])."
            ),
        )
    ]


def _volumes(attrs: Mapping[Any, Any], chains: int) -> np.ndarray | None:
    try:
        volumes = np.asarray(json.loads(attrs[ATTRIBUTE]), float)
    except (KeyError, TypeError, ValueError):
        return None
    # Chains may have been taken out of the tree since.
    return volumes if volumes.shape == (chains,) and np.isfinite(volumes).all() else None


def _message(found: Heights, names: list[str]) -> str:
    best = names[found.best]
    groups: dict[tuple[str, str], list[str]] = {}
    for chain in np.argsort(-np.abs(found.below), kind="stable"):
        if abs(found.below[chain]) <= NATS:
            continue
        side = "below" if found.below[chain] > 0 else "above"
        text = f"{names[chain]} ({wording.number(abs(found.below[chain]))} {side})"
        groups.setdefault(_where(found, int(chain)), []).append(text)
    parts = [
        f"chain {its[0]} is {one}" if len(its) == 1 else f"chains {listed(its)} are {many}"
        for (one, many), its in groups.items()
    ]
    return (
        f"Chains ended at different heights of the log density, in nats from chain {best}: "
        + "; ".join(parts)
        + ". They have not drawn from one distribution, so means over all chains mean nothing."
    )


def _where(found: Heights, chain: int) -> tuple[str, str]:
    """Say where a chain is, and where several are."""
    if found.rising[chain]:
        return ("still on its way to where the mass is", "still on their way to where the mass is")
    if found.below[chain] < 0:
        return ("in a spike so narrow that it holds next to none of the mass",) * 2
    if not found.known:
        end = "hold{} next to none of the mass, or still on {} way"
        one, many = end.format("s", "its"), end.format("", "their")
        return (f"most likely in a mode that {one}", f"most likely in modes that {many}")
    if found.mass[chain] < -NATS:
        return (
            "in a mode that holds next to none of the mass",
            "in modes that hold next to none of the mass",
        )
    return (
        "in a wider mode, whose share of the mass the draws do not tell",
        "in wider modes, whose shares of the mass the draws do not tell",
    )
