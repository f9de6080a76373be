"""The article: complete, on its own, and saying what the fits found."""

from __future__ import annotations

import dataclasses
import html
import re

import numpy as np
import pytest

from aliquot.demo.article import render, write_article
from aliquot.demo.story import tell
from aliquot.reporting.numbers import count, fixed
from tests.reporting.page import parsed, plain

FIGURES = [
    "data",
    "joint",
    "autocorrelation",
    "label_switch",
    "relabelled",
    "loss",
    "trace_nuts_unordered",
    "trace_nuts_ordered",
    "trace_advi_unordered",
    "trace_advi_ordered",
]


@pytest.fixture(scope="module")
def source(analysis, folder):
    return write_article(analysis, folder).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(source):
    return parsed(source)


def test_every_file_is_there(source, folder):
    for name in FIGURES:
        content = (folder / f"{name}.png").read_bytes()
        assert content.startswith(b"\x89PNG")
    assert source.startswith("<!doctype html>")


def test_nothing_is_loaded_from_elsewhere(source, page, folder):
    assert "http:" not in source
    assert "https:" not in source
    assert "@import" not in source
    assert all(load.startswith(("data:", "#")) for load in page.loads)
    assert all((folder / link).is_file() for link in page.links)
    assert re.findall(r"url\((?!#)", source) == []


def test_ids_are_unique_and_references_resolve(source, page):
    assert len(page.ids) == len(set(page.ids))
    named = set(page.ids)
    used = set(re.findall(r"url\(#([^)]+)\)", source)) | {
        load[1:] for load in page.loads if load.startswith("#")
    }
    assert used
    assert used <= named


def test_pictures_are_inline_and_take_the_colours_of_the_page(source):
    drawn = re.findall(r"<svg.*?</svg>", source, flags=re.DOTALL)
    assert len(drawn) == len(FIGURES)
    for svg in drawn:
        assert 'aria-label="' in svg
        assert "var(--ink)" in svg
        assert not re.search(r"#(0072b2|d55e00|009e73|20242a)", svg)
        assert "font-family: var(--sans)" in svg


def test_table_holds_the_numbers_of_the_fits(analysis, source, page):
    text = plain(page)
    rows = re.findall(r"<tr.*?</tr>", source, flags=re.DOTALL)
    for fit in analysis.fits.values():
        mean = fit.draws.reshape(-1, 2).mean(axis=0)
        sd = fit.draws.reshape(-1, 2).std(axis=0, ddof=1)
        for k in range(2):
            cell = f"{mean[k]:.3f} ± {sd[k]:.3f}".replace("-", "−")
            assert any(f"<td>{cell}</td>" in row and fit.method in row for row in rows)
    for moments in (analysis.exact.ordered, analysis.exact.unordered):
        assert f"{moments.mean[0]:.3f}".replace("-", "−") in text


def test_warnings_are_given_word_for_word(analysis):
    message = "R-hat is > 1.01 for means[0] & means[1]."
    fit = analysis.fits["nuts_unordered"]
    warned = dataclasses.replace(fit, warnings=(f"ConvergenceWarning: {message}",))
    changed = dataclasses.replace(analysis, fits=analysis.fits | {fit.key: warned})
    page = parsed(render(changed, dict.fromkeys(FIGURES, "")))
    assert "ConvergenceWarning" in plain(page)
    assert message in plain(page)


def test_command_and_seed_are_given(analysis, page):
    text = plain(page)
    assert analysis.settings.command() in text
    assert f"Seed {analysis.settings.seed}" in text


def with_unordered_draws(analysis, shares, switches, ess):
    """Return the analysis with another outcome of the unordered NUTS fit."""
    fit = analysis.fits["nuts_unordered"]
    summary = dataclasses.replace(fit.summary, upper_share=shares, switches=switches, ess=ess)
    changed = dataclasses.replace(fit, summary=summary)
    return dataclasses.replace(analysis, fits=analysis.fits | {fit.key: changed})


@pytest.mark.parametrize(
    ("shares", "switches", "ess", "kind", "sentence"),
    [
        ((0.4, 0.6), (3, 4), 9.0, "rare", "7 times in 600 draws (3 and 4 by chain)"),
        ((0.4, 0.6), (80, 70), 250.0, "often", "all the time: 150 times in 600 draws"),
        ((0.0, 1.0), (0, 0), 3.0, "apart", "fell into different ones"),
        ((1.0, 1.0), (0, 0), 500.0, "same", "the treacherous case"),
    ],
)
def test_text_follows_the_outcome(analysis, shares, switches, ess, kind, sentence):
    changed = with_unordered_draws(analysis, shares, switches, ess)
    assert tell(changed).switching == kind
    text = html.unescape(render(changed, dict.fromkeys(FIGURES, "")))
    assert sentence in re.sub(r"\s+", " ", text)


def test_story_facts(analysis):
    story = tell(analysis)
    assert story.upper == analysis.labels.sum()
    assert story.one_hump
    assert story.barrier > 1
    fit = analysis.fits["advi_ordered"]
    assert story.elbo_gap["advi_ordered"] == analysis.exact.log_evidence - fit.elbo
    assert np.all(story.sd_ratio > 0)


def test_numbers():
    assert fixed(-0.001) == "0.00"
    assert fixed(-1234.5, 1) == "−1,234.5"
    assert count(0) == "0"
