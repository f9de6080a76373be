"""Permutation moves: exact, a function of the seed, and judged by the two-mode posterior."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import aliquot as aq
from aliquot.diagnostics.statistics import rhat
from aliquot.inference.permute import permutations, permuted, that_hold
from aliquot.results import build_tree
from aliquot.symmetry import Symmetries

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 2, 100)
DATA = RNG.normal(np.array([-1.0, 1.0])[LABELS], 1.0)


def classic(**arguments):
    with aq.Model() as model:
        means = aq.Normal("means", mu=0, sigma=10, shape=2, **arguments)
        aq.Deterministic("gap", means[1] - means[0])
        aq.NormalMixture("obs", w=[0.5, 0.5], mu=means, sigma=1, observed=DATA)
    return model


def exact():
    """The mean, and the mean square, of one mean over both modes, by quadrature."""
    grid = np.linspace(-2.5, 2.5, 401)
    a, b = np.meshgrid(grid, grid, indexing="ij")
    log = -0.5 * (a**2 + b**2) / 100
    for y in DATA:
        log += np.logaddexp(-0.5 * (y - a) ** 2, -0.5 * (y - b) ** 2)
    p = np.exp(log - log.max())
    p /= p.sum()
    return float((p * a).sum()), float((p * a**2).sum()), float((p * a * b).sum())


def test_permutations_are_uniform_and_a_function_of_seed_chain_and_draw():
    drawn = permutations(3, seed=1, block=0, chain=2, draws=6_000)
    assert (np.sort(drawn, axis=-1) == np.arange(3)).all()
    counts = np.unique(drawn @ [9, 3, 1], return_counts=True)[1]
    # Six permutations, 1,000 each: chi-square with 5 degrees of freedom, 1 in 10,000.
    assert len(counts) == 6
    assert ((counts - 1_000) ** 2 / 1_000).sum() < 25.7
    np.testing.assert_array_equal(drawn[:100], permutations(3, 1, 0, 2, 100))
    assert (drawn[:100] != permutations(3, 1, 0, 1, 100)).any()
    assert (drawn[:100] != permutations(3, 1, 1, 2, 100)).any()
    # Neighbours are independent: the share of repeats is 1/6, by 4 standard errors.
    repeats = (drawn[1:] == drawn[:-1]).all(axis=-1).mean()
    assert abs(repeats - 1 / 6) < 4 * np.sqrt(5 / 36 / 6_000)


@pytest.mark.slow
def test_two_modes_are_visited_as_the_posterior_has_them():
    model = classic()
    with warnings.catch_warnings():
        warnings.simplefilter("error", aq.AliquotWarning)
        trace = aq.sample(
            10_000,
            tune=2_000,
            chains=2,
            target_accept=0.95,
            random_seed=1,
            label_switching="permute",
            progressbar=False,
            model=model,
        )
    assert trace.attrs["label_switching"] == "permute"
    assert Symmetries.of(trace.attrs) == model.symmetries(explain=False)
    assert (rhat(np.moveaxis(trace.posterior["means"].values, -1, 0)) < 1.01).all()
    a, b = (trace.posterior["means"].values[..., k] for k in range(2))
    mean, square, product = exact()
    for values, truth in [(a, mean), (b, mean), (a**2, square), (b**2, square), (a * b, product)]:
        assert abs(values.mean() - truth) < 4 * _mcse(values)
    np.testing.assert_allclose(trace.posterior["gap"], b - a, atol=1e-12)


def _mcse(values: np.ndarray) -> float:
    from arviz_stats.base.array import array_stats

    return float(array_stats.mcse(values, method="mean"))


@pytest.fixture(scope="module")
def traces():
    model = classic()
    arguments = {
        "tune": 300,
        "chains": 2,
        "random_seed": 3,
        "progressbar": False,
        "compute_convergence_checks": False,
        "keep_unconstrained": True,
        "model": model,
    }
    raw = aq.sample(200, **arguments)
    return model, raw, aq.sample(200, label_switching="permute", **arguments)


def test_each_draw_is_a_permutation_of_the_one_drawn(traces):
    _, raw, trace = traces
    before, after = raw.posterior["means"].values, trace.posterior["means"].values
    np.testing.assert_array_equal(np.sort(before, -1), np.sort(after, -1))
    moved = (before != after).any(-1).mean()
    assert abs(moved - 0.5) < 4 * np.sqrt(0.25 / 400)
    np.testing.assert_array_equal(raw.sample_stats["lp"], trace.sample_stats["lp"])


def test_deterministics_and_coordinates_follow(traces):
    model, _, trace = traces
    means = trace.posterior["means"].values
    np.testing.assert_allclose(trace.posterior["gap"], means[..., 1] - means[..., 0], atol=1e-12)
    np.testing.assert_allclose(trace.unconstrained_posterior["means"], means, atol=1e-12)
    density = model.density()
    for draw in range(0, 200, 50):
        flat = np.ravel(trace.unconstrained_posterior["means"].values[1, draw])
        assert density.evaluate(flat) == pytest.approx(
            float(trace.sample_stats["lp"].values[1, draw]), abs=1e-8
        )


def test_a_density_that_differs_somewhere_is_noticed():
    with aq.Model() as model:
        means = aq.Normal("means", 0, 1, shape=2)
        # Beyond all that is looked at beforehand.
        aq.Potential("far", np.where(means[0] > 50, 1.0, 0.0))
        aq.NormalMixture("obs", w=[0.5, 0.5], mu=means, sigma=1, observed=DATA[:5])
    symmetries = model.symmetries()
    assert symmetries.modes == 2
    near = {"means": np.tile([1.0, 2.0], (1, 40, 1))}
    far = {"means": np.tile([1.0, 60.0], (1, 40, 1))}
    assert permuted(model.density(), symmetries, near, seed=1) is not None
    with pytest.warns(aq.AliquotWarning, match="the density changes where components trade places"):
        assert permuted(model.density(), symmetries, far, seed=1) is None


def test_what_rounding_hides_is_found_in_the_draws():
    """So far from the data, known weights are lost in the rounding of the other terms."""
    rng = np.random.default_rng(2)
    data = np.repeat([-1e3, 1e3], [28, 12]) + 0.001 * rng.normal(size=40)
    with aq.Model() as model:
        means = aq.Normal("means", 0, 1e4, shape=2)
        aq.NormalMixture("obs", w=[0.3, 0.7], mu=means, sigma=0.001, observed=data)
    draws = {"means": np.array([-1e3, 1e3]) + 0.0002 * rng.normal(size=(2, 40, 2))}
    symmetries = model.symmetries()
    with pytest.warns(aq.AliquotWarning, match="components of means cannot trade places after"):
        assert not that_hold(model.density(), symmetries, draws)
    trace = build_tree(posterior=draws)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        relabelled = aq.relabel(trace, model)
    assert any("there is nothing to relabel" in str(w.message) for w in said)
    np.testing.assert_array_equal(relabelled.posterior["means"], draws["means"])


def test_nothing_to_permute_is_said():
    model = classic(transform=aq.transforms.ordered)
    with pytest.warns(aq.AliquotWarning, match="nothing to permute.*means is ordered"):
        trace = aq.sample(
            50,
            tune=50,
            chains=1,
            label_switching="permute",
            progressbar=False,
            compute_convergence_checks=False,
            model=model,
            random_seed=1,
        )
    assert "label_switching" not in trace.attrs


def test_an_unknown_way_is_refused():
    with pytest.raises(aq.ModelError, match=r'label_switching must be "permute".*aq\.relabel'):
        aq.sample(label_switching="sort", model=classic())


def test_what_can_be_permuted_is_announced(capsys):
    aq.sample(
        20, tune=20, chains=1, compute_convergence_checks=False, model=classic(), random_seed=1
    )
    said = capsys.readouterr().err
    assert "The 2 components of means can trade places: 2 mirror modes." in said


def test_an_approximation_is_spread_over_all_modes():
    model = classic()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", aq.AliquotWarning)
        approx = aq.fit(
            3_000, model=model, random_seed=2, progressbar=False, label_switching="permute"
        )
    spread = approx.sample(4_000, random_seed=1).posterior["means"].values[0]
    alone = approx.sample(4_000, random_seed=1, label_switching=None).posterior["means"].values[0]
    np.testing.assert_array_equal(np.sort(spread, -1), np.sort(alone, -1))
    share = (spread[:, 0] < spread[:, 1]).mean()
    assert abs(share - 0.5) < 4 * np.sqrt(0.25 / 4_000)
    assert (alone[:, 0] < alone[:, 1]).mean() in (0.0, 1.0)
