"""Convergence checks on samples whose faults are known."""

from __future__ import annotations

import json
import tracemalloc
import warnings
from typing import Any

import numpy as np
import pytest
import xarray as xr

from aliquot.diagnostics import Diagnosis, check, screen
from aliquot.errors import ConvergenceWarning, ModelError
from aliquot.results import build_tree

CHAINS, DRAWS = 4, 500


def good(*shape: int, chains: int = CHAINS, draws: int = DRAWS) -> np.ndarray:
    return np.random.default_rng(3).normal(size=(chains, draws, *shape))


def tree(posterior: dict[str, np.ndarray], **groups: Any) -> xr.DataTree:
    return build_tree(posterior=posterior, **groups)


def kinds(diagnosis: Diagnosis) -> list[str]:
    return list(dict.fromkeys(record.kind for record in diagnosis.records))


def switched() -> np.ndarray:
    """Two well separated components, whose labels differ between chains."""
    draws = 0.3 * good(2) + np.array([-1.0, 1.0])
    draws[1::2] = draws[1::2, :, ::-1]
    return draws


def autocorrelated(rho: float, *shape: int, draws: int = DRAWS) -> np.ndarray:
    noise = good(*shape, draws=draws)
    draws_ = np.zeros_like(noise)
    draws_[:, 0] = noise[:, 0]
    for step in range(1, draws):
        draws_[:, step] = rho * draws_[:, step - 1] + np.sqrt(1 - rho**2) * noise[:, step]
    return draws_


def test_a_good_sample_passes_and_reports_its_figures() -> None:
    stats = {"energy": good(), "diverging": np.zeros((CHAINS, DRAWS), bool)}
    found = check(tree({"x": good(3), "s": good()}, sample_stats=stats))
    assert found.ok
    assert bool(found)
    assert found.records == ()
    assert found.messages == {}
    assert found.facts["divergences"] == 0
    assert 1 <= found.facts["rhat"] < 1.01
    assert found.facts["ess_bulk"] > 1000
    assert "no problem found (4 chains x 500 draws, largest R-hat 1.0" in str(found)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found.warn()


def test_statistics_are_those_of_arviz() -> None:
    import arviz_stats

    sample = tree({"x": autocorrelated(0.97, 2)})
    found = check(sample)
    for record in found.records:
        element = sample["posterior"]["x"].isel(x_dim_0=int((record.label or "")[2]))
        if record.kind == "rhat":
            expected = arviz_stats.rhat(element)
        elif record.kind == "ess_bulk":
            expected = arviz_stats.ess(element, method="bulk")
        else:
            assert record.kind == "ess_tail"
            expected = arviz_stats.ess(element, method="tail", prob=(0.05, 0.95))
        assert record.value == pytest.approx(float(expected), rel=1e-12)
    assert {"rhat", "ess_bulk"} <= set(kinds(found))


def test_switched_labels_are_recognised_and_named_by_coordinate() -> None:
    sample = tree(
        {"means": switched()},
        dims={"means": ["component"]},
        coords={"component": ["low", "high"]},
    )
    found = check(sample)
    assert not found.ok
    assert kinds(found)[:2] == ["label_switching", "rhat"]
    said = found.messages
    assert "The labels of means may have switched" in said["label_switching"]
    assert "this is a guess" in said["label_switching"]
    assert "transform=aq.transforms.ordered" in said["label_switching"]
    assert "means[low]" in said["rhat"]
    assert "means[high]" in said["rhat"]
    assert "should be below 1.01" in said["rhat"]
    records = [record for record in found.records if record.kind == "rhat"]
    assert {record.label for record in records} == {"means[low]", "means[high]"}
    assert {record.severity for record in records} == {"error"}
    assert {record.variable for record in records} == {"means"}


def test_switched_labels_along_the_first_of_two_axes() -> None:
    centres = np.array([[-1.0, -2.0, -3.0], [1.0, 2.0, 3.0]])
    draws = 0.3 * good(2, 3) + centres
    draws[1] = draws[1, :, ::-1]
    assert "label_switching" in kinds(check(tree({"m": draws})))


def test_switching_within_chains_is_named_where_r_hat_is_only_a_little_high() -> None:
    draws = 0.3 * good(2, draws=4000) + np.array([-1.0, 1.0])
    block = np.arange(4000) // 250
    for chain, share in enumerate([0.5, 0.5, 0.5, 0.75]):
        away = block % 4 < 4 * share if chain == 3 else block % 2 == 0
        draws[chain, away] = draws[chain, away][:, ::-1]
    found = check(tree({"means": draws}))
    assert 1.01 < found.facts["rhat"] < 1.1
    assert "label_switching" in kinds(found)


