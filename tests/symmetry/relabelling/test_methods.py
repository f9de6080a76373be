"""The methods: known permutations found again, each step against all K! labellings."""

from __future__ import annotations

import numpy as np
import pytest

from aliquot.symmetry.relabelling.classification import (
    divergences,
    mean_classification,
    weighted,
)
from aliquot.symmetry.relabelling.ecr import ecr
from aliquot.symmetry.relabelling.pivot import distances, half_width, pivot
from aliquot.symmetry.relabelling.stephens import iterate, stephens
from tests.symmetry.relabelling.samples import Sample, all_costs, everything, sample


def relabel(method: str, draws: Sample) -> np.ndarray:
    if method == "pivot":
        return pivot(np.stack([draws.w, draws.means], axis=2), 7)
    return {"ecr": ecr, "stephens": stephens}[method](draws.probabilities, 7)


@pytest.mark.parametrize("components", range(2, 7))
@pytest.mark.parametrize("method", ["ecr", "stephens", "pivot"])
def test_known_permutations_are_found_again(method, components):
    draws = sample(components, apart=6.0)
    found = np.take_along_axis(draws.mixed, relabel(method, draws), axis=1)
    # Every label is the same component in all draws, whichever that is.
    assert (found == found[0]).all()
    assert sorted(found[0]) == list(range(components))


@pytest.mark.parametrize("method", ["ecr", "stephens", "pivot"])
def test_labels_that_were_given_do_not_matter(method, rng):
    draws = sample(3, apart=2.0)
    again = rng.permuted(np.tile(np.arange(3), (len(draws.mixed), 1)), axis=1)
    again[7] = np.arange(3)
    other = Sample(
        np.take_along_axis(draws.means, again, 1),
        np.take_along_axis(draws.w, again, 1),
        np.take_along_axis(draws.probabilities, again[:, None], 2),
        np.take_along_axis(draws.mixed, again, 1),
    )
    one = np.take_along_axis(draws.mixed, relabel(method, draws), 1)
    two = np.take_along_axis(other.mixed, relabel(method, other), 1)
    if method != "stephens":
        np.testing.assert_array_equal(one, two)
        return
    # It has two starts, one of them the labels as given: what counts is the objective reached.
    assert _entropy(draws, relabel(method, draws)) == pytest.approx(
        _entropy(other, relabel(method, other)), abs=1e-6
    )


def _entropy(draws: Sample, permutations: np.ndarray) -> float:
    mean = mean_classification(draws.probabilities, permutations)
    return float(-(mean * np.log(mean)).sum())


@pytest.mark.parametrize("components", [2, 3, 4])
def test_ecr_ends_where_no_labelling_agrees_more_with_its_own_pivot(components):
    draws = sample(components, apart=1.0)
    found = ecr(draws.probabilities, 7)
    allocation = mean_classification(draws.probabilities, found).argmax(axis=1)
    agreement = weighted(draws.probabilities, np.eye(components)[allocation])
    each = all_costs(agreement)
    chosen = (everything(components)[None] == found[:, None]).all(-1).argmax(-1)
    reached = np.take_along_axis(each, chosen[:, None], 1)[:, 0]
    np.testing.assert_allclose(reached, each.max(axis=1), rtol=1e-12)


@pytest.mark.parametrize("components", [2, 3, 4])
def test_stephens_ends_where_no_labelling_is_nearer(components):
    draws = sample(components, apart=1.0)
    found = stephens(draws.probabilities, 7)
    mean = mean_classification(draws.probabilities, found)
    p = draws.probabilities
    # The Kullback-Leibler divergences of every labelling, by their definition.
    each = np.empty((len(p), len(everything(components))))
    for i, order in enumerate(everything(components)):
        moved = p[:, :, order]
        each[:, i] = (moved * np.log(moved / mean)).sum(axis=(1, 2))
    chosen = (everything(components)[None] == found[:, None]).all(-1).argmax(-1)
    reached = np.take_along_axis(each, chosen[:, None], 1)[:, 0]
    np.testing.assert_allclose(reached, each.min(axis=1), rtol=0, atol=1e-9)


@pytest.mark.parametrize("apart", [0.3, 1.0, 3.0])
def test_what_stephens_minimises_never_goes_up(apart):
    draws = sample(4, apart)
    _, objective = iterate(draws.probabilities, draws.probabilities[3])
    assert len(objective) > 2
    assert np.diff(objective).max() <= 1e-9
    assert objective[-1] < objective[0] - 1e-3


def test_pivot_distances_are_those_of_all_pairs():
    draws = sample(4, apart=1.0)
    features = np.stack([draws.w, draws.means], axis=2)
    found = pivot(features, 7)
    scale = half_width(np.take_along_axis(features, found[:, :, None], 1))
    each = np.stack(
        [
            (((features[:, order] - features[7]) / scale) ** 2).sum(axis=(1, 2)) / 2
            for order in everything(4)
        ],
        axis=1,
    )
    np.testing.assert_allclose(all_costs(distances(features, 7, scale)), each, rtol=1e-12)
    chosen = (everything(4)[None] == found[:, None]).all(-1).argmax(-1)
    np.testing.assert_array_equal(chosen, each.argmin(axis=1))


def test_mean_classification_in_pieces(monkeypatch):
    draws = sample(3, apart=2.0)
    found = np.argsort(draws.mixed, axis=1)
    expected = np.take_along_axis(draws.probabilities, found[:, None], 2).mean(axis=0)
    for numbers in (1, 7 * 120, 10**9):
        monkeypatch.setattr("aliquot.symmetry.relabelling.classification.NUMBERS", numbers)
        mean = mean_classification(draws.probabilities, found)
        np.testing.assert_allclose(mean, expected, rtol=1e-12)


def test_divergences_with_probabilities_of_zero():
    p = np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]])
    costs = divergences(p, np.eye(2))
    assert np.isfinite(costs).all()
    np.testing.assert_array_equal(costs[0] < 1, np.eye(2, dtype=bool))
    np.testing.assert_array_equal(stephens(p, 0), [[0, 1], [1, 0]])
