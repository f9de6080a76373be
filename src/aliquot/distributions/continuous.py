"""Every continuous univariate family."""

from aliquot.distributions.bounded import Beta, Uniform
from aliquot.distributions.circular import VonMises
from aliquot.distributions.gamma import ChiSquared, Gamma, InverseGamma
from aliquot.distributions.heavy_tailed import Cauchy, HalfCauchy, HalfStudentT, StudentT
from aliquot.distributions.improper import Flat, HalfFlat
from aliquot.distributions.location_scale import Gumbel, Laplace, Logistic
from aliquot.distributions.normal import HalfNormal, Normal
from aliquot.distributions.positive import Exponential, LogNormal, Pareto, Weibull
from aliquot.distributions.truncated_normal import TruncatedNormal

__all__ = [
    "Beta",
    "Cauchy",
    "ChiSquared",
    "Exponential",
    "Flat",
    "Gamma",
    "Gumbel",
    "HalfCauchy",
    "HalfFlat",
    "HalfNormal",
    "HalfStudentT",
    "InverseGamma",
    "Laplace",
    "LogNormal",
    "Logistic",
    "Normal",
    "Pareto",
    "StudentT",
    "TruncatedNormal",
    "Uniform",
    "VonMises",
    "Weibull",
]