@pytest.mark.parametrize("size", [2, 5, 20])
def test_slow_mixing_is_not_called_switching(size: int) -> None:
    found = check(tree({"x": autocorrelated(0.99, size)}))
    assert "rhat" in kinds(found)
    assert "label_switching" not in kinds(found)


def test_chains_apart_in_a_scalar() -> None:
    found = check(tree({"tau": good() + np.arange(CHAINS)[:, None]}))
    assert "rhat" in kinds(found)
    assert "for tau" in found.messages["rhat"]
    assert "aq.transforms.ordered" not in found.messages["rhat"]


@pytest.mark.parametrize("apart", [10.0, 0.0])
def test_only_what_is_not_ordered_is_told_to_be(apart: float) -> None:
    draws = good(2) + np.array([0.0, apart])
    draws[0] += 3
    (record, *_) = check(tree({"x": draws})).records
    assert record.kind == "rhat"
    assert ("order them" in record.advice) is (apart == 0)


def test_low_effective_sample_size() -> None:
    found = check(tree({"x": autocorrelated(0.95, draws=2000)}))
    said = found.messages["ess_bulk"]
    assert "for x (it should be at least 400, 100 a chain)" in said
    assert "Draw longer" in said
    record = next(record for record in found.records if record.kind == "ess_bulk")
    # An AR(1) chain has ESS = N (1 - rho) / (1 + rho), here 205; its estimate varies by a sixth.
    assert 100 < record.value < 400


@pytest.mark.parametrize(
    ("count", "severity", "share"), [(2, "warning", "0.1%"), (200, "error", "10%")]
)
def test_divergences(count: int, severity: str, share: str) -> None:
    diverging = np.zeros(CHAINS * DRAWS, bool)
    diverging[:count] = True
    found = check(
        tree(
            {"x": good()},
            sample_stats={"diverging": diverging.reshape(CHAINS, DRAWS)},
            attrs={"settings": {"target_accept": 0.8}},
        )
    )
    assert kinds(found) == ["divergences"]
    assert found.records[0].severity == severity
    assert found.records[0].value == count
    said = found.messages["divergences"]
    assert f"{count} of 2,000 draws after tuning diverged ({share})" in said
    assert "Raise target_accept from 0.8 to 0.95" in said


@pytest.mark.parametrize(("target", "said"), [(0.95, "from 0.95 to 0.99"), (0.99, "0.99 already")])
def test_advice_on_divergences_knows_the_target(target: float, said: str) -> None:
    diverging = np.zeros((CHAINS, DRAWS), bool)
    diverging[0, 0] = True
    stats = {"diverging": diverging}
    found = check(tree({"x": good()}, sample_stats=stats, attrs={"target_accept": target}))
    assert said in found.messages["divergences"]


def test_tree_depth_warns_only_when_it_is_frequent() -> None:
    for share, ok in ((0.02, True), (0.5, False)):
        cut = np.zeros((CHAINS, DRAWS), bool)
        cut[:, : int(share * DRAWS)] = True
        sample = tree(
            {"x": good()},
            sample_stats={"reached_max_treedepth": cut},
            attrs={"settings": json.dumps({"max_treedepth": 10})},
        )
        found = check(sample)
        assert kinds(found) == ["tree_depth"]
        assert found.ok is ok
        assert "max_treedepth=10, 1,023 steps" in found.records[0].message


def test_low_bfmi_names_the_chain() -> None:
    energy = good()
    energy[2] = np.cumsum(energy[2])
    found = check(tree({"x": good()}, sample_stats={"energy": energy}))
    assert [(record.kind, record.chain) for record in found.records] == [("bfmi", 2)]
    assert "for chain 2" in found.messages["bfmi"]


def test_one_chain_and_few_draws() -> None:
    found = check(tree({"x": good(chains=1, draws=50)}))
    assert kinds(found) == ["one_chain", "few_draws"]
    assert "rhat" not in found.facts
    assert "R-hat compares chains" in found.messages["one_chain"]
    assert "Only 50 draws a chain" in found.messages["few_draws"]
    assert "1 chain x 50 draws" in str(found)


@pytest.mark.parametrize("draws", [0, 1, 3])
def test_hardly_any_draws(draws: int) -> None:
    found = check(tree({"x": good(draws=draws)}, sample_stats={"energy": good(draws=draws)}))
    assert "few_draws" in kinds(found)
    assert "cannot be checked" in found.messages["few_draws"]
    assert "rhat" not in kinds(found)


def test_values_that_are_not_finite() -> None:
    draws = good(3)
    draws[0, 5, 1] = np.nan
    draws[1, 6, 1] = np.inf
    found = check(tree({"x": draws}))
    assert kinds(found) == ["not_finite"]
    assert "2 of 2,000 draws of x[1] are not finite" in found.messages["not_finite"]


