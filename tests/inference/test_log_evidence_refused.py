"""What has no evidence, or is not what it should be given for; what is said of what has one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import aliquot as aq
from aliquot.errors import ModelError, SupportError
from aliquot.inference.prior_product import notes_on
from aliquot.results import build_tree
from tests.inference.known_evidence import MOST, Y, deviation, exact_draws, one_mean


@pytest.fixture(scope="module")
def normal() -> aq.Model:
    return one_mean()


def improper(kind: str) -> aq.Model:
    with aq.Model() as model:
        if kind == "walk":
            steps = aq.GaussianRandomWalk("bad", 0, 1, init_dist=aq.Flat.dist(), steps=3)
            aq.Normal("y", steps, 1, observed=np.zeros(4))
        elif kind == "mixture":
            parts = [aq.Normal.dist(0, 1), aq.Flat.dist()]
            aq.Normal("y", aq.Mixture("bad", [0.5, 0.5], parts), 1, observed=0.0)
        else:
            aq.Normal("y", getattr(aq, kind)("bad"), 1, observed=0.0)
    return model


@pytest.mark.parametrize("kind", ["Flat", "HalfFlat", "walk", "mixture"])
def test_improper_priors_are_refused_by_name(kind: str) -> None:
    trace = build_tree(posterior={"bad": np.zeros((2, 50))})
    with pytest.raises(ModelError, match=r"prior of 'bad', .* is improper"):
        aq.log_evidence(trace, improper(kind))


def test_what_is_not_normalised_is_said(rng: np.random.Generator) -> None:
    """A Potential that is a constant, and a prior cut in half: what they integrate to is known."""
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1, transform=aq.transforms.log)
        aq.Potential("five", 5.0 + 0.0 * x)
    trace = build_tree(posterior={"x": np.abs(rng.normal(size=(4, 500)))})
    found = aq.log_evidence(trace, model, random_seed=1)
    assert deviation(found, 5.0 - np.log(2)) < MOST
    assert "The Potential five is part of the density" in found.message
    assert "A transform keeps x to a part of what the prior covers" in found.message


@pytest.mark.parametrize(
    ("mean", "order", "said"),
    [
        ([0.0, 1.0], aq.transforms.ordered, True),
        ([0.0, 0.0], aq.transforms.ordered, False),  # is log 2! higher where it is
        ([0.0, 1.0], None, False),
    ],
)
def test_orderings_are_normalised_where_elements_are_exchangeable(
    mean: list[float], order: Any, said: bool
) -> None:
    with aq.Model() as model:
        x = aq.Normal("x", mean, 1, **({} if order is None else {"transform": order}))
        aq.Normal("y", x[0], 1, observed=0.3)
    assert ("a transform keeps x" in " ".join(notes_on(model))) is said


def test_traces_of_other_data_are_refused(normal: aq.Model, rng: np.random.Generator) -> None:
    trace = exact_draws(rng)
    other = build_tree(posterior={"mu": trace.posterior["mu"].values}, observed_data={"y": Y + 1})
    with pytest.raises(ModelError, match="drawn given other data of 'y'"):
        aq.log_evidence(other, normal)
    strange = build_tree(posterior={"mu": trace.posterior["mu"].values}, observed_data={"x": Y})
    with pytest.raises(ModelError, match="data of 'x', which the model does not know"):
        aq.log_evidence(strange, normal)


def test_traces_of_another_model_are_refused(normal: aq.Model) -> None:
    with pytest.raises(ModelError, match="no draws of 'mu'"):
        aq.log_evidence(build_tree(posterior={"means": np.zeros((2, 50, 2))}), normal)


@pytest.mark.parametrize("draws", [0, 29])
def test_too_few_draws_are_refused(normal: aq.Model, draws: int) -> None:
    trace = build_tree(posterior={"mu": np.zeros((2, draws))})
    with pytest.raises(ModelError, match=f"2 chains of {draws} draws, and 30 a chain"):
        aq.log_evidence(trace, normal)


@pytest.mark.parametrize("given", [None, 3, {"mu": 1.0}, aq.Model()])
def test_what_is_neither_draws_nor_an_approximation_is_refused(
    normal: aq.Model, given: Any
) -> None:
    with pytest.raises(ModelError, match=r"give draws of the posterior.* or an approximation"):
        aq.log_evidence(given, normal)


def test_draws_on_a_bound_are_refused(rng: np.random.Generator) -> None:
    """A sixth of Beta(0.03, 1) reversed is nearer to 1 than a float can be."""
    with aq.Model() as model:
        p = aq.Beta("p", 1, 0.03)
        aq.Normal("y", p, 1, observed=0.5)
    draws = np.minimum(1 - rng.beta(0.03, 1, (2, 300)), np.nextafter(1, 0))
    with pytest.raises(SupportError, match="p or its mirror image is nearer to a bound"):
        aq.log_evidence(build_tree(posterior={"p": draws}), model)


def test_a_chain_that_stays_is_not_on_a_bound(rng: np.random.Generator) -> None:
    """Steps that are refused repeat a point, of which permuted chains hold mirror images."""
    with aq.Model() as model:
        mu = aq.Normal("mu", 0, 1, shape=2)
        z = aq.Categorical("z", [0.5, 0.5], shape=3)
        aq.Normal("y", mu[z], 1, observed=[-1.0, 0.0, 1.0])
    stays = np.repeat(rng.normal(size=(4, 25, 2)), 20, axis=1)
    turned = rng.permuted(stays, axis=-1)
    aq.log_evidence(build_tree(posterior={"mu": turned}), model)
    turned[:, ::40] = turned.max()  # on many visits
    with pytest.raises(SupportError, match="mu or its mirror image is nearer to a bound"):
        aq.log_evidence(build_tree(posterior={"mu": turned}), model)
