"""``aq.sample(sampler="nuts")``: chains that start where exploring found the mass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Unpack

from aliquot.inference.beginning import Compiling, StartingPlan
from aliquot.inference.initialisation import metric_for, read_init
from aliquot.inference.run_options import RunOptions
from aliquot.inference.sampling import AskedStart, Watched
from aliquot.mcmc.result import ChainDraws
from aliquot.mcmc.run import sample as run_chains
from aliquot.progress import announce
from aliquot.symmetry import Symmetries


class NUTSSampling:
    """Independent chains by NUTS; see `Sampling`.

    `described` is what was said of the beginning when the run was begun.
    """

    name = "NUTS"

    def __init__(
        self,
        density: Any,
        options: RunOptions,
        beginning: AskedStart,
        described: Mapping[str, Any],
    ) -> None:
        metric = metric_for(options.init, options.settings.metric, density.size)
        self.settings = replace(options.settings, metric=metric)
        self._density, self._options = density, options
        self._beginning, self._described = beginning, described
        self._compiling = Compiling(density, self.settings, options.chains)
        if described["explored"]:
            self._compiling.start()

    def prepare(self, symmetries: Symmetries) -> None:
        """Explore, or start where the user says."""
        options = self._options
        self._plan = plan = StartingPlan(
            self._density,
            symmetries,
            # What was explored when the run was begun is found again, with as many evaluations.
            replace(self.settings, draws=self._described["draws"]),
            chains=options.chains,
            seed=options.seed,
            moves=options.moves,
        )
        if self._beginning.given is not None:
            plan.from_approximation(self._beginning.given)
            return
        plan.around(self._beginning.initvals, read_init(options.init)[1])
        if self._described["explored"]:
            plan.explore(self._compiling)

    def draw(self, **watched: Unpack[Watched]) -> ChainDraws:
        """Run the chains."""
        plan = self._plan
        return run_chains(
            self._density.log_density,
            self._density.data,
            plan.starts,
            settings=self.settings,
            seed=self._options.seed,
            cores=self._options.cores,
            scale=plan.scale,
            warmed=plan.warmed,
            **watched,
        )

    def said(self, run: ChainDraws, seen: ChainDraws) -> dict[str, Any]:
        """Say what was found, and which moves were made; in a line, too, what was not as usual."""
        said = self._plan.attributes(seen)
        if line := self._plan.said(run, said):
            announce(line, self._options.progressbar)
        return said
