"""One simulation: a posterior given data that the prior has made, and where the truth is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from aliquot.alike import rows_apart
from aliquot.calibration.quantities import (
    LIKELIHOOD,
    discrete_draws,
    log_likelihood,
    of_discrete,
    of_variables,
)
from aliquot.diagnostics.statistics import mixing
from aliquot.many.methods import APART, FitArray, FitOutcome, Method, failed
from aliquot.many.record import OK, WARNED, FitRow
from aliquot.model import Model
from aliquot.symmetry import Symmetries

GROUP, NAME, DIM = "calibration", "rank", "quantity"
# A rank that there is not: the quantity is no number there.
NONE = -1
STREAM = 0xCA
# What is worth saying of a fit that is one of many; with few draws R-hat is rough.
WORST_RHAT = 1.05


@dataclass(frozen=True)
class Simulation:
    """Data that a model has made, in the model, and the values that they were made with."""

    model: Model
    truth: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Ranking:
    """Fits a simulation, and ranks what is known to be true among so many draws."""

    method: Method
    symmetries: Symmetries
    draws: int

    def __call__(self, simulation: Simulation, seed: int, cores: int) -> FitOutcome:
        """Do it."""
        with rows_apart(APART):
            try:
                fitted = self.method.fit(simulation.model, seed, cores, judged=False)
                return fitted if fitted.partial else self._ranked(simulation, fitted, seed)
            except Exception as failure:
                return FitOutcome(failed(failure, seed))
            except KeyboardInterrupt:  # asked to stop before the first draw
                return FitOutcome(FitRow(random_seed=seed), partial=True)

    def names(self, simulation: Simulation) -> list[str]:
        """Name what is ranked."""
        twice = {name: np.stack([value, value]) for name, value in simulation.truth.items()}
        return [*self._values(simulation.model, twice).keys()]

    def _ranked(self, simulation: Simulation, fitted: FitOutcome, seed: int) -> FitOutcome:
        posterior = {
            array.name: array.values for array in fitted.arrays if array.group == "posterior"
        }
        chains, length = self.method.shape
        total = chains * length
        flat = {name: v.reshape(total, *v.shape[2:]) for name, v in posterior.items()}
        kept = np.linspace(0, total - 1, self.draws).round().astype(int)
        density = simulation.model.density()
        some = {name: value[kept] for name, value in flat.items()}
        some |= {
            name: value
            for name, value in discrete_draws(density, some, len(kept), seed).items()
            if name in simulation.truth
        }
        with_truth = {
            name: np.concatenate([np.asarray(simulation.truth[name])[None], value])
            for name, value in some.items()
            if name in simulation.truth
        }
        values = self._values(simulation.model, with_truth)
        ranks = _ranks(np.array(list(values.values())), np.random.default_rng([seed, STREAM]))
        record = fitted.record
        if chains > 1:
            record = self._judged(simulation.model, fitted, posterior, chains, length)
        array = FitArray(GROUP, NAME, (DIM,), ranks, (np.array(list(values)),), {})
        return FitOutcome(record, [array])

    def _values(self, model: Model, draws: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Give what is ranked of some draws, by name."""
        density = model.density()
        unknowns = [] if density.marginal is None else [u.name for u in density.marginal.unknowns]
        continuous = {name: value for name, value in draws.items() if name not in unknowns}
        result: dict[str, np.ndarray] = {}
        if continuous:
            found = of_variables(model, self.symmetries, continuous)
            result |= dict(zip(found.names, found.values, strict=True))
        if density.slots:
            result[LIKELIHOOD] = log_likelihood(density, draws)
        discrete = of_discrete(density, self.symmetries, draws)
        return result | dict(zip(discrete.names, discrete.values, strict=True))

    def _judged(
        self,
        model: Model,
        fitted: FitOutcome,
        posterior: Mapping[str, np.ndarray],
        chains: int,
        length: int,
    ) -> Any:
        """Say of a sample whether it has converged, in what does not depend on labels."""
        flat = {n: v.reshape(chains * length, *v.shape[2:]) for n, v in posterior.items()}
        found = of_variables(model, self.symmetries, flat).values
        draws = found.reshape(len(found), chains, length)
        divergences = sum(
            int(array.values.sum()) for array in fitted.arrays if array.name == "diverging"
        )
        said = [fitted.record.reason] if fitted.record.reason else []
        figures: dict[str, Any] = {"divergences": float(divergences)}
        if draws.size and length >= 4:
            measured = mixing(draws)
            figures |= {
                "rhat": float(np.nanmax(measured.rhat, initial=0.0)),
                "ess_bulk": float(np.nanmin(measured.ess_bulk, initial=np.inf)),
                "ess_tail": float(np.nanmin(measured.ess_tail, initial=np.inf)),
            }
            if figures["rhat"] > WORST_RHAT:
                said.append(f"R-hat is {figures['rhat']:.2f}")
        if divergences:
            said.append(f"{divergences} divergences")
        status = WARNED if said else OK
        return replace(fitted.record, status=status, reason="; ".join(said), **figures)


def _ranks(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rank the first of each row's values among the others, ties at random.

    >>> _ranks(np.array([[2.0, 1.0, 3.0], [0.0, 1.0, 2.0]]), np.random.default_rng(0))
    array([1., 0.])
    """
    truth, draws = values[:, :1], values[:, 1:]
    ties = (draws == truth).sum(axis=1)
    ranks = (draws < truth).sum(axis=1) + rng.integers(0, ties + 1)
    unknown = np.isnan(values).any(axis=1)
    return np.where(unknown, NONE, ranks).astype(float)