def test_constant_values_are_noted_without_warning() -> None:
    draws = good(2)
    draws[..., 0] = 1.0
    found = check(tree({"corr": draws}))
    assert [(record.kind, record.label) for record in found.records] == [("constant", "corr[0]")]
    assert found.ok


def test_a_chain_that_never_moved() -> None:
    draws = {"x": good(2), "y": good()}
    for array in draws.values():
        array[3] = array[3, 0]
    found = check(tree(draws))
    assert kinds(found)[0] == "stuck_chain"
    assert found.records[0].chain == 3
    assert "Chain 3 never moved" in found.messages["stuck_chain"]


def test_chains_that_never_moved_and_differ() -> None:
    found = check(tree({"x": np.repeat(np.arange(CHAINS, dtype=float)[:, None], DRAWS, axis=1)}))
    assert {"stuck_chain", "rhat"} <= set(kinds(found))
    assert "R-hat is infinite for x" in found.messages["rhat"]


def test_many_offenders_give_one_message() -> None:
    draws = good(30) + np.arange(CHAINS)[:, None, None] * np.linspace(1, 2, 30)
    found = check(tree({"x": draws}))
    assert sum(record.kind == "rhat" for record in found.records) == 30
    assert "and 27 more are out of bounds" in found.messages["rhat"]
    values = [record.value for record in found.records if record.kind == "rhat"]
    assert values == sorted(values, reverse=True)


def test_the_worst_of_a_large_variable_are_found() -> None:
    draws = good(2000, draws=200)
    draws[..., 1234] += 20 * np.arange(CHAINS)[:, None]
    draws[..., 77] = autocorrelated(0.97, draws=200)
    found = check(tree({"x": draws}), max_elements=20)
    assert found.records[0].label == "x[1234]"
    assert "x[77]" in {record.label for record in found.records if record.kind == "ess_bulk"}


def test_one_warning_for_each_kind_from_the_line_that_asked() -> None:
    found = check(tree({"means": switched()}))
    with pytest.warns(ConvergenceWarning) as caught:
        found.warn()
    assert [str(warning.message) for warning in caught] == list(found.messages.values())
    assert {warning.filename for warning in caught} == {__file__}


def test_text_html_and_table() -> None:
    found = check(tree({"a<b": switched()}))
    assert str(found).count("\n  * ") == len(found.messages)
    assert "a&lt;b[0]" in found._repr_html_()
    table = found.to_dataframe()
    assert len(table) == len(found.records)
    assert {"kind", "label", "value", "threshold", "advice"} <= set(table.columns)


def test_integers_booleans_and_chosen_variables() -> None:
    rng = np.random.default_rng(5)
    sample = tree(
        {
            "k": rng.integers(0, 3, (CHAINS, DRAWS)),
            "b": rng.random((CHAINS, DRAWS)) < 0.5,
            "bad": good() + np.arange(CHAINS)[:, None],
        }
    )
    assert check(sample, var_names=["k", "b"]).ok
    assert not check(sample).ok


def test_what_cannot_be_checked_is_refused() -> None:
    with pytest.raises(ModelError, match="no group 'posterior'"):
        check(build_tree(prior={"x": good()}))
    with pytest.raises(ModelError, match="no variable 'y'; it has x"):
        check(tree({"x": good()}), var_names=["y"])


def test_a_large_variable_is_not_copied_over_and_over(monkeypatch: pytest.MonkeyPatch) -> None:
    draws = np.random.default_rng(0).normal(size=(2, 250, 4000))
    draws[:, :, 7] = np.nan
    draws[1, :, 3000] += 5
    posterior = tree({"x": draws})
    check(tree({"x": draws[..., :20]}), max_elements=10)  # what is imported is not what is meant
    whole = check(posterior, max_elements=10)
    monkeypatch.setattr(screen, "NUMBERS", 50_000)
    tracemalloc.start()
    try:
        in_blocks = check(posterior, max_elements=10)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert in_blocks.records == whole.records
    assert {"not_finite", "rhat"} <= {record.kind for record in whole.records}
    assert most < 2 * draws.nbytes  # one to have the elements first, and the blocks


def test_advice_shared_by_variables_is_said_once() -> None:
    apart = good() + np.arange(CHAINS)[:, None]
    vector = np.stack([apart, apart[::-1]], axis=-1) + 0.1 * good(2)
    said = check(tree({"scalar": apart, "vector": vector})).messages["rhat"]
    assert "scalar" in said
    assert "vector[0]" in said
    assert said.count("Draw longer") == 1
