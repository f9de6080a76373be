"""What all ways of drawing from a density have in common: NUTS, and NUTS on a ladder."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypedDict, Unpack

from aliquot.inference.approximation import Approximation
from aliquot.inference.run_options import RunOptions
from aliquot.mcmc.recorder import Recorder
from aliquot.mcmc.result import ChainDraws
from aliquot.mcmc.settings import NUTSSettings
from aliquot.mcmc.workers import OnProgress
from aliquot.symmetry import Symmetries


@dataclass(frozen=True)
class AskedStart:
    """Where chains start, if the user says: at draws of a fit, or around start values."""

    given: Approximation | None = None
    initvals: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None

    def described(self, options: RunOptions) -> dict[str, Any]:
        """Say it in a store: what is explored is explored again when a run goes on."""
        free = self.given is None and self.initvals is None and not options.tempered
        said = options.init if self.given is None else f"a fit by {self.given.method}"
        return {
            "explored": free and options.init == "auto",
            "init": said,
            "again": self.initvals is None,
            "draws": options.settings.draws,
        }


class Watched(TypedDict):
    """What goes on beside the chains: as in :func:`aliquot.mcmc.run.sample`."""

    on_progress: OnProgress
    stop: threading.Event
    meanwhile: Callable[[], None]
    recorder: Recorder | None
    looks: Sequence[int]
    enough: Callable[[ChainDraws], bool] | None


class Sampling(Protocol):
    """A way to draw, from where chains begin to what there is to say of how they went.

    Attributes
    ----------
    name : str
        What it is called in results.
    settings : NUTSSettings
        With the metric that is used.
    """

    name: str
    settings: NUTSSettings

    def prepare(self, symmetries: Symmetries) -> None:
        """Find where chains begin."""

    def draw(self, **watched: Unpack[Watched]) -> ChainDraws:
        """Draw; a `NoStartError` says that chains found nowhere to start."""

    def said(self, run: ChainDraws, seen: ChainDraws) -> dict[str, Any]:
        """Say in the results' attributes how it went; `seen` are the draws that are in memory."""
