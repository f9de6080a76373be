"""The models that are written for tables, at the published fits: the same log likelihoods."""

from __future__ import annotations

import numpy as np
import pytest

from aliquot.builders import Column
from aliquot.builders.hidden_markov import hidden_markov
from aliquot.builders.mixture import arrays, mixture
from tests.published.test_results import RESULTS, maximum, observed


def columns_of(case, y, kind):
    levels = ((0, 1),) * y.shape[1] if kind == "categorical" else ((),) * y.shape[1]
    return [Column(name, kind, own) for name, own in zip(case["columns"], levels, strict=True)]


NAMES = [name for name in RESULTS if "regressions" not in name]


@pytest.mark.parametrize("name", NAMES)
def test_the_text_has_the_published_log_likelihood(name):
    """In the data's units: of standardised columns the log of their scales is taken off."""
    case = RESULTS[name]
    y = observed(case)
    highest, best = maximum(name)
    k = case["components"]
    if case["model"] == "latent classes":
        columns = columns_of(case, y, "categorical")
        model = mixture(columns).build(arrays(columns, y), k)
        p = best["p"]
        point = {f"p_{c.name}": np.stack([1 - p[:, j], p[:, j]], 1) for j, c in enumerate(columns)}
        np.testing.assert_allclose(model.log_likelihood({"w": best["w"], **point}), highest)
        return
    centre, scale = y.mean(axis=0), y.std(axis=0)
    volume = len(y) * np.log(scale).sum()
    if "chain" in case["model"]:
        y, centre, scale = y[:, :1], centre[:1], scale[:1]
        volume = len(y) * np.log(scale).sum()
        columns = columns_of({"columns": case["columns"][:1]}, y, "normal")
        data = arrays(columns, (y - centre) / scale)
        data |= {"sequence": np.zeros(len(y), int), "step": np.arange(len(y))}
        model = hidden_markov(columns).build(data, k)
        point = {"start": best["init"], "P": best["P"]}
        sigma = best["sigma"]
    else:
        shared = "one covariance" in case["model"]
        columns = columns_of(case, y, "normal")
        written = mixture(columns, "tied" if shared else "full")
        model = written.build(arrays(columns, (y - centre) / scale), k)
        point = {"w": best["w"]}
        covariance = best["cov"][:1] if shared else best["cov"]
        chol = np.linalg.cholesky(covariance / np.multiply.outer(scale, scale))
        if y.shape[1] > 1:
            point["chol"] = chol[0] if shared else chol
        sigma = np.sqrt(covariance[:, 0, 0])
    mu = best["mu"].reshape(k, -1)
    point["mu"] = (mu - centre) / scale
    if y.shape[1] == 1:
        point["sigma"] = sigma / scale if len(sigma) == 1 else (sigma / scale)[:, None]
        shape = model["sigma"].shape
        point["sigma"] = point["sigma"].reshape(shape)
    np.testing.assert_allclose(model.log_likelihood(point) - volume, highest, rtol=1e-10)
