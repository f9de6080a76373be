"""The page of the comparison: medians, ratios by turn, goals, and what does not count any more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import tables
from benchmarks.peers import page
from benchmarks.peers.cases import CASES
from benchmarks.peers.figures import COLORS
from benchmarks.peers.fingerprint import case_print, library_print
from benchmarks.peers.goals import goals, lost
from benchmarks.peers.libraries import LIBRARIES
from benchmarks.peers.summary import Ratio, ahead, best_ours, best_peer, fastest, summarise


def row(case: str, library: str, ess: float, seconds: float, **more: Any) -> dict[str, Any]:
    return {
        "case": case,
        "library": library,
        "case_print": case_print(case, library) if case in CASES else "",
        "library_print": library_print(library) if library else "",
        "turn": "2026-01-01T00:00:00#0",
        "repeat": 0,
        "version": "1.2",
        "settings": "As it comes.",
        "measured": "2026-01-01",
        "machine": {
            "cores": 2,
            "processor": "A processor",
            "memory_gib": 16.0,
            "system": "Linux",
            "python": "3.13.0",
        },
        "cold_seconds": 4.0 * seconds,
        "second_seconds": 2.0 * seconds,
        "again_seconds": seconds,
        "sampling_seconds": seconds,
        "gradients": 1000,
        "gradients_of": "warm-up and draws",
        "extra": {"gradients_of_draws": 500},
        "memory_mb": 300.0,
        "ess": ess,
        "wrong": None,
    } | more


ROWS = [
    row("classic-100", "aliquot", 9000.0, 0.5),
    row("classic-100", "aliquot", 9000.0, 0.6, turn="b"),
    row("classic-100", "aliquot", 9000.0, 5.0, turn="c"),
    row("classic-100", "nutpie", 3000.0, 2.0),
    row("classic-100", "nutpie", 3000.0, 2.0, turn="b"),
    row("classic-100", "stan", 90000.0, 0.1, wrong="R-hat 1.30"),
    row("eight-schools", "aliquot", 500.0, 1.0),
    row("eight-schools", "nutpie", 1000.0, 1.0),
    {
        key: value
        for key, value in row("eight-schools", "pymc", 1.0, 1.0, failed="not finished").items()
        if key in ("case", "library", "case_print", "turn", "failed", "measured", "machine")
    },
]


def test_medians_and_ratios() -> None:
    found = summarise(ROWS)
    ours = found["classic-100", "aliquot"]
    assert (ours.repeats, ours.cold, ours.rate) == (3, 2.4, 15000.0)
    assert ours.per_gradient == 18000.0
    # Stan's are wrong, and do not count. Of the three turns nutpie has two.
    assert ahead(found, "classic-100", "rate") == Ratio(11.0, 10.0, 12.0, 2)
    assert ahead(found, "eight-schools", "rate") == Ratio(0.5, 0.5, 0.5, 1)
    cold = ahead(found, "classic-100", "cold")
    assert cold is not None
    assert cold.middle == pytest.approx((4.0 + 8.0 / 2.4) / 2)
    assert ahead(found, "mixture-10", "rate") is None
    assert fastest(found, CASES["classic-100"]) == ["nutpie"]


def test_what_was_not_measured_in_turns_is_not_divided() -> None:
    rows = [row("eight-schools", "aliquot", 500.0, 1.0)]
    rows.append(row("eight-schools", "nutpie", 1000.0, 1.0, turn="another"))
    assert ahead(summarise(rows), "eight-schools", "rate") is None


def test_who_is_wrong_is_behind_who_is_right() -> None:
    wrong = row("eight-schools", "nutpie", 1000.0, 1.0, wrong="R-hat 1.20")
    right = row("eight-schools", "aliquot", 500.0, 1.0)
    ratio = ahead(summarise([right, wrong]), "eight-schools", "rate")
    assert ratio is not None
    assert ratio.middle == np.inf
    ratio = ahead(summarise([right | {"wrong": "far"}, wrong]), "eight-schools", "rate")
    assert ratio is not None
    assert ratio.middle == 0


def test_the_three_fastest_peers_are_those_that_are_right() -> None:
    rates = {"nutpie": 3.0, "numpyro": 9.0, "blackjax": 5.0, "stan": 4.0, "pymc": 99.0}
    rows = [row("eight-schools", library, 1e3, 1.0 / x) for library, x in rates.items()]
    rows[-1]["wrong"] = "R-hat 1.30"
    rows.append(row("eight-schools", "aliquot", 1e3, 1.0))
    assert fastest(summarise(rows), CASES["eight-schools"]) == ["numpyro", "blackjax", "stan"]


def test_the_clock_of_a_rate_is_that_of_the_whole_call() -> None:
    one = row("eight-schools", "aliquot", 1000.0, 2.0, chain_seconds=0.5, gradients=4_000)
    found = summarise([one])["eight-schools", "aliquot"]
    assert found.rate == 500.0
    assert found.gradient == pytest.approx(0.5 * 2 / 4_000 * 1e6)


def test_goals_and_losses_come_from_the_numbers() -> None:
    found = summarise(ROWS)
    by_name = {goal.measure: goal for goal in goals(found)}
    assert by_name["two Gaussians, n = 100: effective draws a second"].reached
    assert by_name["every case: effective draws, or data sets, a second"].reached is False
    assert by_name["the same in the median of all cases"].reached is None
    assert by_name["every case: peak memory"].reached is False
    assert lost(found) == [
        "eight schools: nutpie is 2 times as fast: 1,000 effective draws a second, Aliquot 500."
    ]


def test_the_best_of_aliquots_fits_counts() -> None:
    more = {"sampling_seconds": 1.0}
    rows = [
        row("advi-classic-100", "aliquot", 0.0, 1.0, target_seconds=0.4, **more),
        row("advi-classic-100", "aliquot-dadvi", 0.0, 1.0, target_seconds=0.1, **more),
        row("advi-classic-100", "numpyro", 0.0, 1.0, target_seconds=0.6, **more),
        row("advi-classic-100", "pymc-extras", 0.0, 1.0, target_seconds=0.05, wrong="far", **more),
    ]
    found = summarise(rows)
    ratio = ahead(found, "advi-classic-100", "target")
    assert ratio is not None
    assert ratio.middle == pytest.approx(6.0)
    line = "ADVI, two Gaussians, n = 100: time to the best ELBO less 0.05 nats"
    by_name = {goal.measure: goal for goal in goals(found)}
    assert by_name[line].reached
    assert by_name[line].found == "0.17 of the best peer's"
    assert lost(found) == []


def test_fits_are_held_against_all_samplers() -> None:
    fits = [
        row("classic-100", "aliquot-fit", 0.0, 0.01),
        row("classic-100", "aliquot-fit", 0.0, 0.01, turn="b"),
    ]
    found = summarise(ROWS + fits)
    assert found["classic-100", "aliquot-fit"].moments == 0.01
    # Aliquot's NUTS is the fastest sampler: 0.6 s for 9,000 effective draws.
    peer = best_peer(found, "classic-100", "moments")
    assert peer is not None
    assert peer.library == "aliquot"
    ratio = ahead(found, "classic-100", "moments")
    assert ratio is not None
    assert ratio.middle == pytest.approx(0.55 * 2_500 / 9_000 / 0.01)
    ours = best_ours(found, "classic-100", "memory")  # a fit counts for no other measure
    assert ours is not None
    assert ours.library == "aliquot"
    line = "two Gaussians, n = 100: a fit, to means and standard deviations within 2%"
    by_name = {goal.measure: goal for goal in goals(found)}
    assert by_name[line].reached is False
    assert by_name[line].found == "0.065 (0.06 to 0.072) of the fastest sampler's"
    failed = summarise(ROWS + [one | {"wrong": "off"} for one in fits])
    by_name = {goal.measure: goal for goal in goals(failed)}
    assert (by_name[line].found, by_name[line].reached) == ("failed", False)
    assert lost(failed)[0].endswith("Aliquot, fit's own answer counts as failed: off.")


def test_the_page(tmp_path: Path) -> None:
    for case in ("classic-100", "eight-schools"):
        of_case = [r for r in ROWS if r["case"] == case]
        if case == "classic-100":
            of_case.append(row(case, "aliquot-fit", 0.0, 0.001))
        (tmp_path / f"{case}.json").write_text(json.dumps(of_case))
    text = page.render(page.load(tmp_path))
    assert "| two Gaussians, n = 100 | **15,000** |" in text
    assert "~~900,000~~" in text
    assert "eight schools, PyMC: not finished" in text
    assert "Left out" not in text
    assert "2 cores, A processor, 16.0 GiB" in text
    assert "repeats: 1 to 3" in text
    assert "| 11 (10 to 12) |" in text
    table = text[text.index("## Posterior means and standard deviations") :]
    assert (
        table.splitlines()[4] == "| case | Aliquot, fit | Aliquot | PyMC | nutpie | Stan | ahead |"
    )
    assert (
        "| two Gaussians, n = 100 | **0.001** | **0.167** |  | 1.67 | ~~0.00278~~ | 139 |" in table
    )
    assert text.count("Aliquot, fit |") == 1 + 1  # that table, and the settings
    assert "None" not in text
    assert all(len(line.split("|")) > 3 for line in text.splitlines() if line.startswith("|"))


def test_the_page_says_what_it_leaves_out(tmp_path: Path) -> None:
    old = row("eight-schools", "aliquot", 9e9, 1.0, library_print="an older one")
    older = row("eight-schools", "nutpie", 1000.0, 1.0)
    del older["case_print"]
    new = row("eight-schools", "blackjax", 1000.0, 1.0)
    (tmp_path / "eight-schools.json").write_text(json.dumps([old, older, new]))
    text = page.render(page.load(tmp_path))
    assert "Left out: 2 of 3 measurements, of Aliquot, nutpie," in text
    assert "9,000,000,000" not in text
    assert "| eight schools | 1,000 |  |" in text


def test_many_data_sets_count_as_a_case() -> None:
    rows = [
        row("sets-classic", "aliquot", 0.0, 10.0, sets=1_000, right_sets=990),
        row("sets-classic", "nutpie", 0.0, 20.0, sets=1_000, right_sets=1_000),
    ]
    found = summarise(rows)
    assert found["sets-classic", "aliquot"].sets == 99.0
    ratio = ahead(found, "sets-classic", "sets")
    assert ratio is not None
    assert ratio.middle == pytest.approx(1.98)
    assert "| **99.0** | 50.0 | 2 |" in page.render(rows)


def test_every_sampler_has_a_colour() -> None:
    assert set(LIBRARIES["nuts"]) == set(COLORS)


def test_what_is_measured_of_tables_has_its_row_on_the_page():
    """So that it can be measured again and put there, with the others left as they are."""
    names = [
        f"`aliquot {name}`, {which}" for name in tables.COMMANDS for which in ("first", "again")
    ]
    names += tables.OTHERS
    before = tables.PAGE.read_text(encoding="utf-8")
    for name in names:
        line = tables.row(name, [(1.0, 2.0), (3.0, 5.0), (4.0, 4.0)])
        assert line == f"| {name} | 3.0 | 4.0 |"
        after = tables.written(before, {name: line})
        old, new = before.splitlines(), after.splitlines()
        assert [b for a, b in zip(old, new, strict=True) if a != b] in ([line], [])
        assert line in new
    with pytest.raises(SystemExit, match="0 rows"):
        tables.written(before, {"nothing": "| nothing | 1.0 | 1.0 |"})
