"""The four fits, what they leave behind, and whether they are right."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import xarray

import aliquot.demo.analysis as module
from aliquot.demo import Settings, run_analysis

KEYS = ["nuts_unordered", "nuts_ordered", "advi_unordered", "advi_ordered"]


def test_each_fit_is_stored_as_it_ends(analysis, seen):
    assert list(analysis.fits) == KEYS
    assert [key for key, _ in seen] == KEYS
    for number, (key, there) in enumerate(seen, 1):
        assert f"posterior_{key}.nc" in there
        assert len(there) == number


def test_stored_draws_are_the_draws(analysis, folder):
    for key, fit in analysis.fits.items():
        with xarray.open_datatree(folder / f"posterior_{key}.nc", engine="h5netcdf") as stored:
            np.testing.assert_array_equal(stored["posterior"]["means"].values, fit.draws)
            np.testing.assert_array_equal(stored["observed_data"]["obs"].values, analysis.data)


def test_shapes_and_kinds(analysis):
    settings = analysis.settings
    for fit in analysis.fits.values():
        chains = settings.chains if fit.method == "NUTS" else 1
        assert fit.draws.shape == (chains, settings.draws, 2)
        assert (fit.losses is not None) == (fit.method == "ADVI")
        assert (fit.summary.rhat is not None) == (fit.method == "NUTS")
        assert fit.seconds > 0
        if fit.ordered:
            assert (fit.draws[..., 0] < fit.draws[..., 1]).all()
    assert len(analysis.fits["advi_ordered"].losses) == settings.iterations


def test_elbo_is_below_the_evidence(analysis):
    for fit in analysis.fits.values():
        if fit.elbo is not None:
            # Five standard errors: one failure in three million.
            assert fit.elbo < analysis.exact.log_evidence + 5 * fit.elbo_error


def test_a_partial_fit_is_kept_and_ends_the_run(monkeypatch, tmp_path):
    sample = module.aq.sample

    def interrupted(*args, **kwargs):
        tree = sample(*args, **kwargs)
        tree.attrs["partial"] = 1
        return tree

    monkeypatch.setattr(module.aq, "sample", interrupted)
    told = []
    with pytest.raises(KeyboardInterrupt):
        run_analysis(Settings(n=20, draws=100, tune=100), folder=tmp_path, on_fit=told.append)
    assert [fit.key for fit in told] == KEYS[:1]
    assert [path.name for path in tmp_path.iterdir()] == ["posterior_nuts_unordered.nc"]


def test_fits_are_kept_when_relabelling_is_interrupted(analysis, monkeypatch, tmp_path):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_fits", lambda *_: iter(analysis.fits.values()))
    monkeypatch.setattr("aliquot.relabel", stop)
    told = []
    with pytest.raises(KeyboardInterrupt):
        run_analysis(analysis.settings, folder=tmp_path, on_version=told.append)
    assert [version.key for version in told] == ["permuted"]
    assert {path.name for path in tmp_path.iterdir()} == {
        *(f"posterior_{key}.nc" for key in KEYS),
        "posterior_nuts_permuted.nc",
    }


def test_only_our_own_warnings_are_kept():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.warn("ours", module.aq.ConvergenceWarning, stacklevel=1)
        warnings.warn("another's", RuntimeWarning, stacklevel=1)
    with pytest.warns(RuntimeWarning, match="another's"):
        said = module.said_by_aliquot(caught)
    assert said == ("ConvergenceWarning: ours",)


@pytest.mark.slow
def test_the_default_run_shows_what_it_is_meant_to_show():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        analysis = run_analysis(Settings())
    unordered, ordered = (analysis.fits[f"nuts_{kind}"] for kind in ("unordered", "ordered"))
    # Seventeen are expected, with a variance of 27: none at all in one run of a million.
    assert sum(unordered.summary.switches) > 0
    assert any("R-hat" in text or "ESS" in text for text in unordered.warnings)
    assert ordered.warnings == ()
    assert ordered.summary.rhat < 1.01
    # Four standard errors, as two numbers: one failure in 8,000 for another seed.
    exact, found = analysis.exact.ordered, ordered.summary
    assert (abs(found.mean - exact.mean) < 4.5 * exact.sd / np.sqrt(found.ess)).all()
    assert analysis.exact.log_evidence - analysis.fits["advi_unordered"].elbo > np.log(2)
    assert analysis.versions["permuted"].diagnosis.ok
    for version in analysis.versions.values():
        if version.method:
            found = version.summary
            assert (abs(found.mean - exact.mean) < 4.5 * exact.sd / np.sqrt(found.ess)).all()
            assert version.diagnosis.ok
