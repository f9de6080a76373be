"""What is compared, and what a library gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Data = dict[str, np.ndarray]
Elbo = Callable[[Data, np.ndarray, np.ndarray], float]
# Mean, standard deviation (None: not known) and Monte Carlo error of the mean (0: exact).
Moments = tuple[np.ndarray, np.ndarray | None, np.ndarray]


@dataclass(frozen=True)
class Case:
    """One model with its data and settings: the same density in every library, constants aside.

    The density is written out in the docstring of the file that makes the case.
    """

    name: str
    title: str
    kind: str
    """"nuts", "advi" or "sets"."""
    data: Callable[[], Data]
    draws: int = 1000
    chains: int = 4
    tune: int | None = None
    """None: each library's own default."""
    target_accept: float | None = None
    """None: each library's own default."""
    quantities: tuple[str, ...] = ()
    """Parameters on their own scale. All of their elements are compared."""
    reference: Callable[[Data], dict[str, Moments]] | None = None
    """None: judged against what is in ``references``, which takes longer to make."""
    independent: Callable[[Data], dict[str, object]] | None = None
    """Makes that by an implementation of the model of its own, in NumPy. None: a long run of one of
    the libraries does."""
    limit: float = 300.0
    """Seconds for one process."""
    from_start: bool = False
    """Whether chains start at the start values in the data, without jitter: there are other modes,
    and what is compared is how fast one of them is explored."""
    group: str = "other"
    """"classic" or "other": which goal it counts for."""
    fitted: bool = False
    """Whether fits that stand for the posterior are measured on it as well."""
    elbo: Elbo | None = None
    """Of an ADVI case: the exact ELBO of independent Gaussians with these means and standard
    deviations, in the coordinates that the case's file says. Constants of the density are left out,
    the same ones everywhere, so that differences are what counts."""
    elbo_start: Callable[[Data], tuple[np.ndarray, np.ndarray]] | None = None
    """Of an ADVI case: means and standard deviations from which the best ELBO is searched for."""
    logits: int = 0
    """Of an ADVI case: how many of its coordinates, the first ones, are logits of a probability.
    Libraries have multiples of these; all other coordinates are the same in all of them."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Of which kinds the libraries are that run it."""
        return (self.kind, "fit") if self.fitted else (self.kind,)


@dataclass
class Run:
    """What one run of a library gave."""

    draws: dict[str, np.ndarray]
    """Quantity to (chain, draw, ...). Of an ADVI case: draws from the fit, (1, draw, ...)."""
    sampling_seconds: float
    """From the beginning of the call to its draws, a search for modes and the warm-up included;
    without compiling where the library lets one tell, and without convergence checks."""
    chain_seconds: float | None = None
    """Of the chains alone, where the call does more than that and gradients are timed."""
    gradients: int | None = None
    """Leapfrog steps of all chains together."""
    gradients_of: str = "warm-up and draws"
    """Or "draws", where the library does not tell those of the warm-up."""
    count: Callable[[], dict[str, Any]] | None = None
    """Finds out more of these, after the clocks have been read: fields by name."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Of an ADVI case: "path", see `Snapshot`, and "compiling_seconds" where all calls compile, and
    what is compared is the time without that."""


Sampler = Callable[[int], Run]
"""Of a seed. What it does is timed as one call."""
Snapshot = tuple[float, list[float], list[float]]
"""Where a fit was: seconds since the sampler was called (all that happens in the call counts), then
the means and the standard deviations of the Gaussian, in the order and on the unconstrained scale
that the case's file says. Some 20 to 60 of them, at times that are dense at the beginning; one, if
where the fit is on its way is not told."""
