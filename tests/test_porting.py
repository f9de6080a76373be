"""PyMC's names and arguments: those that are there work, the others say what to use."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

import aliquot as aq
from aliquot import porting

FUNCTIONS: list[tuple[Callable[..., Any], Mapping[str, str]]] = [
    (aq.sample, porting.SAMPLE),
    (aq.sample_prior_predictive, porting.PREDICT),
    (aq.sample_posterior_predictive, porting.PREDICT),
    (aq.fit, porting.FIT),
    (aq.ADVI.fit, porting.FIT),
    (aq.find_map, porting.FIND_MAP),
]


@pytest.mark.parametrize(("function", "hints"), FUNCTIONS)
def test_arguments_that_are_not_taken_say_what_to_use(
    function: Callable[..., Any], hints: Mapping[str, str]
) -> None:
    assert not set(hints) & set(inspect.signature(function).parameters)
    for name, hint in hints.items():
        with pytest.raises(TypeError) as caught:
            function(**{name: None})
        assert name in str(caught.value)
        assert hint in str(caught.value)


def test_no_hint_is_for_a_name_that_exists() -> None:
    assert not set(porting.NAMES) & set(aq.__all__)
    assert not set(porting.MODEL) & set(dir(aq.Model))


def test_names_that_are_not_there_say_what_to_use() -> None:
    with pytest.raises(AttributeError, match=r"'MutableData': use aq\.Data"):
        aq.MutableData  # noqa: B018
    with pytest.raises(AttributeError, match=r"'free_RVs': use model\.free"):
        aq.Model().free_RVs  # noqa: B018
    with pytest.raises(AttributeError, match=r"has no attribute 'nonsense'$"):
        aq.Model().nonsense  # noqa: B018
    assert not hasattr(aq, "nonsense")


def test_arguments_of_families_say_what_to_use() -> None:
    with pytest.raises(TypeError, match=r"aq\.Normal\.dist: .*'sd' \(use sigma\).* mu, sigma, tau"):
        aq.Normal.dist(0, sd=1)


@pytest.mark.parametrize(("pymc", "ours"), [("invlogit", "expit"), ("sqr", "square")])
def test_functions_under_their_pymc_names(pymc: str, ours: str) -> None:
    assert pymc in dir(aq.math)
    np.testing.assert_array_equal(getattr(aq.math, pymc)(0.3), getattr(aq.math, ours)(0.3))


def test_every_pymc_name_of_a_function_stands_for_one_that_exists() -> None:
    for name, ours in aq.math.PYMC.items():
        assert getattr(aq.math, name).__name__ == getattr(aq.math, ours).__name__
