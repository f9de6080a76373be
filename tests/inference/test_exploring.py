"""Chains are where the mass is, by default: what is found before they start, and what is said."""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np
import pytest

import aliquot as aq
from aliquot.errors import ConvergenceWarning, ModelError
from aliquot.inference import moves
from tests.seeds import fixed

# Of two-sided tests at this level, one in 100,000 fails by chance.
ERRORS = 4.5


def two_apart() -> aq.Model:
    with aq.Model() as model:
        aq.NormalMixture("x", w=[0.3, 0.7], mu=[-20.0, 20.0], sigma=1.0)
    return model


def squared() -> aq.Model:
    with aq.Model() as model:
        x = aq.Normal("x", 3, 3)
        aq.Normal("y", x**2, 1, observed=9.0)
    return model


def share_below(model: aq.Model) -> float:
    """By quadrature, the share of the mass below zero."""
    density = model.density()
    grid = np.linspace(-30, 30, 120_001)
    heights = np.array([density.evaluate(np.array([x])) for x in grid[::20]])
    weights = np.exp(heights - heights.max())
    return float(weights[grid[::20] < 0].sum() / weights.sum())


def silently(model: aq.Model, **settings: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        return aq.sample(model=model, progressbar=False, **settings)


def found(trace: Any) -> dict[str, Any]:
    return dict(json.loads(trace.attrs["exploration"]))


@pytest.mark.parametrize("build", [two_apart, squared])
@pytest.mark.parametrize(("seed", "tries"), [(1, 1), (2, 1), (3, 2)])
def test_modes_apart_are_visited_at_their_weights(
    build: Any, seed: int, tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if tries > 1:  # though one would do
        monkeypatch.setattr(moves, "LEAST_SHARE", 2.0)
    model = build()
    trace = silently(model, random_seed=seed, draws=2000)
    below = (trace.posterior["x"].values < 0).astype(float)
    share = share_below(model)
    # Each chain by itself is right; its error is that of its own effective draws.
    from arviz_stats.base.array import array_stats

    ess = float(array_stats.ess(below, chain_axis=0, draw_axis=1, method="mean"))
    assert ess > 400
    error = np.sqrt(share * (1 - share) / ess)
    assert abs(below.mean() - share) < ERRORS * error + 1e-3
    record = found(trace)
    assert record["modes"] == 2
    assert record["crossings"] > 40
    errors = ERRORS * max(record["share_error"]) + 0.01
    assert abs(min(record["share"]) - min(share, 1 - share)) < errors
    made = json.loads(trace.attrs["moves"])
    assert made["kind"] == "independence"
    assert (made["tries"] > 1) == (tries > 1)
    kinds = {r.kind: r.severity for r in aq.check(trace).records}
    assert kinds["modes"] == "info"


def test_modes_between_which_nothing_carries_chains_are_spoken_of() -> None:
    with pytest.warns(ConvergenceWarning, match="2 modes that are no mirror images.*tempered"):
        aq.sample(
            model=two_apart(), moves="nuts", random_seed=1, progressbar=False, draws=500, tune=500
        )


def test_a_component_is_brought_back_from_where_there_are_no_data() -> None:
    """With vague priors most climbs leave one component a hundred widths away from the data."""
    rng = fixed(3)
    data = rng.normal(np.array([3.5, 6.5])[rng.integers(0, 2, 100)], 0.3)
    with aq.Model() as model:
        means = aq.Normal("means", 0, 100, shape=2, transform=aq.transforms.ordered)
        sigma = aq.HalfNormal("sigma", 2)
        w = aq.Dirichlet("w", np.ones(2))
        aq.NormalMixture("y", w, means, sigma, observed=data)
    for seed in (1, 2):
        trace = silently(model, random_seed=seed)
        centers = trace.posterior["means"].mean(("chain", "draw")).values
        np.testing.assert_allclose(centers, [3.5, 6.5], atol=0.3)
        mode = aq.find_map(model=model, random_seed=seed)
        np.testing.assert_allclose(mode["means"], [3.5, 6.5], atol=0.3)
        assert mode.attrs["converged"] == 1
        assert 1 <= mode.attrs["reached_best"] <= mode.attrs["climbs"]


def test_states_that_are_empty_are_filled() -> None:
    """Two channels of scales 1 and .01 under priors of scale 1: one state in 20 climbs is right."""
    rng = fixed(5)
    steps, state = 200, [0]
    for _ in range(steps - 1):
        state.append(state[-1] if rng.random() < 0.9 else 1 - state[-1])
    z = np.array(state)
    one, other = rng.normal(np.array([-2.0, 2.0])[z], 0.7), 0.01 * rng.normal(z * 3.0, 0.7)
    with aq.Model() as model:
        P = aq.Dirichlet("P", np.ones((2, 2)))
        s = aq.MarkovChain("s", P=P, init=[0.5, 0.5], steps=steps)
        for name, values in (("a", one), ("b", other)):
            mean = aq.Normal(f"mean_{name}", 0, 1, shape=2)
            sd = aq.HalfNormal(f"sd_{name}", 1, shape=2)
            aq.Normal(name, mean[s], sd[s], observed=values)
    trace = aq.sample(
        model=model,
        random_seed=1,
        draws=200,
        tune=300,
        progressbar=False,
        compute_convergence_checks=False,
    )
    means = np.sort(trace.posterior["mean_a"].values, axis=-1)
    np.testing.assert_allclose(means.mean((0, 1)), [-2, 2], atol=0.5)
    assert (np.abs(trace.posterior["sd_b"].values - 0.007) < 0.004).all()


def test_one_mode_is_not_spoken_of() -> None:
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1, shape=3)
        aq.Normal("y", x, 1, observed=[1.0, 2.0, 3.0])
    trace = silently(model, random_seed=1)
    assert found(trace)["modes"] == 1
    assert not {"modes", "mode_missed"} & {r.kind for r in aq.check(trace).records}
    assert trace.attrs["tuning_steps"] < 1000
    assert "independence" not in trace.sample_stats


def test_what_users_say_of_the_start_is_respected() -> None:
    model = squared()
    for given in ({"init": "jitter+adapt_full"}, {"initvals": {"x": -3.0}}):
        trace = aq.sample(
            model=model,
            random_seed=1,
            draws=50,
            tune=50,
            moves="nuts",
            progressbar=False,
            compute_convergence_checks=False,
            **given,
        )
        assert "exploration" not in trace.attrs
    assert (trace.posterior["x"].values[:, 0] < 0).all()


def test_unknown_moves_are_refused() -> None:
    with pytest.raises(ModelError, match="moves must be one of 'auto', 'nuts'; got 'gibbs'"):
        aq.sample(model=squared(), moves="gibbs")


def test_draws_do_not_depend_on_cores() -> None:
    model = two_apart()
    one, two = (
        aq.sample(model=model, cores=cores, random_seed=3, draws=200, tune=100, progressbar=False)
        for cores in (1, 2)
    )
    np.testing.assert_array_equal(one.posterior["x"], two.posterior["x"])
    assert one.sample_stats["independence"].values.mean() == 0.9


def test_mirror_images_are_met_by_different_chains() -> None:
    rng = fixed(2)
    data = rng.normal(np.array([-4.0, 4.0])[rng.integers(0, 2, 400)], 1.0)
    with aq.Model() as model:
        means = aq.Normal("means", 0, 5, shape=2)
        aq.NormalMixture("y", [0.5, 0.5], means, 1.0, observed=data)
    trace = aq.sample(
        model=model, random_seed=1, draws=200, progressbar=False, compute_convergence_checks=False
    )
    first = trace.posterior["means"].values[..., 0]
    # Chains stay in the mirror mode that they began in, independence steps or not.
    assert {*np.sign(first[:, 0])} == {-1.0, 1.0}
    assert (np.sign(first) == np.sign(first[:, :1])).all()
    assert found(trace)["modes"] == 1


@pytest.mark.parametrize("seed", [1, 5])
def test_the_steps_of_a_mirrored_chain_are_right(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In whichever mirror mode a chain stands, its steps are folded there and back."""
    monkeypatch.setattr(moves, "WORTH", 20_000)
    rng = fixed(4)
    data = rng.normal(np.array([-0.6, 0.6])[rng.integers(0, 2, 20_000)], 1.0)
    with aq.Model() as model:
        means = aq.Normal("means", 0, 2, shape=2)
        aq.NormalMixture("y", [0.5, 0.5], means, 1.0, observed=data)
    trace = aq.sample(
        model=model, random_seed=seed, progressbar=False, compute_convergence_checks=False
    )
    plain = aq.sample(
        model=model,
        random_seed=seed + 1,
        moves="nuts",
        progressbar=False,
        compute_convergence_checks=False,
    )
    from arviz_stats.base.array import array_stats

    for take in (np.sort, lambda x, axis: np.sort(x, axis=axis) ** 2):
        one, other = (take(t.posterior["means"].values, axis=-1)[..., 0] for t in (trace, plain))
        error = np.hypot(
            *(
                x.std() / np.sqrt(array_stats.ess(x, chain_axis=0, draw_axis=1, method="mean"))
                for x in (one, other)
            )
        )
        assert abs(one.mean() - other.mean()) < ERRORS * error
    # What the log density is said to be is that of the draws, folded there and back or not.
    density = model.density()
    for chain in range(4):
        for draw in (5, 501, 998):
            at = trace.posterior["means"].values[chain, draw]
            lp = trace.sample_stats["lp"].values[chain, draw]
            np.testing.assert_allclose(density.evaluate(density.start_with({"means": at})), lp)
