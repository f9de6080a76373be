"""Variational fits over a density: a function of a flat vector, whatever the model."""

from __future__ import annotations

from aliquot.variational.approximation import VariationalApproximation
from aliquot.variational.failure import NonFiniteLossError
from aliquot.variational.importance import Estimate, FitQuality
from aliquot.variational.stochastic.convergence import ParameterChange, RelativeChange
from aliquot.variational.stochastic.family import FullRank, MeanField
from aliquot.variational.stochastic.fit import VariationalFit

__all__ = [
    "Estimate",
    "FitQuality",
    "FullRank",
    "MeanField",
    "NonFiniteLossError",
    "ParameterChange",
    "RelativeChange",
    "VariationalApproximation",
    "VariationalFit",
]
