"""From a model and what was asked for to draws that have been checked, in memory or in a store."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aliquot.background import Background
from aliquot.blas import on_one_thread
from aliquot.compilation import uncollected
from aliquot.inference.exact import exact_draws
from aliquot.inference.initialisation import explain_start
from aliquot.inference.initialised import refuse_other_model
from aliquot.inference.interrupt import Interrupts, interrupts
from aliquot.inference.labels import announce_symmetries
from aliquot.inference.nuts import NUTSSampling
from aliquot.inference.run_options import RunOptions
from aliquot.inference.run_result import ChainsDrawn, result
from aliquot.inference.sampling import AskedStart, Sampling
from aliquot.inference.stored import StoredRun, create
from aliquot.inference.tempered import TemperedSampling
from aliquot.inference.until import Look
from aliquot.mcmc.result import ChainDraws, ChainProgress
from aliquot.mcmc.starts import NoStartError
from aliquot.model import Model
from aliquot.progress import announce, sampling_progress
from aliquot.storage import RunStore
from aliquot.symmetry import ATTRIBUTE, Symmetries

if TYPE_CHECKING:
    import xarray


@on_one_thread
def draw(
    model: Model,
    options: RunOptions,
    beginning: AskedStart,
    store: Path | RunStore | None = None,
) -> xarray.DataTree:
    """Draw; `store` is where a store is to be made, or the one of a run that is to go on."""
    density = model.density()
    if density.marginal is not None:
        announce(model.marginalization().line, options.progressbar)
    if density.size == 0:
        assert not isinstance(store, RunStore)
        return exact_draws(model, options.settings.draws, options.chains, options.seed, store)
    if beginning.given is not None:
        refuse_other_model(beginning.given, density, beginning.initvals)
    if isinstance(store, Path):
        store = create(store, model, density, options, beginning)
    recorder = None if store is None else StoredRun(store, density)
    try:
        return _Run(model, density, options, beginning, recorder).tree()
    finally:
        if store is not None:
            store.close()


class _Run:
    """One run of chains, from what is explored to what is said of the draws."""

    def __init__(
        self,
        model: Model,
        density: Any,
        options: RunOptions,
        beginning: AskedStart,
        recorder: StoredRun | None,
    ) -> None:
        self._model, self._density, self._options = model, density, options
        self._recorder = recorder
        store = None if recorder is None else recorder.store
        self._described = (
            beginning.described(options) if store is None else store.description["beginning"]
        )
        self._began = time.perf_counter()
        self._sampling: Sampling = (
            TemperedSampling(model, density, options, beginning, store)
            if options.tempered
            else NUTSSampling(density, options, beginning, self._described)
        )

    def tree(self) -> xarray.DataTree:
        """Draw, check and return the result."""
        model, density, options = self._model, self._density, self._options
        sampling, settings = self._sampling, self._sampling.settings
        symmetries = model.symmetries(explain=False)
        announce_symmetries(model, symmetries, options.permuting, options.progressbar)
        sampling.prepare(symmetries)
        helpers = [
            Background(target=density.prepare_draws, args=(options.chains * settings.draws,)),
            Background(target=_import_results),
        ]

        def meanwhile() -> None:
            for helper in helpers:
                helper.start()

        # From the first draw on nothing that comes may lose one.
        with interrupts() as stop:
            look = self._look(symmetries)
            run = self._chains(meanwhile, stop, look)
            if look is not None and look.stopped == "time" and run.completed.min() > run.tune:
                done = int(run.completed.min())
                run = replace(run, interrupted=False, draws=done - run.tune)
            if run.interrupted and not run.completed.any():
                raise KeyboardInterrupt  # there is nothing to keep
            for helper in helpers:
                helper.join()
            seen = run if self._recorder is None else self._recorder.seen(run, whole=True)
            said = sampling.said(run, seen)
            if look is not None:
                said |= {"until": look.until.described(), "stopped": look.stopped}
            drawn = ChainsDrawn(run, seen, self._attributes(run, symmetries) | said, symmetries)
            return result(model, density, options, drawn, self._recorder, self._began, stop)

    def _chains(
        self, meanwhile: Callable[[], None], stop: Interrupts, look: Look | None
    ) -> ChainDraws:
        options, settings = self._options, self._sampling.settings
        total = settings.tune + settings.draws
        with sampling_progress(options.chains, total, options.progressbar) as display:

            def shown(chains: list[ChainProgress]) -> None:
                stop.held = chains[0].phase != "compiling"
                display.update(chains)
                if look is not None and look.late and any(chain.done for chain in chains):
                    look.stopped = "time"
                    stop.set()

            try:
                return self._sampling.draw(
                    stop=stop,
                    on_progress=shown,
                    meanwhile=meanwhile,
                    recorder=self._recorder,
                    looks=[] if look is None else look.until.looks(settings.draws, options.chains),
                    enough=None if look is None else look.enough,
                )
            except NoStartError as error:
                failure = error
        explain_start(self._model, failure)

    def _look(self, symmetries: Symmetries) -> Look | None:
        until, recorder = self._options.until, self._recorder
        if until is None:
            return None

        def seen(run: ChainDraws) -> ChainDraws:
            return run if recorder is None else recorder.seen(run)

        return Look(until, self._model, self._density, symmetries, seen)

    def _attributes(self, run: ChainDraws, symmetries: Symmetries) -> dict[str, Any]:
        """Say in the result how it was drawn."""
        options, settings = self._options, self._sampling.settings
        return {
            "sampling_time": run.sampling_seconds,
            "warmup_time": run.warmup_seconds,
            "compile_time": run.compile_seconds,
            "compile_cached": run.compile_cached,
            "tuning_steps": run.tune,
            "random_seed": options.seed,
            "sampler": self._sampling.name,
            "init": self._described["init"],
            "metric": settings.metric,
            "draws": run.draws,
            "chains": options.chains,
            "cores": min(options.cores or os.cpu_count() or 1, options.chains),
            "target_accept": settings.target_accept,
            "max_treedepth": settings.max_treedepth,
            "partial": run.interrupted,
            ATTRIBUTE: symmetries.to_json(),
        }


def _import_results() -> None:
    # While XLA compiles or chains run, so that nobody waits for it.
    with uncollected():
        import xarray  # noqa: F401
