"""One simulation: a posterior given data that the prior has made, and where the truth is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from aliquot.calibration.quantities import (
    LIKELIHOOD,
    discrete_draws,
    log_likelihood,
    of_discrete,
    of_variables,
)
from aliquot.diagnostics.statistics import mixing
from aliquot.many.methods import FitArray, FitOutcome, Method, attempted
from aliquot.many.record import OK, WARNED, FitRow
from aliquot.model import Model
from aliquot.symmetry import Symmetries
from aliquot.symmetry.finding import take_symmetries

GROUP, NAME, DIM = "calibration", "rank", "quantity"
# A rank that there is not: the quantity is no number there.
NONE = -1
STREAM = 0xCA
# What is worth saying of a fit that is one of many; with few draws R-hat is rough.
WORST_RHAT, FEWEST_DRAWS = 1.05, 4


@dataclass(frozen=True)
class Simulation:
    """Data that a model has made, in the model, and the values that they were made with."""

    model: Model
    truth: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Ranking:
    """Fits a simulation, and ranks what is known to be true among so many draws."""

    method: Method
    symmetries: Symmetries  # of a simulation, with the discrete variables that move along
    known: Symmetries  # without
    draws: int

    def __call__(self, simulation: Simulation, seed: int, cores: int) -> FitOutcome:
        """Do it."""

        def fit() -> FitOutcome:
            take_symmetries(simulation.model, self.known)
            fitted = self.method.fit(simulation.model, seed, cores, judged=False)
            return fitted if fitted.partial else self._ranked(simulation, fitted, seed)

        return attempted(fit, seed)

    def names(self, simulation: Simulation) -> list[str]:
        """Name what is ranked."""
        twice = {name: np.stack([value, value]) for name, value in simulation.truth.items()}
        model = simulation.model
        return [*self._of_variables(model, twice), *self._of_the_rest(model, twice)]

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
        found = self._of_variables(simulation.model, _joined(simulation.truth, flat))
        record = fitted.record
        if chains > 1:
            draws = np.array([v[1:] for v in found.values()]).reshape(len(found), chains, length)
            record = _judged(fitted, draws)
        values = {name: value[np.r_[0, 1 + kept]] for name, value in found.items()}
        values |= self._of_the_rest(simulation.model, _joined(simulation.truth, some))
        ranks = _ranks(np.array(list(values.values())), np.random.default_rng([seed, STREAM]))
        array = FitArray(GROUP, NAME, (DIM,), ranks, (np.array(list(values)),), {})
        return FitOutcome(record, [array])

    def _of_variables(self, model: Model, draws: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Give what is ranked of the continuous variables and deterministics, by name."""
        marginal = model.density().marginal
        discrete = [] if marginal is None else [unknown.name for unknown in marginal.unknowns]
        continuous = {name: value for name, value in draws.items() if name not in discrete}
        if not continuous:
            return {}
        found = of_variables(model, self.symmetries, continuous)
        return dict(zip(found.names, found.values, strict=True))

    def _of_the_rest(self, model: Model, draws: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Give the log likelihood, and what is ranked of the discrete variables, by name."""
        density = model.density()
        result = {LIKELIHOOD: log_likelihood(density, draws)} if density.slots else {}
        found = of_discrete(density, self.symmetries, draws)
        return result | dict(zip(found.names, found.values, strict=True))


def _joined(
    truth: Mapping[str, np.ndarray], draws: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Put the true values before the draws (n, *shape), of what both have."""
    return {
        name: np.concatenate([np.asarray(truth[name])[None], value])
        for name, value in draws.items()
        if name in truth
    }


def _judged(fitted: FitOutcome, draws: np.ndarray) -> FitRow:
    """Say whether a sample has converged in what is ranked, (quantities, chains, draws)."""
    divergences = sum(int(a.values.sum()) for a in fitted.arrays if a.name == "diverging")
    said = [fitted.record.reason] if fitted.record.reason else []
    figures: dict[str, Any] = {"divergences": float(divergences)}
    if draws.size and draws.shape[2] >= FEWEST_DRAWS:
        measured = mixing(draws)
        figures |= {
            "rhat": float(np.nanmax(measured.rhat, initial=0.0)),
            "ess_bulk": float(np.nanmin(measured.ess_bulk, initial=np.inf)),
            "ess_tail": float(np.nanmin(measured.ess_tail, initial=np.inf)),
        }
        if figures["rhat"] > WORST_RHAT:
            said.append(f"R-hat is {figures['rhat']:.2f}")
    if divergences:
        said.append(f"{divergences} divergence{'' if divergences == 1 else 's'}")
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
