"""``aq.sample(sampler="tempered")``: a model's posterior by parallel tempering."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any, Unpack

import numpy as np

from aliquot.diagnostics.statistics import effective_size, split_rhat
from aliquot.errors import ConvergenceWarning, ModelError, warn
from aliquot.evidence import size_by_batches, stepping_stones
from aliquot.evidence.verdict import FEWEST_ROUNDS
from aliquot.inference.initialisation import jittered_starts, metric_for, read_init
from aliquot.inference.references import PRIOR, reference_of
from aliquot.inference.run_options import RunOptions
from aliquot.inference.sampling import AskedStart, Watched
from aliquot.mcmc.result import ChainDraws
from aliquot.mcmc.settings import Metric
from aliquot.mcmc.starts import Jittered
from aliquot.model import Model
from aliquot.progress import announce
from aliquot.storage import RunStore
from aliquot.symmetry import Symmetries
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


class TemperedSampling:
    """Chains on a ladder from the prior, or from a fit; see `Sampling`."""

    name = "tempered"

    def __init__(
        self,
        model: Model,
        density: Any,
        options: RunOptions,
        beginning: AskedStart,
        store: RunStore | None,
    ) -> None:
        metric = metric_for(options.init, options.settings.metric, density.size)
        self.settings = replace(options.settings, metric=metric_of_rungs(options.init, metric))
        self._model, self._density, self._options = model, density, options
        self._beginning, self._store = beginning, store
        self._symmetric = False
        self._run: TemperedDraws | None = None

    def prepare(self, symmetries: Symmetries) -> None:
        """Find where the ladder begins: where a run goes on, at the same as before."""
        options, given, initvals = self._options, self._beginning.given, self._beginning.initvals
        self._symmetric = bool(symmetries)
        self._reference, self._called = reference_of(
            self._model, self._density, given, options.seed, self._store
        )
        self._starts = Jittered(self._density.start, options.chains)
        if initvals is not None:
            self._starts = jittered_starts(
                self._density, initvals, chains=options.chains, jitter=read_init(options.init)[1]
            )
        announce(f"Tempering from {self._called} to the posterior.", options.progressbar)

    def draw(self, **watched: Unpack[Watched]) -> ChainDraws:
        """Run the chains."""
        self._run = sample_tempered(
            self._density.log_density,
            self._density.data,
            self._reference,
            settings=self.settings,
            chains=self._options.chains,
            seed=self._options.seed,
            starts=self._starts,
            at_starts=self._beginning.initvals is not None,
            cores=self._options.cores,
            **watched,
        )
        return self._run.chains

    def said(self, run: ChainDraws, seen: ChainDraws) -> dict[str, Any]:
        """Say what the ladder was and how it did."""
        assert self._run is not None
        # Replicas from the prior have met all mirror images, which it does not tell apart. Those
        # from a fit may not have.
        whole = self._called == PRIOR or not self._symmetric
        return {
            "reference": self._called,
            "cores": self._options.cores or os.cpu_count() or 1,
            **_said(replace(self._run, chains=seen), whole),
        }


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


def _said(run: TemperedDraws, whole: bool) -> dict[str, Any]:
    """Put into attributes what the ladder was and how it did, and where it is `whole` the evidence.

    Else the integral may be that of some mirror modes only.
    """
    attrs: dict[str, Any] = {"beta": run.betas}
    if not run.chains.further:
        return attrs  # there are no draws after the warm-up
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
