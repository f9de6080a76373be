"""``aq.Normal`` and its kin: one constructor of model variables for each family."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aliquot.distributions import (
    autoregressive,
    binary,
    bounded,
    categorical,
    censored,
    circular,
    counts,
    custom,
    dirichlet,
    dirichlet_multinomial,
    discrete_weibull,
    gamma,
    heavy_tailed,
    hurdle,
    hypergeometric,
    improper,
    interpolated,
    kumaraswamy,
    lkj,
    location_scale,
    markov_chain,
    mixture,
    mv_random_walk,
    mv_student_t,
    mvnormal,
    normal_mixture,
    ordered_probit,
    positive,
    random_walk,
    skewed,
    stick_breaking,
    truncated,
    truncated_normal,
    zero_inflated,
    zero_sum_normal,
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
SkewNormal = Constructor(skewed.SkewNormal)
AsymmetricLaplace = Constructor(skewed.AsymmetricLaplace)
ExGaussian = Constructor(skewed.ExGaussian)
LogNormal = Constructor(positive.LogNormal)
Exponential = Constructor(positive.Exponential)
Gamma = Constructor(gamma.Gamma)
InverseGamma = Constructor(gamma.InverseGamma)
ChiSquared = Constructor(gamma.ChiSquared)
Weibull = Constructor(positive.Weibull)
Pareto = Constructor(positive.Pareto)
Beta = Constructor(bounded.Beta)
Uniform = Constructor(bounded.Uniform)
Kumaraswamy = Constructor(kumaraswamy.Kumaraswamy)
Interpolated = Constructor(interpolated.Interpolated)
VonMises = Constructor(circular.VonMises)
Flat = Constructor(improper.Flat)
HalfFlat = Constructor(improper.HalfFlat)

GaussianRandomWalk = Constructor(random_walk.GaussianRandomWalk)
MvGaussianRandomWalk = Constructor(mv_random_walk.MvGaussianRandomWalk)
AR = Constructor(autoregressive.AR)
Dirichlet = Constructor(dirichlet.Dirichlet)
StickBreakingWeights = Constructor(stick_breaking.StickBreakingWeights)
MvNormal = Constructor(mvnormal.MvNormal)
MvStudentT = Constructor(mv_student_t.MvStudentT)
ZeroSumNormal = Constructor(zero_sum_normal.ZeroSumNormal)
LKJCholeskyCov = CholeskyConstructor(lkj.LKJCholeskyCov)
LKJCorr = Constructor(lkj.LKJCorr)

Bernoulli = Constructor(binary.Bernoulli)
Binomial = Constructor(binary.Binomial)
BetaBinomial = Constructor(binary.BetaBinomial)
Categorical = Constructor(categorical.Categorical)
DiscreteUniform = Constructor(counts.DiscreteUniform)
Poisson = Constructor(counts.Poisson)
NegativeBinomial = Constructor(counts.NegativeBinomial)
Geometric = Constructor(counts.Geometric)
Multinomial = Constructor(categorical.Multinomial)
DirichletMultinomial = Constructor(dirichlet_multinomial.DirichletMultinomial)
MarkovChain = Constructor(markov_chain.MarkovChain)
OrderedLogistic = Constructor(categorical.OrderedLogistic)
OrderedProbit = Constructor(ordered_probit.OrderedProbit)
DiscreteWeibull = Constructor(discrete_weibull.DiscreteWeibull)
HyperGeometric = Constructor(hypergeometric.HyperGeometric)
ZeroInflatedPoisson = Constructor(zero_inflated.ZeroInflatedPoisson)
ZeroInflatedBinomial = Constructor(zero_inflated.ZeroInflatedBinomial)
ZeroInflatedNegativeBinomial = Constructor(zero_inflated.ZeroInflatedNegativeBinomial)
HurdlePoisson = Constructor(hurdle.HurdlePoisson)
HurdleNegativeBinomial = Constructor(hurdle.HurdleNegativeBinomial)
HurdleGamma = Constructor(hurdle.HurdleGamma)
HurdleLogNormal = Constructor(hurdle.HurdleLogNormal)

Mixture = Constructor(mixture.Mixture)
NormalMixture = Constructor(normal_mixture.NormalMixture)
Truncated = Constructor(truncated.Truncated)
Censored = Constructor(censored.Censored)
CustomDist = CustomConstructor(custom.CustomDist)

# The names above are public, and this is the only list of them. A type checker sees them by itself.
if not TYPE_CHECKING:
    __all__ = [name for name, value in globals().items() if isinstance(value, Constructor)]
