"""How a run begins: where chains start, with which metric, and what comes after their warm-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from aliquot.background import Background
from aliquot.inference.approximation import Approximation
from aliquot.inference.chain_starts import starts_of
from aliquot.inference.crossings import among_modes
from aliquot.inference.exploring import ATTRIBUTE, EVALUATIONS, Explored, explore
from aliquot.inference.folding import Folding
from aliquot.inference.initialisation import jittered_starts
from aliquot.inference.initialised import scale_from, starts_from
from aliquot.inference.moves import FoldedProposal, after_warmup
from aliquot.mcmc.independence import Warmed
from aliquot.mcmc.result import ChainDraws
from aliquot.mcmc.run import prepare
from aliquot.mcmc.settings import NUTSSettings
from aliquot.symmetry import Symmetries

# What `moves` may be: whether there may be independence steps.
MOVES = {"auto": True, "nuts": False}
# Draws of the warm-up that tell how wide the space of one mirror mode is.
SEEN = 200


class Compiling(Background):
    """Compiles the chains' program, while what comes before them is done."""

    def __init__(self, density: Any, settings: NUTSSettings, chains: int) -> None:
        super().__init__()
        self.compiled: tuple[float, bool] | None = None  # in how many seconds, if from the disk
        self._density, self._settings, self._chains = density, settings, chains

    def work(self) -> None:
        """Compile."""
        density = self._density
        self.compiled = prepare(
            density.log_density, density.data, self._settings, self._chains, density.size
        )


class StartingPlan:
    """Where chains start; asked by them, once they are warm, how to go on."""

    def __init__(
        self,
        density: Any,
        symmetries: Symmetries,
        settings: NUTSSettings,
        *,
        chains: int,
        seed: int,
        moves: str,
    ) -> None:
        self.starts: Any = None  # (chains, d), or points yet to be found
        self.scale: Any = None
        self.explored: Explored | None = None
        self.compiled: tuple[float, bool] | None = None  # in how many seconds, if from the disk
        self._density, self._symmetries, self._settings = density, symmetries, settings
        self._chains, self._seed, self._moves = chains, seed, MOVES[moves]
        self._proposal: FoldedProposal | None = None

    def from_approximation(self, approx: Approximation) -> None:
        """Start at draws of a fit."""
        self.starts = starts_from(approx, self._density, self._chains, self._seed)
        self.scale = scale_from(approx, self._settings.metric)

    def around(
        self, initvals: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None, jitter: float
    ) -> None:
        """Start around start points."""
        self.starts = jittered_starts(self._density, initvals, chains=self._chains, jitter=jitter)

    def explore(self, compiling: Compiling) -> None:
        """Start where the mass is, if it can be found, while the chains' program is compiled."""
        density, settings = self._density, self._settings
        budget = EVALUATIONS * self._chains * (settings.tune + settings.draws)
        try:
            self.explored = explore(density, self._symmetries, seed=self._seed, budget=budget)
        finally:
            compiling.join()
            self.compiled = compiling.compiled
        if self.explored is None:
            return
        found = starts_of(
            self.explored,
            density,
            self._symmetries,
            chains=self._chains,
            seed=self._seed,
            metric=settings.metric,
        )
        if found is not None:
            self.starts, self.scale = found.positions, found.scales

    def warmed(self, positions: np.ndarray, log_densities: np.ndarray) -> Warmed:
        """Say how to go on after draws of the warm-up, (chains, n, d), with their log density."""

        def folding() -> Folding:
            best = positions.reshape(-1, positions.shape[-1])[int(log_densities.argmax())]
            later = positions[:, positions.shape[1] // 2 :].reshape(-1, positions.shape[-1])
            some = later[:: len(later) // SEEN + 1]
            return Folding(self._density, self._symmetries, np.vstack([best, some]))

        warmed, self._proposal = after_warmup(
            self._density, self.explored, positions, folding, self._seed, moves=self._moves
        )
        return warmed

    def said(self, run: ChainDraws, attributes: Mapping[str, Any]) -> str:
        """Say in a line what was not as usual; nothing where all was."""
        parts = []
        if run.tune < self._settings.tune:
            parts.append(
                f"the warm-up was enough after {run.tune:,} of {self._settings.tune:,} draws"
            )
        found = attributes["moves"]
        if found["kind"] != "nuts":
            tries = f"of {found['tries']} tries each, " if found["tries"] > 1 else ""
            parts.append(
                f"independence steps between draws by NUTS ({tries}{found['acceptance']:.0%} "
                f"accepted, Pareto k {found['pareto_k']:.2f})"
            )
        line = "; ".join(parts)
        return f"{line[0].upper()}{line[1:]}." if line else ""

    def attributes(self, run: ChainDraws) -> dict[str, Any]:
        """Say in a result what was found, and which moves were made."""
        found: dict[str, Any] = {"moves": {"kind": "nuts"}}
        if self.compiled is not None:
            found["compile_time"], found["compile_cached"] = self.compiled
        if self.explored is not None:
            found[ATTRIBUTE] = self.explored.record | among_modes(self.explored, run)
        if self._proposal is not None and run.independent.any():
            kept = slice(run.tune, int(run.completed.min()))
            own = run.stats["acceptance_rate"][:, kept][run.independent[:, kept]]
            found["moves"] = {
                "kind": "independence",
                "acceptance": float(own.mean()) if own.size else float("nan"),
                **asdict(self._proposal.chosen),
            }
        return found
