"""How a run draws, as the user chose it; in a form that a store can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from aliquot.inference.until import Until
from aliquot.mcmc.settings import NUTSSettings

# What does not change a draw is asked for anew when a run goes on.
_OF_THE_MOMENT = ("cores", "progressbar", "checks")


@dataclass(frozen=True)
class RunOptions:
    """What `sample` was told, read and found good."""

    settings: NUTSSettings  # with the metric that `init` names
    chains: int
    seed: int
    tempered: bool
    init: str  # "auto" where an approximation is given
    moves: str
    permuting: bool
    keep_warmup: bool
    keep_unconstrained: bool
    until: Until | None = None
    cores: int | None = None
    progressbar: bool = True
    checks: bool = True

    def described(self) -> dict[str, Any]:
        """Give all that a run has to know to go on, as JSON knows it."""
        return {k: v for k, v in asdict(self).items() if k not in _OF_THE_MOMENT}

    @staticmethod
    def of(described: Mapping[str, Any], **of_the_moment: Any) -> RunOptions:
        """Read what `described` gave."""
        settings = NUTSSettings(**described["settings"])
        until = None if described["until"] is None else Until(**described["until"])
        return RunOptions(**{**described, "settings": settings, "until": until, **of_the_moment})
