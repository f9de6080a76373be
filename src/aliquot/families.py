"""``aq.Normal`` and its kin: one constructor of model variables for each family."""

from __future__ import annotations

from aliquot.distributions import continuous, discrete, mixtures, multivariate
from aliquot.model.constructors import Constructor
from aliquot.model.covariance import CholeskyConstructor

Normal = Constructor(continuous.Normal)
HalfNormal = Constructor(continuous.HalfNormal)
TruncatedNormal = Constructor(continuous.TruncatedNormal)
StudentT = Constructor(continuous.StudentT)
HalfStudentT = Constructor(continuous.HalfStudentT)
Cauchy = Constructor(continuous.Cauchy)
HalfCauchy = Constructor(continuous.HalfCauchy)
Laplace = Constructor(continuous.Laplace)
Logistic = Constructor(continuous.Logistic)
Gumbel = Constructor(continuous.Gumbel)
LogNormal = Constructor(continuous.LogNormal)
Exponential = Constructor(continuous.Exponential)
Gamma = Constructor(continuous.Gamma)
InverseGamma = Constructor(continuous.InverseGamma)
ChiSquared = Constructor(continuous.ChiSquared)
Weibull = Constructor(continuous.Weibull)
Pareto = Constructor(continuous.Pareto)
Beta = Constructor(continuous.Beta)
Uniform = Constructor(continuous.Uniform)
VonMises = Constructor(continuous.VonMises)
Flat = Constructor(continuous.Flat)
HalfFlat = Constructor(continuous.HalfFlat)

GaussianRandomWalk = Constructor(multivariate.GaussianRandomWalk)
Dirichlet = Constructor(multivariate.Dirichlet)
MvNormal = Constructor(multivariate.MvNormal)
LKJCholeskyCov = CholeskyConstructor(multivariate.LKJCholeskyCov)

Bernoulli = Constructor(discrete.Bernoulli)
Binomial = Constructor(discrete.Binomial)
BetaBinomial = Constructor(discrete.BetaBinomial)
Categorical = Constructor(discrete.Categorical)
DiscreteUniform = Constructor(discrete.DiscreteUniform)
Poisson = Constructor(discrete.Poisson)
NegativeBinomial = Constructor(discrete.NegativeBinomial)
Geometric = Constructor(discrete.Geometric)
Multinomial = Constructor(discrete.Multinomial)
MarkovChain = Constructor(discrete.MarkovChain)
OrderedLogistic = Constructor(discrete.OrderedLogistic)
ZeroInflatedPoisson = Constructor(discrete.ZeroInflatedPoisson)
ZeroInflatedBinomial = Constructor(discrete.ZeroInflatedBinomial)
ZeroInflatedNegativeBinomial = Constructor(discrete.ZeroInflatedNegativeBinomial)

Mixture = Constructor(mixtures.Mixture)
NormalMixture = Constructor(mixtures.NormalMixture)

__all__ = [
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
