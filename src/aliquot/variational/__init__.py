"""Variational fits over a density: a function of a flat vector, whatever the model."""

from __future__ import annotations

from aliquot.variational.approximation import VariationalApproximation
from aliquot.variational.convergence import ParameterChange, RelativeChange
from aliquot.variational.failure import NonFiniteLossError
from aliquot.variational.fit import VariationalFit
from aliquot.variational.full_rank import FullRank
from aliquot.variational.importance import Estimate, FitQuality
from aliquot.variational.mean_field import MeanField

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
