"""The numbers of a posterior, one by one: what is said of each, and which are shown first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.diagnostics.convergence import ESS_PER_CHAIN, RHAT_MOST
from aliquot.diagnostics.quantity import quantity_of
from aliquot.diagnostics.screen import most_at_risk
from aliquot.diagnostics.statistics import mixing
from aliquot.expression import leaves
from aliquot.model import Model
from aliquot.reporting.densities import robust_scale

if TYPE_CHECKING:
    import xarray

# In the order in which they are shown: what governs other parameters, parameters, what is computed
# from them, what was drawn given them.
HYPERPARAMETER, PARAMETER, DERIVED, RECOVERED = range(4)
# So many of each vector come before more of any, and so many are in the table of all.
FEW, MOST_TABLED = 3, 500
# A vector of so many elements is shown as a whole, too.
LONG = 16
# Draws whose range is this small beside their size do not move.
STILL = 1e-12


@dataclass(frozen=True)
class Element:
    """One number of the posterior.

    Its mean, its standard deviation and the ends of its interval are those of the finite draws.
    R-hat and effective sample sizes are NaN where there are none: for independent draws, one chain,
    or what never changes.
    """

    variable: str
    label: str  # such as ``means[low]``
    kind: int  # ``HYPERPARAMETER`` and so on
    place: int  # how many elements of the variable come before it
    draws: np.ndarray  # (chain, draw)
    mean: float
    sd: float
    low: float
    high: float
    rhat: float
    ess_bulk: float
    ess_tail: float

    @property
    def poor(self) -> bool:
        """Whether R-hat or an effective sample size is out of bounds.

        What was drawn given all else says nothing of the chains.
        """
        least = ESS_PER_CHAIN * len(self.draws)
        bad = self.rhat > RHAT_MOST or min(self.ess_bulk, self.ess_tail) < least
        return bad and self.kind != RECOVERED

    @property
    def scale(self) -> float:
        """A scale of the draws within a chain, as `robust_scale` gives it."""
        chains = [chain[np.isfinite(chain)] for chain in self.draws]
        return float(np.mean([robust_scale(chain) for chain in chains if len(chain)]))

    @property
    def moves(self) -> bool:
        """Whether its draws differ, so that there is something to see."""
        return self.sd > 0


def kinds_of(posterior: xarray.Dataset, model: Model | None) -> dict[str, int]:
    """Say of each variable of a posterior what it is; as far as that is known without a model."""
    free = [] if model is None else [v for v in model.free if not v.distribution.discrete]
    governing = {leaf.name for v in free for leaf in leaves(v.distribution)}
    known = {v.name: HYPERPARAMETER if v.name in governing else PARAMETER for v in free}
    otherwise = PARAMETER if model is None else DERIVED
    return {
        str(name): RECOVERED if array.attrs.get("recovered") else known.get(str(name), otherwise)
        for name, array in posterior.data_vars.items()
    }


def elements_of(
    arrays: Iterable[xarray.DataArray],
    kinds: Mapping[str, int],
    *,
    prob: float,
    independent: bool,
) -> list[Element]:
    """Give the elements of variables, of very long ones those most at risk.

    The `arrays` are numeric, with the dims ``chain`` and ``draw``. An interval holds a share `prob`
    of the draws, with as many on either side. Of draws that are `independent` R-hat and effective
    sample sizes say nothing, and are not computed.
    """
    found = []
    for array in arrays:
        quantity = quantity_of(array)
        draws = quantity.draws
        chosen = most_at_risk(draws, np.arange(len(draws)), MOST_TABLED - FEW)
        chosen = np.union1d(_evenly(len(draws)), chosen)
        draws = draws[chosen]
        statistics = np.full((3, len(draws)), np.nan)
        if not independent:
            moves = draws.max(axis=(1, 2), initial=-np.inf) > draws.min(axis=(1, 2), initial=np.inf)
            statistics[:, moves] = mixing(draws[moves])
        for k, (place, own) in enumerate(zip(chosen.tolist(), draws, strict=True)):
            summary = _summary(own[np.isfinite(own)], prob)
            found.append(
                Element(
                    quantity.name,
                    quantity.label(place),
                    kinds[quantity.name],
                    place,
                    own,
                    *summary,
                    *statistics[:, k].tolist(),
                )
            )
    return found


def choose(elements: Sequence[Element], most: int) -> list[Element]:
    """Choose what is shown first: the worst, then a few of each variable, by its kind.

    A third of the places at most goes to the elements with the worst R-hat or effective sample
    size. The others go to hyperparameters, then parameters, three of each before the next three of
    any; of a vector of 16 or more, which has a picture of its own, and of what is computed from
    parameters there are only three. Of more than six elements the first three are evenly spread.
    They stay in the order of the model.
    """
    moving = [k for k, one in enumerate(elements) if one.moves]
    turns: dict[int, int] = {}
    many: set[str] = set()
    for name in dict.fromkeys(elements[k].variable for k in moving):
        own = [k for k in moving if elements[k].variable == name]
        if len(own) >= LONG:
            many.add(name)
        if len(own) > 2 * FEW:
            own = list(dict.fromkeys([*(own[at] for at in _evenly(len(own))), *own]))
        turns |= {k: turn for turn, k in enumerate(own)}

    def risk(k: int) -> tuple[float, float]:
        one = elements[k]
        return -np.nan_to_num(one.rhat, nan=1.0), min(one.ess_bulk, one.ess_tail)

    def order(k: int) -> tuple[bool, int, int, int]:
        kind = elements[k].kind
        return kind > PARAMETER, turns[k] // FEW, kind, k

    worst = sorted((k for k in moving if elements[k].poor), key=risk)[: most // 3]
    few = {k for k in moving if elements[k].kind > PARAMETER or elements[k].variable in many}
    rest = [k for k in moving if turns[k] < FEW or k not in few]
    rest = sorted(set(rest) - set(worst), key=order)
    return [elements[k] for k in sorted([*worst, *rest][:most])]


def _evenly(count: int) -> list[int]:
    return np.unique(np.linspace(0, count - 1, FEW).round().astype(int)).tolist()


def _summary(finite: np.ndarray, prob: float) -> tuple[float, ...]:
    if not finite.size:
        return (np.nan,) * 4
    low, high = np.quantile(finite, (0.5 - prob / 2, 0.5 + prob / 2)).tolist()
    # Rounding leaves a little spread in what never changes, such as the diagonal of correlations.
    still = np.ptp(finite) <= STILL * np.abs(finite).max()
    sd: Any = 0.0 if still else finite.std(ddof=1)
    return float(finite.mean()), float(sd), low, high
