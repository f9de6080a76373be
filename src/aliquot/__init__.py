"""Aliquot: Bayesian models with hidden discrete structure, on JAX.

Write a model as on paper, sample its posterior with NUTS or fit it with variational inference, and
read the answer with ArviZ.

>>> import aliquot as aq
>>> with aq.Model():
...     means = aq.Normal("means", 0, 10, shape=2, transform=aq.transforms.ordered)
...     aq.NormalMixture("obs", w=[0.5, 0.5], mu=means, sigma=1, observed=[-2.2, 2.9, 3.1, -2.7])
...     trace = aq.sample(random_seed=1, progressbar=False)
<...
>>> trace.posterior["means"].shape
(4, 1000, 2)
"""

from importlib.metadata import version as _version
from typing import TYPE_CHECKING

from aliquot import distributions, errors, plots, transforms
from aliquot import porting as _porting
from aliquot.diagnostics import Diagnosis, check
from aliquot.errors import (
    AliquotError,
    AliquotWarning,
    ConvergenceWarning,
    DTypeError,
    FitError,
    ImputationWarning,
    ModelError,
    ParameterError,
    PartialResultWarning,
    ShapeError,
    StartError,
    SupportError,
)
from aliquot.expression import Expression, constant, lift
from aliquot.expression import math as math
from aliquot.families import (
    Bernoulli,
    Beta,
    BetaBinomial,
    Binomial,
    Categorical,
    Cauchy,
    ChiSquared,
    Dirichlet,
    DiscreteUniform,
    Exponential,
    Flat,
    Gamma,
    GaussianRandomWalk,
    Geometric,
    Gumbel,
    HalfCauchy,
    HalfFlat,
    HalfNormal,
    HalfStudentT,
    InverseGamma,
    Laplace,
    LKJCholeskyCov,
    Logistic,
    LogNormal,
    MarkovChain,
    Mixture,
    Multinomial,
    MvNormal,
    NegativeBinomial,
    Normal,
    NormalMixture,
    OrderedLogistic,
    Pareto,
    Poisson,
    StudentT,
    TruncatedNormal,
    Uniform,
    VonMises,
    Weibull,
    ZeroInflatedBinomial,
    ZeroInflatedNegativeBinomial,
    ZeroInflatedPoisson,
)
from aliquot.inference.approximation import Approximation
from aliquot.inference.filled_components import filled_components
from aliquot.inference.find_map import find_map
from aliquot.inference.fit import ADVI, FullRankADVI, fit
from aliquot.inference.predict import (
    compute_log_likelihood,
    sample_posterior_predictive,
    sample_prior_predictive,
)
from aliquot.inference.recover import recover
from aliquot.inference.relabel import relabel
from aliquot.inference.sample import sample
from aliquot.model import Model, set_data
from aliquot.model import data as Data  # noqa: N812 (PyMC's name)
from aliquot.model import deterministic as Deterministic  # noqa: N812
from aliquot.model import potential as Potential  # noqa: N812
from aliquot.reporting.report import report
from aliquot.variational import ParameterChange, RelativeChange

__version__ = _version("aliquot")

__all__ = [
    "ADVI",
    "AliquotError",
    "AliquotWarning",
    "Approximation",
    "ConvergenceWarning",
    "DTypeError",
    "Data",
    "Deterministic",
    "Diagnosis",
    "Expression",
    "FitError",
    "FullRankADVI",
    "ImputationWarning",
    "Model",
    "ModelError",
    "ParameterChange",
    "ParameterError",
    "PartialResultWarning",
    "Potential",
    "RelativeChange",
    "ShapeError",
    "StartError",
    "SupportError",
    "check",
    "constant",
    "compute_log_likelihood",
    "distributions",
    "errors",
    "filled_components",
    "find_map",
    "fit",
    "lift",
    "math",
    "recover",
    "relabel",
    "plots",
    "report",
    "sample",
    "sample_posterior_predictive",
    "sample_prior_predictive",
    "set_data",
    "transforms",
    "Normal",
    "HalfNormal",
    "TruncatedNormal",
    "StudentT",
    "HalfStudentT",
    "Cauchy",
    "HalfCauchy",
    "Laplace",
    "Logistic",
    "Gumbel",
    "LogNormal",
    "Exponential",
    "Gamma",
    "InverseGamma",
    "ChiSquared",
    "Weibull",
    "Pareto",
    "Beta",
    "Uniform",
    "VonMises",
    "Flat",
    "HalfFlat",
    "GaussianRandomWalk",
    "Dirichlet",
    "MvNormal",
    "LKJCholeskyCov",
    "Bernoulli",
    "Binomial",
    "BetaBinomial",
    "Categorical",
    "DiscreteUniform",
    "Poisson",
    "NegativeBinomial",
    "Geometric",
    "Multinomial",
    "MarkovChain",
    "OrderedLogistic",
    "ZeroInflatedPoisson",
    "ZeroInflatedBinomial",
    "ZeroInflatedNegativeBinomial",
    "Mixture",
    "NormalMixture",
]


def __dir__() -> list[str]:
    return sorted([*__all__, *(name for name in globals() if name.startswith("__"))])


if not TYPE_CHECKING:  # a type checker is to go on seeing which names there are

    def __getattr__(name: str) -> None:
        raise _porting.MissingError("aliquot", name, _porting.NAMES, lambda: __all__, "aq.")
