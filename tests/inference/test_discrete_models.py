"""What is done to models with hidden labels: new data, modes, fits, starts, looking inside."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

import aliquot as aq
from aliquot.errors import ModelError
from aliquot.precision import float64
from tests.inference.discrete_models import WEIGHTS, Y, labelled, mixture
from tests.programs import quick

MEANS = np.array([-1.5, 2.5])


def evaluate(model: aq.Model, **values: Any) -> float:
    """The log density at given values, in which all else is discrete."""
    density = model.density()
    return density.evaluate(density.unconstrain(values))


def grouped(group: Any, y: np.ndarray = Y) -> aq.Model:
    with aq.Model() as model:
        index = aq.Data("group", group)
        seen = aq.Data("y", y)
        means = aq.Normal("means", 0, 2, shape=2)
        z = aq.Categorical("z", p=WEIGHTS, shape=3)
        aq.Normal("obs", means[z[index]], 1, observed=seen)
    return model


def by_hand(group: np.ndarray, y: np.ndarray) -> float:
    """The rows of a group share its label."""
    rows = stats.norm(MEANS, 1).logpdf(y[:, None])
    groups = [np.log(WEIGHTS) + rows[group == g].sum(0) for g in range(3)]
    return float(stats.norm(0, 2).logpdf(MEANS).sum() + sum(map(logsumexp, groups)))


def test_a_replaced_index_changes_what_depends_on_what() -> None:
    first, second = np.array([0, 0, 1, 2, 2]), np.array([2, 1, 1, 0, 2])
    model = grouped(first)
    before = model.density()
    assert abs(evaluate(model, means=MEANS) - by_hand(first, Y)) < 1e-12
    model.set_data({"group": second})
    assert model.density() is not before
    assert abs(evaluate(model, means=MEANS) - by_hand(second, Y)) < 1e-12
    assert abs(by_hand(first, Y) - by_hand(second, Y)) > 1  # not by chance the same
    model.set_data({"group": np.array([0, 1, 2]), "y": Y[:3]})
    assert abs(evaluate(model, means=MEANS) - by_hand(np.arange(3), Y[:3])) < 1e-12


def test_replaced_observations() -> None:
    group, other = np.array([0, 0, 1, 2, 2]), Y[::-1] + 0.5
    model = grouped(group)
    before = model.density()
    assert abs(evaluate(model, means=MEANS) - by_hand(group, Y)) < 1e-12
    model.set_data({"y": other})
    # Nothing has to be compiled again.
    assert model.density().log_density is before.log_density
    assert abs(evaluate(model, means=MEANS) - by_hand(group, other)) < 1e-12


def test_recovering_after_new_observations() -> None:
    from aliquot.results import build_tree

    model = grouped(np.array([0, 0, 1, 2, 2]))
    trace = build_tree(posterior={"means": MEANS[None, None]})
    for y in (Y, -Y):
        model.set_data({"y": y})
        p = aq.recover(trace, model, kind="probabilities").state_probabilities["z"][0, 0]
        joint = np.log(WEIGHTS) + stats.norm(MEANS, 1).logpdf(y[[2], None])
        np.testing.assert_allclose(p[1], np.exp(joint - logsumexp(joint))[0], atol=1e-13)


def test_the_mode_is_that_of_the_marginal() -> None:
    by_labels = aq.find_map(model=labelled(), random_seed=1)
    by_mixture = aq.find_map(model=mixture(), random_seed=1)
    for name in ("w", "means"):
        np.testing.assert_allclose(by_labels[name], by_mixture[name], atol=1e-5)
    assert abs(by_labels.attrs["log_density"] - by_mixture.attrs["log_density"]) < 1e-9
    assert "gap" in by_labels and "level" not in by_labels and "z" not in by_labels


@pytest.mark.filterwarnings("ignore")  # 200 iterations are too few, and equal all the same
def test_fits_see_the_same_function() -> None:
    fits = [
        aq.fit(200, model=model, random_seed=1, progressbar=False)
        for model in (labelled(), mixture())
    ]
    np.testing.assert_allclose(fits[0].hist, fits[1].hist, rtol=1e-8)
    np.testing.assert_allclose(fits[0].mean, fits[1].mean, rtol=1e-6)


def test_debug_shows_the_sum(capsys: pytest.CaptureFixture[str]) -> None:
    report = labelled().debug()
    assert capsys.readouterr().out.strip() == report.text
    rows = {row.name: row for row in report.rows}
    assert set(rows) == {"w", "means", "sum over z"}
    assert rows["sum over z"].kind == "summed out" and rows["sum over z"].value == "with obs"
    w, means = WEIGHTS, np.array([-2.0, 2.0])
    expected = logsumexp(np.log(w) + stats.norm(means, 1).logpdf(Y[:, None]), axis=1).sum()
    assert abs(rows["sum over z"].log_density - expected) < 1e-10
    assert report.culprits == ()


def test_debug_names_an_impossible_sum(capsys: pytest.CaptureFixture[str]) -> None:
    with aq.Model() as model:
        top = aq.HalfNormal("top", 1, shape=2)
        z = aq.Bernoulli("z", 0.5)
        aq.Uniform("obs", 0, top[z], observed=3.0)
    report = model.debug(start={"top": [1.0, 2.0]})
    assert report.culprits == ("sum over z",)
    assert "not finite" in capsys.readouterr().out


def hierarchical(**settings: Any) -> aq.Model:
    with aq.Model() as model:
        z = aq.Categorical("z", p=[0.1, 0.2, 0.7], shape=2, **settings)
        centers = aq.Data("centers", [-10.0, 0.0, 10.0])
        x = aq.Normal("x", centers[z], 1)
        aq.Normal("obs", x, 1, observed=[1.0, 2.0])
    return model


def test_starts_where_a_prior_depends_on_labels() -> None:
    density = hierarchical().density()
    assert density.start.shape == (2,)
    assert np.isfinite(density.evaluate(density.start))
    # At the centre of some state: that of the labels' own start.
    assert density.start[0] in (-10.0, 0.0, 10.0)
    np.testing.assert_array_equal(hierarchical(initval=[0, 2]).density().start, [-10.0, 10.0])


@pytest.mark.parametrize(
    "use",
    [
        lambda model: aq.sample(5, tune=5, initvals={"z": [0, 1]}, model=model, progressbar=False),
        lambda model: aq.find_map(start={"z": [0, 1]}, model=model),
        lambda model: model.debug(start={"z": [0, 1]}),
    ],
    ids=["sample", "find_map", "debug"],
)
def test_labels_have_no_start_values(use: Any) -> None:
    with pytest.raises(ModelError, match=r"'z' is discrete and summed out.*leave it out"):
        use(hierarchical())


def test_gradients_where_a_component_is_impossible() -> None:
    """A mean at infinity: the other component explains all, and its gradient is right."""
    with aq.Model() as model:
        means = aq.Normal("means", 0, 2, shape=2)
        z = aq.Categorical("z", p=[1.0, 0.0], shape=5)
        aq.Normal("obs", means[z], 1, observed=Y)
    density = model.density()
    with float64():
        gradient = quick(jax.grad(density.log_density))(np.array([0.5, 1e200]), density.data)
    np.testing.assert_allclose(gradient[0], (Y - 0.5).sum() - 0.5 / 4, rtol=1e-12)
    assert np.isfinite(gradient).all()


def test_sampling_with_labels_is_sampling_the_mixture() -> None:
    """Densities that agree to the last bits: the chains go the same way for a while."""
    traces = [
        aq.sample(
            20,
            tune=0,
            chains=1,
            random_seed=1,
            init="adapt_diag",
            model=model,
            progressbar=False,
            compute_convergence_checks=False,
        )
        for model in (labelled(), mixture())
    ]
    first = [trace.posterior["means"].values[0, :3] for trace in traces]
    np.testing.assert_allclose(first[0], first[1], rtol=1e-6)
