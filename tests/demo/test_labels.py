"""The versions of the unordered draws: the same draws, named otherwise."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import xarray

import aliquot as aq
from aliquot.demo.analysis import build_model
from aliquot.demo.figures.label_switch import stretch
from aliquot.demo.labels import announced
from aliquot.demo.story import tell
from aliquot.reporting.numbers import percent
from aliquot.symmetry.relabelling import METHODS

KEYS = ["as_drawn", "permuted", *(f"relabelled_{method}" for method in METHODS)]


def test_all_versions_are_there_and_stored(analysis, folder):
    assert list(analysis.versions) == KEYS
    for key in KEYS[1:]:
        with xarray.open_datatree(folder / f"posterior_nuts_{key}.nc", engine="h5netcdf") as stored:
            found = stored["posterior"]["means"].values
        np.testing.assert_array_equal(found, analysis.versions[key].draws)


def test_permuted_is_what_sampling_with_permutations_gives(analysis):
    settings = analysis.settings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = aq.sample(
            settings.draws,
            tune=settings.tune,
            chains=settings.chains,
            target_accept=settings.target_accept,
            random_seed=settings.seed,
            label_switching="permute",
            progressbar=False,
            model=build_model(analysis.data, ordered=False),
        )
    version = analysis.versions["permuted"]
    np.testing.assert_array_equal(tree["posterior"]["means"].values, version.draws)
    assert tree.attrs["label_switching"] == version.tree.attrs["label_switching"]


def test_every_draw_is_the_same_pair(analysis):
    pairs = np.sort(analysis.fits["nuts_unordered"].draws, axis=-1)
    for version in analysis.versions.values():
        np.testing.assert_array_equal(np.sort(version.draws, axis=-1), pairs)


def test_what_does_not_depend_on_labels_converges_alike(analysis):
    found = [version.convergence() for version in analysis.versions.values()]
    for name in ("lower mean", "upper mean", "log density"):
        assert len({one[name] for one in found}) == 1
    draws = analysis.versions["permuted"].draws
    for k in range(2):
        rhat, ess = found[1][f"means[{k}]"]
        assert rhat == pytest.approx(float(aq.diagnostics.statistics.rhat(draws[None, ..., k])[0]))
        # As drawn it may be as good by chance: where no chain switched, or all did often.
        assert ess > 0.1 * draws[..., k].size


def test_by_the_means_themselves_two_components_are_sorted(analysis):
    version = analysis.versions["relabelled_pivot"]
    assert version.method == "pivot"
    assert version.turned == 0
    np.testing.assert_array_equal(
        version.draws, np.sort(analysis.fits["nuts_unordered"].draws, axis=-1)
    )


def test_facts_of_the_chapter(analysis):
    named = tell(analysis).named
    relabelled = [analysis.versions[key] for key in KEYS[2:]]
    assert named.turned == max((v.draws[..., 0] > v.draws[..., 1]).sum() for v in relabelled)
    assert named.unsure == max(
        (v.tree["relabelling"]["certainty_means"].values < 0.9).mean() for v in relabelled
    )
    exact = analysis.exact.ordered
    off = [abs(v.draws.mean(axis=(0, 1)) - exact.mean) / exact.sd for v in relabelled]
    assert named.shift == pytest.approx(np.max(off))
    assert named.overlap * tell(analysis).barrier == pytest.approx(1)


def test_announcement(analysis):
    said = "The 2 components of means can trade places: 2 mirror modes."
    assert announced(analysis.fits["nuts_unordered"].tree) == said
    assert announced(analysis.fits["nuts_ordered"].tree) == ""


def test_stretch_is_around_the_clearest_switch():
    draws = np.tile([-1.0, 1.0], (600, 1))
    draws[100:103] = draws[100:103, ::-1]  # a short visit
    draws[500:] = draws[500:, ::-1]  # a lasting one
    assert stretch(draws, 60) == (470, 530)
    assert stretch(draws[:50], 60) == (0, 50)


def test_percent():
    shares = (0.0, 1e-9, 2e-5, 0.002, 1.0)
    expected = ["none", "less than 0.001%", "0.002%", "0.20%", "100%"]
    assert [percent(share) for share in shares] == expected
