"""What can be given by position: one thing, or what everybody expects there; the rest by name.

A number in the wrong place is not refused: ``dist.sample(10)`` would take ten for a seed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import aliquot as aq
from aliquot.distributions.base import Distribution

# By position after what is not optional: one argument, of which nobody can think it another, and
# the file that is written.
FIRST = {
    "Approximation.elbo": "n",
    "Approximation.sample": "draws",
    "ADVI.fit": "n",
    "FullRankADVI.fit": "n",
    "Distribution.sample": "sample_shape",
    "Model": "coords",
    "Model.debug": "start",
    "ParameterChange": "tolerance",
    "RelativeChange": "tolerance",
    "calibrate": "model",
    "compare_components": "components",
    "compute_log_likelihood": "model",
    "filled_components": "model",
    "fit": "n",
    "leave_future_out": "model",
    "leave_out": "model",
    "log_evidence": "model",
    "one_step_ahead": "model",
    "plots.plot_mirror_modes": "relabelled",
    "plots.plot_responsibilities": "var_name",
    "plots.plot_states": "var_name",
    "recover": "model",
    "report": "model path",
    "relabel": "model",
    "sample": "draws",
    "sample_posterior_predictive": "model",
    "sample_prior_predictive": "draws",
    "scan": "xs",
    "set_data": "model",
    "transforms.Cholesky": "scales",
    "transforms.Log": "lower",
    "transforms.Ordered": "axis",
    "transforms.PositiveOrdered": "axis",
    "transforms.UpperLog": "upper",
    "transforms.ZeroSum": "axes",
    "transforms.ordered": "axis",
    "transforms.positive_ordered": "axis",
}
# Two bounds, in the order in which everybody writes them.
BOUNDS = {"transforms.Interval", "transforms.interval"}
# Made by the library, not by its users.
INTERNAL = {
    "Expression",
    "Approximation",
    "ComponentComparison",
    "Diagnosis",
    "ADVI.engine",
    "FullRankADVI.engine",
}

# The order of PyMC's own parameters, from its documentation; what is after a star goes by name.
FAMILIES = {
    "Normal": "mu sigma tau",
    "HalfNormal": "sigma tau",
    "TruncatedNormal": "mu sigma",
    "StudentT": "nu mu",
    "HalfStudentT": "nu sigma lam",
    "Cauchy": "alpha beta",
    "HalfCauchy": "beta",
    "Laplace": "mu b",
    "Logistic": "mu s",
    "Gumbel": "mu beta",
    "LogNormal": "mu sigma tau",
    "Exponential": "lam",
    "Gamma": "alpha beta mu sigma",
    "InverseGamma": "alpha beta mu sigma",
    "ChiSquared": "nu",
    "Weibull": "alpha beta",
    "Pareto": "alpha m",
    "Beta": "alpha beta mu sigma nu",
    "Uniform": "lower upper",
    "SkewNormal": "alpha mu sigma tau",
    "AsymmetricLaplace": "kappa mu b q",
    "ExGaussian": "mu sigma nu",
    "Kumaraswamy": "a b",
    "Interpolated": "x_points pdf_points",
    "VonMises": "mu kappa",
    "Flat": "",
    "HalfFlat": "",
    "GaussianRandomWalk": "mu sigma",
    "MvGaussianRandomWalk": "mu cov",
    "AR": "rho sigma tau",
    "Dirichlet": "a",
    "StickBreakingWeights": "alpha K",
    "MvNormal": "mu cov",
    "MvStudentT": "nu",
    "ZeroSumNormal": "sigma",
    "LKJCorr": "n eta",
    "LKJCholeskyCov": "eta n sd_dist",
    "Bernoulli": "p logit_p",
    "Binomial": "n p logit_p",
    "BetaBinomial": "alpha beta n",
    "Categorical": "p logit_p",
    "DiscreteUniform": "lower upper",
    "Poisson": "mu",
    "NegativeBinomial": "mu alpha p n",
    "Geometric": "p",
    "Multinomial": "n p",
    "DirichletMultinomial": "n a",
    "OrderedLogistic": "eta cutpoints",
    "OrderedProbit": "eta cutpoints sigma",
    "DiscreteWeibull": "q beta",
    "HyperGeometric": "N k n",
    "ZeroInflatedPoisson": "psi mu",
    "ZeroInflatedBinomial": "psi n p",
    "ZeroInflatedNegativeBinomial": "psi mu alpha p n",
    "HurdlePoisson": "psi mu",
    "HurdleNegativeBinomial": "psi mu alpha p n",
    "HurdleGamma": "psi alpha beta mu sigma",
    "HurdleLogNormal": "psi mu sigma tau",
    "Truncated": "dist lower upper",
    "Censored": "dist lower upper",
    "Mixture": "w comp_dists",
    "NormalMixture": "w mu sigma tau",
    "CustomDist": "",  # any number
    "MarkovChain": "P init",  # no family of PyMC's
}


def positional(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """List what can be given by position."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    return [p for p in parameters if p.kind in kinds and p.name != "self"]


