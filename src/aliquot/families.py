"""``aq.Normal`` and its kin: one constructor of model variables for each family."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aliquot.distributions import (
    binary,
    bounded,
    categorical,
    circular,
    counts,
    custom,
    dirichlet,
    gamma,
    heavy_tailed,
    improper,
    lkj,
    location_scale,
    markov_chain,
    mixture,
    mvnormal,
    normal_mixture,
    positive,
    random_walk,
    truncated_normal,
    zero_inflated,
)
from aliquot.model.constructors import Constructor
from aliquot.model.covariance import CholeskyConstructor
from aliquot.model.custom import CustomConstructor

Normal = Constructor(location_scale.Normal)
HalfNormal = Constructor(location_scale.HalfNormal)
TruncatedNormal = Constructor(truncated_normal.TruncatedNormal)
StudentT = Constructor(heavy_tailed.StudentT)
HalfStudentT = Constructor(heavy_tailed.HalfStudentT)
Cauchy = Constructor(heavy_tailed.Cauchy)
HalfCauchy = Constructor(heavy_tailed.HalfCauchy)
Laplace = Constructor(location_scale.Laplace)
Logistic = Constructor(location_scale.Logistic)
Gumbel = Constructor(location_scale.Gumbel)
LogNormal = Constructor(positive.LogNormal)
Exponential = Constructor(positive.Exponential)
Gamma = Constructor(gamma.Gamma)
InverseGamma = Constructor(gamma.InverseGamma)
ChiSquared = Constructor(gamma.ChiSquared)
Weibull = Constructor(positive.Weibull)
Pareto = Constructor(positive.Pareto)
Beta = Constructor(bounded.Beta)
Uniform = Constructor(bounded.Uniform)
VonMises = Constructor(circular.VonMises)
Flat = Constructor(improper.Flat)
HalfFlat = Constructor(improper.HalfFlat)

GaussianRandomWalk = Constructor(random_walk.GaussianRandomWalk)
Dirichlet = Constructor(dirichlet.Dirichlet)
MvNormal = Constructor(mvnormal.MvNormal)
LKJCholeskyCov = CholeskyConstructor(lkj.LKJCholeskyCov)

Bernoulli = Constructor(binary.Bernoulli)
Binomial = Constructor(binary.Binomial)
BetaBinomial = Constructor(binary.BetaBinomial)
Categorical = Constructor(categorical.Categorical)
DiscreteUniform = Constructor(counts.DiscreteUniform)
Poisson = Constructor(counts.Poisson)
NegativeBinomial = Constructor(counts.NegativeBinomial)
Geometric = Constructor(counts.Geometric)
Multinomial = Constructor(categorical.Multinomial)
MarkovChain = Constructor(markov_chain.MarkovChain)
OrderedLogistic = Constructor(categorical.OrderedLogistic)
ZeroInflatedPoisson = Constructor(zero_inflated.ZeroInflatedPoisson)
ZeroInflatedBinomial = Constructor(zero_inflated.ZeroInflatedBinomial)
ZeroInflatedNegativeBinomial = Constructor(zero_inflated.ZeroInflatedNegativeBinomial)

Mixture = Constructor(mixture.Mixture)
NormalMixture = Constructor(normal_mixture.NormalMixture)
CustomDist = CustomConstructor(custom.CustomDist)

# The names above are public, and this is the only list of them. A type checker sees them by itself.
if not TYPE_CHECKING:
    __all__ = [name for name, value in globals().items() if isinstance(value, Constructor)]
