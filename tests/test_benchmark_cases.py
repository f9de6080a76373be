"""The cases of the comparison: one density in all libraries, and references that are right."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from aliquot.precision import float64
from benchmarks.peers import fingerprint
from benchmarks.peers.cases import CASES, counts, sequences, sticks
from benchmarks.peers.cases.sets import exact
from benchmarks.peers.importance import Density, moments
from benchmarks.peers.judge import REFERENCES, judge_sets, statistics
from benchmarks.peers.libraries import builder, libraries_of, sources
from benchmarks.peers.libraries.aliquot import built
from benchmarks.peers.libraries.blackjax_models import MODELS, Model

DENSITIES = {
    "latent-classes-100000": (counts.classes_density, 32),
    "poisson-1000000": (counts.counts_density, 5),
    "hmm-200x100": (sequences.one_channel, 6),
    "hmm-channels": (sequences.two_channels, 10),
}


def numpy_density(name: str) -> tuple[Density, np.ndarray]:
    make, size = DENSITIES[name]
    points = 0.5 * np.random.default_rng(1).normal(size=(4, size))
    return make(CASES[name].data()), points


def peer(name: str) -> Model:
    build = builder(MODELS, name)
    assert build is not None
    return build(CASES[name].data())


@pytest.mark.slow
@pytest.mark.parametrize("name", DENSITIES)
def test_densities_by_hand_are_those_that_references_are_made_of(name: str) -> None:
    density, points = numpy_density(name)
    # Moves to the other state are by the logits of the first state there, of the second here.
    theirs = points * np.where(np.arange(points.shape[1]) < 2 * name.startswith("hmm"), -1.0, 1.0)
    with float64():
        model = peer(name)
        shift = [float(model.density(at)) for at in theirs] - density.log_density(points)
        values = [model.constrain(at) for at in theirs]
        np.testing.assert_allclose(shift, shift[0], rtol=0, atol=1e-6)
        for key, expected in density.constrain(points).items():
            found = np.stack([np.asarray(value[key]) for value in values])
            np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("name", DENSITIES)
def test_densities_of_aliquot_are_those_that_references_are_made_of(name: str) -> None:
    density, points = numpy_density(name)
    model = built(CASES[name], CASES[name].data()).density()

    def theirs(many: np.ndarray) -> np.ndarray:
        values = density.constrain(many)
        rows = [{key: x[i] for key, x in values.items()} for i in range(len(many))]
        return np.stack([model.start_with(row) for row in rows])

    shift = [model.evaluate(at) for at in theirs(points)] - density.log_density(points)
    # Coordinates are others: so many times are volumes larger there.
    steps = 1e-5 * np.eye(points.shape[1])
    for i, at in enumerate(points):
        slopes = (theirs(at + steps) - theirs(at - steps)) / 2e-5
        shift[i] += np.linalg.slogdet(slopes)[1]
    np.testing.assert_allclose(shift, shift[0], rtol=0, atol=1e-6)


@pytest.mark.slow
def test_the_sticks_are_the_same_in_aliquot_and_by_hand() -> None:
    model = built(CASES["sticks-faithful"], CASES["sticks-faithful"].data()).density()
    points = 0.5 * np.random.default_rng(1).normal(size=(4, 90))
    with float64():
        theirs = peer("sticks-faithful")
        shift = [float(theirs.density(at)) - model.evaluate(at) for at in points]
        density = np.asarray(theirs.constrain(points[0])["density"])
    np.testing.assert_allclose(shift, shift[0], rtol=0, atol=1e-8)
    ours = model.constrain_draws(points[:1])["density"][0]
    np.testing.assert_allclose(ours, density, rtol=1e-10)


def test_paths_are_summed_over() -> None:
    rng = np.random.default_rng(1)
    emission, one = rng.normal(size=(1, 1, 4, 2)), np.array([[0.2, 0.7]])
    moves = np.stack([1.0 - one[0], one[0]], axis=1)
    total = 0.0
    for z in np.ndindex(2, 2, 2, 2):
        chance = 0.5 * np.prod([moves[a, b] for a, b in pairwise(z)])
        total += chance * np.exp(emission[0, 0, np.arange(4), list(z)].sum())
    assert sequences.paths(emission, one)[0] == pytest.approx(np.log(total))


@pytest.mark.slow
def test_importance_finds_the_moments_of_what_is_known() -> None:
    """A Gamma and a Gaussian, in the coordinates (log x, y)."""

    def log_density(points: np.ndarray) -> np.ndarray:
        return 30.0 * points[:, 0] - 2.0 * np.exp(points[:, 0]) - 0.5 * (points[:, 1] - 3.0) ** 2

    def constrain(points: np.ndarray) -> dict[str, np.ndarray]:
        return {"x": np.exp(points[:, 0]), "y": points[:, 1]}

    found = moments(Density(log_density, constrain), np.zeros((2, 2)), count=20_000)["quantities"]
    assert isinstance(found, dict)
    for name, mean, sd in (("x", 15.0, 30.0**0.5 / 2.0), ("y", 3.0, 1.0)):
        assert abs(found[name]["mean"][0] - mean) < 5.0 * found[name]["mcse"][0]
        assert found[name]["sd"][0] == pytest.approx(sd, rel=0.05)


def test_importance_refuses_a_second_mode() -> None:
    def log_density(points: np.ndarray) -> np.ndarray:
        return np.logaddexp(-0.5 * (points[:, 0] + 9) ** 2, -0.5 * (points[:, 0] - 9) ** 2)

    starts = np.array([[-8.0], [8.0]])
    with pytest.raises(RuntimeError, match="about other modes"):
        moments(Density(log_density, lambda points: {"x": points}), starts)


@pytest.mark.slow
def test_gibbs_draws_from_the_posterior_of_one_row() -> None:
    """The mean density of a Dirichlet process given one row: by quadrature over one component."""
    y, rng = 0.8, np.random.default_rng(7)
    drawn = sticks.gibbs({"y": np.array([y])}, rng, draws=6_000)
    mu, tau = np.linspace(-8, 8, 801), stats.gamma.ppf((np.arange(2_000) + 0.5) / 2_000, 3.0) * 2.0
    prior = stats.norm.pdf(mu)[:, None] * (mu[1] - mu[0]) / len(tau)

    def parts(x: float) -> np.ndarray:
        return np.sqrt(tau / (2.0 * np.pi)) * np.exp(-0.5 * tau * (x - mu[:, None]) ** 2)

    own = parts(y)
    share = stats.gamma(2.0, scale=0.5).expect(lambda alpha: 1.0 / (1.0 + alpha))
    alone = (prior * own).sum()
    expected = [
        share * (prior * parts(at) * own).sum() / alone + (1.0 - share) * (prior * parts(at)).sum()
        for at in sticks.AT
    ]
    values = drawn["density"].reshape(4, 1_500, -1)
    off = (values.mean((0, 1)) - expected) / statistics(values)[2]
    assert np.abs(off).max() < 5.0
    # One row says nothing about how many components there are.
    alpha = drawn["alpha"].reshape(4, 1_500, 1)
    assert abs(alpha.mean() - 1.0) < 5.0 * float(statistics(alpha)[2][0])


def test_references_have_errors_far_below_the_spread() -> None:
    for name in [*DENSITIES, "hmm-10000", "sticks-faithful"]:
        rows = json.loads((REFERENCES / f"{name}.json").read_text())["quantities"]
        assert set(rows) == set(CASES[name].quantities)
        for row in rows.values():
            assert (np.array(row["mcse"]) < 0.03 * np.array(row["sd"])).all()


def test_data_sets_are_judged_one_by_one() -> None:
    case, sets = CASES["sets-classic"], 20
    y = case.data()["y"]
    mean, sd = (np.stack(x) for x in zip(*[exact(y[i]) for i in range(sets)], strict=True))
    draws = mean + sd * np.random.default_rng(1).normal(size=(2, 1_000, sets, 2))
    verdict = judge_sets(case, draws)
    assert (verdict.sets, verdict.right_sets, verdict.wrong) == (sets, sets, None)
    draws[:, :, :2] += 1.0
    verdict = judge_sets(case, draws)
    assert verdict.right_sets == sets - 2
    assert verdict.wrong is not None
    assert "18 of 20 data sets are right" in verdict.wrong


def test_a_library_runs_the_cases_that_it_has_a_model_of() -> None:
    assert "pymc-marginal" in libraries_of(CASES["hmm-10000"])
    assert "pymc-marginal" not in libraries_of(CASES["eight-schools"])
    assert "stan" not in libraries_of(CASES["hmm-10000"])
    assert "stan" in libraries_of(CASES["classic-1000"])


def test_another_model_is_another_case_and_others_models_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name, read = "numpyro_models", sources._read

    def changed(old: str, new: str) -> tuple[str, str]:
        assert old in read(name)
        text = read(name).replace(old, new)
        with monkeypatch.context() as patch:
            patch.setattr(sources, "_read", lambda one: text if one == name else read(one))
            for cached in (sources._tree, sources._models):
                cached.cache_clear()
            found = sources.text("numpyro", "eight-schools"), sources.text("numpyro", "hmm-10000")
        for cached in (sources._tree, sources._models):
            cached.cache_clear()
        return found

    schools, chain = (sources.text("numpyro", case) for case in ("eight-schools", "hmm-10000"))
    other, same = changed("dist.HalfCauchy(5.0)", "dist.HalfCauchy(4.0)")
    assert other != schools
    assert same == chain
    assert "def markov_chains" in chain  # what models share is part of them


def test_rows_of_other_sources_versions_and_cases_are_not_current() -> None:
    row = {
        "case": "eight-schools",
        "library": "aliquot",
        "case_print": fingerprint.case_print("eight-schools", "aliquot"),
        "library_print": fingerprint.library_print("aliquot"),
    }
    assert fingerprint.current(row)
    assert not fingerprint.current(row | {"library_print": "another"})
    assert not fingerprint.current(row | {"case_print": "another"})
    assert not fingerprint.current({"case": "eight-schools", "library": "aliquot"})
    assert not fingerprint.current(row | {"case": "one that is gone"})
    assert fingerprint.library_print("nutpie") == fingerprint.library_print("stan")


def test_the_print_of_aliquot_is_of_its_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fingerprint.library_print("aliquot")
    monkeypatch.setattr(fingerprint, "_installed_aliquot", lambda: tmp_path)
    fingerprint.library_print.cache_clear()
    try:
        prints = []
        for text in ("x = 1", "x = 2"):
            (tmp_path / "new.py").write_text(text)
            prints.append(fingerprint.library_print("aliquot", as_installed=True))
            fingerprint.library_print.cache_clear()
        assert len({*prints, before}) == 3
    finally:
        fingerprint.library_print.cache_clear()
