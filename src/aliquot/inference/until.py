"""``aq.Until``: when a run has drawn enough."""

from __future__ import annotations

import math
import numbers
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from aliquot.errors import ModelError
from aliquot.inference.described import described
from aliquot.inference.labels import judge
from aliquot.mcmc.result import ChainDraws
from aliquot.model import Model
from aliquot.results import build_tree
from aliquot.symmetry import ATTRIBUTE, Symmetries

# Draws of each chain before the first look, at least, and by how much more before each further one.
# All are multiples of ten, of which one is by NUTS where others are by independence steps.
FLOOR, GROWTH, STEP = 300, 1.25, 10


@dataclass(frozen=True, kw_only=True)
class Until:
    """Draw until the posterior is known precisely enough.

    Parameters
    ----------
    ess : float
        Bulk and tail effective sample size that every quantity is to reach, of all chains together.
        Where components can trade places, every quantity that does not depend on their labels.
    rhat : float
        R-hat that none may exceed.
    seconds : float, optional
        Wall time after which the run ends in any case, with the draws that it has.

    Raises
    ------
    ModelError
        For numbers that cannot be reached.

    Notes
    -----
    It is looked at after 300 draws of each chain, or as many as the chains would need if their
    draws were independent, and then after a quarter more each time. Draws of a posterior are as
    good as before, but a run that ends where an estimate of its precision happens to be good is a
    little less precise than it says. The numbers of draws at which it is looked at, and what is
    found there, are functions of the seed: one seed, one stop, whatever the cores. `seconds` goes
    by the clock. A tempered run is looked at like one by NUTS, by its draws; how its ladder did is
    said at the end.

    Examples
    --------
    >>> import aliquot as aq
    >>> with aq.Model():
    ...     x = aq.Normal("x", 0, 1)
    ...     trace = aq.sample(until=aq.Until(ess=2_000), random_seed=1, progressbar=False)
    >>> trace.attrs["stopped"], 500 <= trace.posterior.sizes["draw"] <= 5_000
    ('precise', True)
    """

    ess: float = 400.0
    rhat: float = 1.01
    seconds: float | None = None

    def __post_init__(self) -> None:
        for name, least in (("ess", 0.0), ("rhat", 1.0), ("seconds", 0.0)):
            value = getattr(self, name)
            if name == "seconds" and value is None:
                continue
            real = isinstance(value, numbers.Real) and not isinstance(value, bool)
            if not real or not (math.isfinite(value) and value > least):
                raise ModelError(f"Until: {name} must be a number above {least:g}; got {value!r}")

    def looks(self, draws: int, chains: int) -> list[int]:
        """Give the numbers of draws of each chain after which it is looked at.

        >>> Until(ess=400).looks(1000, 4), Until(ess=4000).looks(1300, 4)
        ([300, 380, 480, 600, 750, 940], [1000, 1250])
        """
        look, result = max(FLOOR, math.ceil(self.ess / chains)), []
        while (rounded := math.ceil(look / STEP) * STEP) < draws:
            result.append(rounded)
            look = math.ceil(rounded * GROWTH)
        return result

    def met(self, facts: Mapping[str, float], label_free: bool) -> bool:
        """Say whether the figures of a diagnosis are good enough."""
        prefix = "label_free_" if label_free else ""
        names = [f"{prefix}{name}" for name in ("rhat", "ess_bulk", "ess_tail")]
        if not all(name in facts for name in names):
            return False
        rhat, *sizes = (facts[name] for name in names)
        return rhat <= self.rhat and min(sizes) >= self.ess

    def described(self) -> dict[str, Any]:
        """Give it as JSON knows it."""
        return asdict(self)


class Look:
    """Looks at the draws that there are, and says whether they are enough."""

    def __init__(
        self,
        until: Until,
        model: Model,
        density: Any,
        symmetries: Symmetries,
        seen: Callable[[ChainDraws], ChainDraws],
    ) -> None:
        self.until = until
        self.stopped = "draws"  # what has ended the run
        self._model, self._density, self._symmetries = model, density, symmetries
        self._seen = seen
        self._began = time.monotonic()

    @property
    def late(self) -> bool:
        """Whether the time is over."""
        seconds = self.until.seconds
        return seconds is not None and time.monotonic() - self._began > seconds

    def enough(self, run: ChainDraws) -> bool:
        """Say whether a run may end."""
        seen = self._seen(run)
        kept = slice(seen.tune, int(seen.completed.min()))
        tree = build_tree(
            posterior=self._density.constrain_draws(seen.positions[:, kept]),
            sample_stats={name: stat[:, kept] for name, stat in seen.stats.items()},
            **described(self._model),
            attrs={ATTRIBUTE: self._symmetries.to_json()},
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the checks at the end say what there is to say
            found = judge(tree, self._density, self._symmetries)
        if self.until.met(found.facts, bool(self._symmetries.coupled)):
            self.stopped = "precise"
        return self.stopped == "precise"
