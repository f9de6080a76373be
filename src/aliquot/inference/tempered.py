"""``aq.sample(sampler="tempered")``: a model's posterior by parallel tempering."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from aliquot.diagnostics.statistics import effective_size, split_rhat
from aliquot.errors import ConvergenceWarning, ModelError, warn
from aliquot.evidence import size_by_batches, stepping_stones
from aliquot.evidence.verdict import FEWEST_ROUNDS
from aliquot.inference.approximation import Approximation
from aliquot.inference.initialisation import explain_start
from aliquot.inference.interrupt import Interrupts
from aliquot.inference.references import PRIOR, reference_of
from aliquot.mcmc.result import ChainDraws, ChainProgress
from aliquot.mcmc.settings import Metric, NUTSSettings
from aliquot.mcmc.starts import Jittered, NoStartError
from aliquot.model import Model
from aliquot.progress import announce, sampling_progress
from aliquot.tempering.result import TemperedDraws
from aliquot.tempering.run import sample_tempered

SAMPLERS = ("nuts", "tempered")
# Fewer draws of a chain tell neither the evidence nor its error.
FEWEST_DRAWS = 30
# With as many rungs a ladder is long.
MANY_RUNGS = 16
# Batches of each chain, at most.
MOST_BATCHES = 20
# A pair of rungs that is further apart lets hardly anything through.
MOST_REJECTED = 0.9


def read_sampler(sampler: Any) -> bool:
    """Read which sampler is asked for: whether it is the tempered one."""
    if sampler not in SAMPLERS:
        raise ModelError(f"sampler must be {' or '.join(map(repr, SAMPLERS))}; got {sampler!r}")
    return bool(sampler == "tempered")


def metric_of_rungs(how: str, metric: Metric) -> Metric:
    """Give the metric of a ladder's rungs, from what ``init`` means for NUTS."""
    if metric != "adapt_diag_grad":
        return metric
    if how != "auto":
        raise ModelError(
            f"init={how!r} with sampler='tempered': the metrics of a ladder's rungs come from "
            "draws, not from gradients. Use init='adapt_diag', 'adapt_full' or 'auto', or give an "
            "approximation, which is then where the ladder begins"
        )
    return "adapt_diag"


def run_tempered(
    model: Model,
    density: Any,
    given: Approximation | None,
    starts: Jittered | None,
    settings: NUTSSettings,
    seed: int,
    cores: int | None,
    progressbar: bool,
    meanwhile: Callable[[], None],
    chains: int,
    stop: Interrupts,
) -> tuple[ChainDraws, dict[str, Any]]:
    """Sample, and give besides the draws what the results' attributes say of the ladder.

    `starts` are where users want chains to start, None where they do not say.
    """
    reference, called = reference_of(model, density, given, seed)
    announce(f"Tempering from {called} to the posterior.", progressbar)
    total = settings.tune + settings.draws
    with sampling_progress(chains, total, progressbar) as display:

        def shown(chains: list[ChainProgress]) -> None:
            stop.held = chains[0].phase != "compiling"
            display.update(chains)

        try:
            run = sample_tempered(
                density.log_density,
                density.data,
                reference,
                settings=settings,
                chains=chains,
                seed=seed,
                starts=Jittered(density.start, chains) if starts is None else starts,
                at_starts=starts is not None,
                cores=cores,
                stop=stop,
                on_progress=shown,
                meanwhile=meanwhile,
            )
        except NoStartError as error:
            failure = error
        else:
            threads = cores or os.cpu_count() or 1
            # Replicas from the prior have met all mirror images, which it does not tell apart.
            # Those from a fit may not have.
            whole = called == PRIOR or not model.symmetries(explain=False)
            said = {"reference": called, "cores": threads} | _said(run, whole)
            return _with_trips(run), said
    explain_start(model, failure)


def warn_of_ladder(attrs: dict[str, Any]) -> None:
    """Warn where hardly any replica has come through the ladder, and say what to do."""
    trips, acceptance = attrs.get("round_trips"), attrs.get("swap_acceptance")
    if trips is None or acceptance is None:
        return
    rejected = 1.0 - np.mean(acceptance, axis=0)
    rungs = len(attrs["beta"])
    begins = f"the ladder of {rungs} densities from {attrs['reference']} to the posterior"
    if min(trips) == 0:
        none = sum(n == 0 for n in trips)
        found = f"in {none} of {len(trips)} chains no replica has come through {begins}"
    elif rejected.max() > MOST_REJECTED:
        worst = f"up to {100 * rejected.max():.0f}% of the swaps between neighbours are rejected"
        found = f"{worst} on {begins}"
    elif sum(trips) < FEWEST_ROUNDS * rungs:
        often = f"{sum(trips) / rungs:.1f} times, in all chains together"
        found = f"each replica has come through {begins} only {often}"
    else:
        return
    advice = "Give the warm-up more draws (tune=), and draw longer"
    if rungs >= MANY_RUNGS:
        advice += (
            ". Priors closer to the data make the ladder shorter, and so does a fit to begin at, "
            "if it covers the modes: init=aq.fit(method='laplace')"
        )
    warn(
        f"{found}: how much mass each mode has is not well known from these draws. {advice}",
        ConvergenceWarning,
    )


def _with_trips(run: TemperedDraws) -> ChainDraws:
    """Add to the statistics of the draws how the ladder went; -1 in the warm-up."""
    chains = run.chains
    shape = chains.stats["lp"].shape
    kept = slice(chains.tune, chains.tune + run.trips.shape[1])
    trips = np.full(shape, -1, np.int64)
    trips[:, kept] = run.trips
    replicas = np.full((*shape, len(run.betas)), -1, np.int16)
    replicas[:, kept] = run.replicas
    return replace(chains, stats=chains.stats | {"round_trips": trips, "replica": replicas})


def _said(run: TemperedDraws, whole: bool) -> dict[str, Any]:
    """Put into attributes what the ladder was and how it did, and where it is `whole` the evidence.

    Else the integral may be that of some mirror modes only.
    """
    attrs: dict[str, Any] = {"beta": run.betas}
    if not run.trips.shape[1]:
        return attrs
    attrs |= {
        "swap_acceptance": run.acceptance,
        "barrier": run.barrier,
        "round_trips": run.trips[:, -1],
    }
    if run.trips.shape[1] < FEWEST_DRAWS or not whole:
        return attrs
    found = stepping_stones(run.betas, run.log_ratios, lambda function: _worth(run, function))
    if not np.isfinite(found.estimate.mcse):
        return attrs
    return attrs | {
        "log_evidence": found.estimate.value,
        "log_evidence_error": found.estimate.mcse,
        "log_evidence_effective": found.effective,
        "log_evidence_rhat": float(split_rhat(found.function[None])[0]),
    }


def _worth(run: TemperedDraws, function: np.ndarray) -> float:
    """Say how many independent draws of all rungs those of (chains, scans) are worth.

    Which modes the replicas are in changes only as fast as they go around the ladder, which
    autocorrelations may not tell: they are small beside what moves from scan to scan, and last.
    Batches as long as a replica takes do.
    """
    found = float(effective_size(function[None])[0])
    rounds = int(np.clip(run.trips[:, -1].mean() / len(run.betas), 1, MOST_BATCHES))
    if len(function) * rounds < 2:
        return found
    return min(found, size_by_batches(function, rounds))
