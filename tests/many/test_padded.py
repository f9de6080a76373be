"""Rows that do not count: the density is that of the data set alone, and programs are few."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import aliquot as aq
from aliquot.alike import rows_apart
from aliquot.density.structure import written
from aliquot.many.padded import RATIO, Writer
from tests.many import models

LENGTHS = (19, 24, 20, 23, 21)


def written_alone(build: Callable[[Any], Any], data: Any) -> aq.Model:
    with aq.Model() as model:
        build(data)
    return model


PADDED = {
    "mixture": (models.mixture, models.two_clumps),
    "labels": (models.labels, models.two_clumps),
    "chain": (models.chain, models.two_clumps),
    "counts": (models.counts, lambda rng, n: rng.poisson(3, n)),
    "regression": (models.regression, models.pairs),
    "arrays": (models.regression_of_arrays, models.pairs),
    "two columns": (models.two_columns, lambda rng, n: rng.normal(size=(n, 2))),
    "vectors": (models.vectors, lambda rng, n: rng.normal(size=(n, 2))),
}


@pytest.mark.parametrize("name", PADDED)
def test_padded_rows_have_no_effect_on_the_density_or_its_gradient(name):
    build, simulate = PADDED[name]
    rng = np.random.default_rng(1)
    sets = [simulate(rng, n) for n in LENGTHS]
    writer = Writer(build, sets, "test")
    ((first, *rest),) = writer.grouped(range(5))
    assert LENGTHS[first] == min(LENGTHS)
    keys = set()
    for number in (first, *rest):
        found = writer.written(number)
        longest = LENGTHS[number] == max(LENGTHS)
        assert bool(found.rows) != longest
        assert {n for _, n in found.rows.values()} <= {LENGTHS[number]}
        own, padded = written_alone(build, sets[number]).density(), found.model.density()
        keys.add(written(found.model))
        for _ in range(3):
            point = rng.normal(size=own.size)
            assert padded.evaluate(point) == pytest.approx(own.evaluate(point), rel=1e-11)
        point = rng.normal(size=own.size)
        step = 1e-5 * np.eye(own.size)
        slopes = [
            [d.evaluate(point + e) - d.evaluate(point - e) for e in step] for d in (own, padded)
        ]
        np.testing.assert_allclose(slopes[1], slopes[0], rtol=1e-4, atol=1e-9)
    assert len(keys) == 1, "each length has a program of its own"


@pytest.mark.parametrize("name", ["labels", "chain", "arrays"])
def test_models_of_one_length_to_which_they_are_padded_share_what_is_traced(name):
    build, simulate = PADDED[name]
    rng = np.random.default_rng(2)
    sets = [simulate(rng, n) for n in LENGTHS]
    writer = Writer(build, sets, "test")
    with rows_apart(1000):
        templates = {id(writer.written(n).model.density()._template) for n in range(5)}
    assert len(templates) == 1


def of_the_mean(y: Any) -> None:
    mu = aq.Normal("mu", y.mean(), 1)
    aq.Normal("obs", mu, 1, observed=y)


def of_the_number(y: Any) -> None:
    mu = aq.Normal("mu", 0, 1)
    aq.Normal("obs", mu, 1 / np.sqrt(len(y)), observed=y)


def of_the_number_in_a_function(y: Any) -> None:
    mu = aq.Normal("mu", 0, 1)
    n = len(y)
    aq.CustomDist("obs", mu, logp=lambda x, m: -((x - m) ** 2) / n, observed=y)


def of_a_sum_in_the_model(data: Any) -> None:
    slope = aq.Normal("slope", 0, 1)
    x = aq.Data("x", data["x"])
    aq.Normal("obs", slope * (x - x.mean()), 1, observed=data["y"])


def of_the_number_in_the_model(data: Any) -> None:
    slope = aq.Normal("slope", 0, 1)
    x = aq.Data("x", data["x"])
    aq.Normal("obs", slope * aq.math.sum(x * 0 + 1), 1, observed=data["y"])


def with_a_potential(y: Any) -> None:
    mu = aq.Normal("mu", 0, 1)
    aq.Potential("extra", -((mu - np.asarray(y)) ** 2))
    aq.Normal("obs", mu, 1, observed=y)


def with_a_coordinate_for_each_row(y: Any) -> None:
    effect = aq.Normal("effect", 0, 1, shape=len(y))
    aq.Normal("obs", effect, 1, observed=y)


def as_one_event(y: Any) -> None:
    drift = aq.Normal("drift", 0, 1)
    aq.GaussianRandomWalk("obs", mu=drift, sigma=1, init_dist=aq.Normal.dist(0, 1), observed=y)


def with_missing_values(y: Any) -> None:
    mu = aq.Normal("mu", 0, 1)
    aq.Normal("obs", mu, 1, observed=np.where(np.arange(len(y)) == 3, np.nan, y))


def in_another_order(y: Any) -> None:
    mu = aq.Normal("mu", 0, 1)
    aq.Normal("obs", mu, 1, observed=np.sort(y))


def of_a_fixed_length(y: Any) -> None:
    if len(y) not in LENGTHS:
        raise ValueError("another length")
    mu = aq.Normal("mu", 0, 1)
    aq.Normal("obs", mu, 1 + 0 * aq.Data("scale", np.ones(len(y))), observed=y)


@pytest.mark.filterwarnings("ignore::aliquot.AliquotWarning")
@pytest.mark.parametrize(
    "build",
    [
        of_the_mean,
        of_the_number,
        of_the_number_in_a_function,
        of_a_sum_in_the_model,
        of_the_number_in_the_model,
        with_a_potential,
        with_a_coordinate_for_each_row,
        as_one_event,
        with_missing_values,
        in_another_order,
    ],
)
def test_where_rows_would_change_more_a_data_set_has_its_own_model(build):
    rng = np.random.default_rng(3)
    of_pairs = build in (of_a_sum_in_the_model, of_the_number_in_the_model)
    sets = [models.pairs(rng, n) if of_pairs else rng.normal(size=n) for n in LENGTHS]
    writer = Writer(build, sets, "test")
    for number in range(3):
        found = writer.written(number)
        assert not found.rows
        assert all(getattr(v, "counted", None) is None for v in found.model.variables.values())


def test_arrays_that_are_asked_for_their_numbers_are_constants():
    def build(data: Any) -> None:
        slope = aq.Normal("slope", 0, 1)
        total = aq.lift(lambda x, t: t * float(np.asarray(x).sum()))
        aq.Normal("obs", total(data["x"], slope), 1, shape=len(data["y"]), observed=data["y"])

    data = models.pairs(np.random.default_rng(4), 6)
    found = Writer(build, [data], "test").written(0).model
    assert not found.arrays
    point = np.array([0.3])
    own = written_alone(build, data)
    assert found.density().evaluate(point) == own.density().evaluate(point)
    shared = Writer(models.regression_of_arrays, [data], "test").written(0).model
    assert len(shared.arrays) == 2


def test_lengths_share_a_program_up_to_a_ratio_and_few_lengths_have_their_own():
    def groups(*lengths: int) -> list[list[int]]:
        sets = [np.zeros(n) for n in lengths]
        found = Writer(models.normal, sets, "test").grouped(range(len(lengths)))
        return [[lengths[number] for number in group] for group in found]

    assert groups(10, 10, 10) == [[10, 10, 10]]
    assert groups(10, 12, 10) == [[10, 10], [12]]
    assert groups(10, 11, 12, 30) == [[10, 11, 12], [30]]
    for group in groups(*range(5, 60)):
        assert group == sorted(group)
        assert group[-1] <= RATIO * group[0]