def public_calls() -> Iterator[tuple[str, Callable[..., Any]]]:
    """List all that a user can call, by the name that comes after ``aq.``."""
    for owner, prefix in ((aq, ""), (aq.plots, "plots."), (aq.transforms, "transforms.")):
        for name in owner.__all__:
            thing = getattr(owner, name)
            if inspect.ismodule(thing) or name in aq.families.__all__:
                continue
            if inspect.isclass(thing) and issubclass(thing, Exception):
                continue
            if callable(thing):
                yield prefix + name, thing
            if inspect.isclass(thing) and prefix == "" and thing is not aq.Expression:
                yield from methods(name, thing)
    yield from methods("Distribution", Distribution)


def methods(name: str, owner: type[Any]) -> Iterator[tuple[str, Callable[..., Any]]]:
    for attribute in dir(owner):
        thing = inspect.getattr_static(owner, attribute)
        if not attribute.startswith("_") and (inspect.isfunction(thing) or inspect.isclass(thing)):
            yield f"{name}.{attribute}", thing


CALLS = [pytest.param(*call, id=call[0]) for call in public_calls() if call[0] not in INTERNAL]


@pytest.mark.parametrize(("name", "function"), CALLS)
def test_options_go_by_name(name: str, function: Callable[..., Any]) -> None:
    optional = [p.name for p in positional(function) if p.default is not p.empty]
    if name in BOUNDS:
        assert optional == ["lower", "upper"]
        return
    allowed = {"Distribution.seen_log_prob": ["checked"]}  # inside a traced function, never a user
    if name in FIRST:
        allowed[name] = FIRST[name].split()
    assert optional == allowed.get(name, [])


def test_the_walk_sees_what_it_is_about() -> None:
    seen = {parameter.id for parameter in CALLS}
    assert set(FIRST) | BOUNDS <= seen
    assert {"sample", "find_map", "Data", "Model.set_data", "plots.plot_states"} <= seen


@pytest.mark.parametrize("family", aq.families.__all__)
def test_parameters_of_families_come_in_pymc_s_order(family: str) -> None:
    assert [p.name for p in positional(getattr(aq, family))] == ["name", *FAMILIES[family].split()]


# Methods of NumPy's arrays that take something else than its functions do, or are not NumPy's.
OWN = {
    "value_now": [],
    "reshape": [],
    "transpose": [],
    "ravel": ["order"],
    "flatten": ["order"],
    "compress": ["condition", "axis"],
    "astype": ["dtype", "order", "casting", "subok", "copy"],
}


@pytest.mark.parametrize("name", [n for n, _ in methods("", aq.Expression)])
def test_methods_of_expressions_take_what_numpy_s_take_by_position(name: str) -> None:
    name = name.removeprefix(".")
    own = [p.name for p in positional(getattr(aq.Expression, name))]
    if name in OWN:
        assert own == OWN[name]
        return
    theirs = [p.name.removeprefix("a_") for p in positional(getattr(np, name))[1:]]
    spelled = {"other": "b", "first": "axis1", "second": "axis2"}
    assert [spelled.get(p, p) for p in own] == theirs[: len(own)]


def test_the_shape_of_draws_comes_first_and_the_seed_by_name() -> None:
    dist = aq.Normal.dist([0.0, 1.0], 1)
    assert dist.sample().shape == (2,)
    assert dist.sample(10).shape == (10, 2)
    assert dist.sample((3, 4), random_seed=1).shape == (3, 4, 2)
    np.testing.assert_array_equal(dist.sample(3, random_seed=1), dist.sample(3, random_seed=1))
    assert (dist.sample(3, random_seed=1) != dist.sample(3, random_seed=2)).all()
    with pytest.raises(TypeError, match=r"dist\.sample\(\(3, 2\), random_seed=1\)"):
        dist.sample(1, 10)  # type: ignore[misc]


@pytest.mark.parametrize("shape", [1.5, -1, True, np.random.default_rng(1), "a", (2, 1.5), None])
def test_what_is_no_shape_of_draws_is_refused(shape: Any) -> None:
    with pytest.raises(aq.ShapeError, match=r"Normal\.sample: the shape .* random_seed="):
        aq.Normal.dist(0, 1).sample(shape)


def test_what_has_no_numbers_yet_cannot_be_drawn_from() -> None:
    with aq.Model():
        mu = aq.Normal("mu", 0, 1)
    with pytest.raises(aq.ModelError, match="the parameter mu has no numbers yet"):
        aq.Normal.dist(mu, 1).sample(3)
    with pytest.raises(aq.DTypeError, match="random_seed must be a non-negative whole number"):
        aq.Normal.dist(0, 1).sample(3, random_seed="a")
