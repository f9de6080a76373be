"""Observed data: their kind, shape and support, each refused by name, and missing values."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pytest

import aliquot as aq
from aliquot.errors import DTypeError, ImputationWarning, ModelError, ShapeError, SupportError
from aliquot.expression import Evaluation
from aliquot.precision import float64
from tests.programs import quick


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (["a", "b"], DTypeError, r"obs: the data must be numbers; got dtype <U1.*np\.unique"),
        ("text", DTypeError, "obs: the data must be numbers"),
        ([1.0, "b"], DTypeError, "obs: the data must be numbers"),
        ([1.0, [2.0, 3.0]], DTypeError, "obs: the data must be one array of numbers"),
        ([1.0 + 2.0j], DTypeError, "obs: the data must be numbers; got dtype complex128"),
        (np.array(["2026-01-01"], "datetime64[D]"), DTypeError, "obs: the data must be numbers"),
        ([], ShapeError, r"obs: the data are empty \(shape \(0,\)\)"),
        (np.zeros((0, 3)), ShapeError, r"obs: the data are empty \(shape \(0, 3\)\)"),
        ([0.0, np.inf], SupportError, r"obs: data of Normal must be a finite number; got inf.*1"),
    ],
)
def test_what_is_no_data(data: object, kind: type[Exception], words: str) -> None:
    with aq.Model() as model, pytest.raises(kind, match=words):
        aq.Normal("obs", 0, 1, observed=data)
    assert "obs" not in model


def test_fractions_are_no_counts() -> None:
    with aq.Model():
        with pytest.raises(
            DTypeError, match=r"obs: the data of Poisson.*integers.*2\.5 at index \(1,\)"
        ):
            aq.Poisson("obs", 2, observed=[1.0, 2.5])
        assert aq.Bernoulli("flags", 0.5, observed=[True, False]).dtype == np.int64


DISCRETE: dict[str, tuple[Any, ...]] = {
    "Bernoulli": (0.5,),
    "Binomial": (3, 0.5),
    "BetaBinomial": (1.0, 1.0, 3),
    "Categorical": ([0.5, 0.5],),
    "DiscreteUniform": (0, 3),
    "Poisson": (2.0,),
    "NegativeBinomial": (2.0, 1.0),
    "Geometric": (0.5,),
    "Multinomial": (2, [0.5, 0.5]),
    "DirichletMultinomial": (2, [0.5, 0.5]),
    "MarkovChain": ([[0.5, 0.5], [0.5, 0.5]], [0.5, 0.5]),
    "OrderedLogistic": (0.0, [-1.0, 1.0]),
    "OrderedProbit": (0.0, [-1.0, 1.0]),
    "DiscreteWeibull": (0.5, 1.5),
    "HyperGeometric": (9, 4, 3),
    "ZeroInflatedPoisson": (0.5, 2.0),
    "ZeroInflatedBinomial": (0.5, 3, 0.5),
    "ZeroInflatedNegativeBinomial": (0.5, 2.0, 1.0),
    "HurdlePoisson": (0.5, 2.0),
    "HurdleNegativeBinomial": (0.5, 2.0, 1.0),
    "Truncated": (aq.Geometric.dist(0.5), 1, 3),
    "Censored": (aq.Geometric.dist(0.5), None, 3),
}
BY_WHAT_IS_IN_THEM = {"Mixture", "Truncated", "Censored"}


def test_every_discrete_family_is_looked_at() -> None:
    discrete = {name for name in aq.families.__all__ if getattr(aq, name).family.discrete}
    assert discrete - BY_WHAT_IS_IN_THEM == set(DISCRETE) - BY_WHAT_IS_IN_THEM


def rows_of(family: str) -> np.ndarray:
    return np.array([[1, 1], [1, 1]]) if "Multinomial" in family else np.array([1, 1])


def test_whole_numbers_may_be_floats_with_and_without_a_missing_one() -> None:
    """Of all families in one model, which is compiled once."""
    with aq.Model() as model, warnings.catch_warnings():
        warnings.simplefilter("ignore", aq.ImputationWarning)
        for family, given in DISCRETE.items():
            make, rows = getattr(aq, family), rows_of(family)
            some = rows.astype(float)
            some[-1] = np.nan
            data = aq.Data(f"rows of {family}", rows.astype(float))
            whole, floats, missing, held = (
                make(f"{kind} {family}", *given, observed=observed)
                for kind, observed in (
                    ("whole", rows),
                    ("floats", rows.astype(float)),
                    ("missing", some),
                    ("data", data),
                )
            )
            assert whole.dtype == floats.dtype == missing.dtype == held.dtype == np.int64, family
    density = model.density()
    assert density.size == 0
    with float64():
        terms = quick(density.log_terms_of)({}, density.data)
    for family in DISCRETE:
        whole, floats, held = (terms[f"{kind} {family}"] for kind in ("whole", "floats", "data"))
        assert whole == floats == held, family


@pytest.mark.parametrize("family", DISCRETE)
def test_what_is_no_whole_number_is_refused_by_family_and_value(family: str) -> None:
    make, rows = getattr(aq, family), rows_of(family)
    for broken in (1.5, np.inf, -np.inf, 2.0**63):
        some = rows.astype(float)
        some[-1] = broken
        for values in (some, np.concatenate([np.full_like(rows[:1], np.nan, float), some])):
            with aq.Model():
                match = rf"obs: the data of {family}, a distribution of integers, hold {broken}"
                with pytest.raises(DTypeError, match=re.escape(match)):
                    make("obs", *DISCRETE[family], observed=values)
    with aq.Model(), pytest.raises(DTypeError, match=r"initval of .* hold 1\.5"):
        make("free", *DISCRETE[family], shape=rows.shape, initval=rows + 0.5)


def test_data_off_the_support_are_named_by_index_and_value() -> None:
    with aq.Model():
        with pytest.raises(
            SupportError, match=r"obs: data of HalfNormal.*got -0\.5 at index \(1,\)"
        ):
            aq.HalfNormal("obs", 1, observed=[1.0, -0.5])
        with pytest.raises(SupportError, match=r"got -1 at index \(0, 1\) \(2 of 4 are outside\)"):
            aq.Poisson("obs", 2, observed=[[1, -1], [-3, 2]])
        with pytest.raises(SupportError, match=r"obs: data of Categorical.*got 2 at index"):
            aq.Categorical("obs", [0.5, 0.5], observed=[0, 1, 2])
        with pytest.raises(SupportError, match=r"obs: data of Bernoulli"):
            aq.Bernoulli("obs", 0.5, observed=2)
        with pytest.raises(SupportError, match=r"obs: data of Dirichlet"):
            aq.Dirichlet("obs", np.ones(2), observed=[[0.5, 0.5], [0.5, 0.6]])


def test_a_likelihood_does_not_broadcast_against_its_data() -> None:
    with aq.Model():
        mu = aq.Normal("mu", shape=(3, 1))
        with pytest.raises(ShapeError, match=r"obs: .*data have shape \(3,\).*does not broadcast"):
            aq.Normal("obs", mu, 1, observed=np.zeros(3))
        with pytest.raises(ShapeError, match=r"obs: .*mu \(2,\).*data have shape \(3,\)"):
            aq.Normal("obs", np.zeros(2), 1, observed=np.zeros(3))
        with pytest.raises(ShapeError, match=r"obs: .*mu \(3,\).*data have shape \(1,\)"):
            aq.Normal("obs", np.zeros(3), 1, observed=np.zeros(1))
        with pytest.raises(ShapeError, match=r"obs: .*mu \(3,\).*data have shape \(\)"):
            aq.Normal("obs", np.zeros(3), 1, observed=0.0)
        with pytest.raises(ShapeError, match=r"obs: the data have shape \(2,\), but its shape or"):
            aq.Normal("obs", 0, 1, shape=3, observed=np.zeros(2))
        with pytest.raises(ShapeError, match=r"obs: .*data have shape \(4,\)"):
            aq.MvNormal("obs", np.zeros(3), cov=np.eye(3), observed=np.zeros(4))


@pytest.mark.parametrize(
    "data",
    [
        np.array([0.5, np.nan, 1.5, np.nan]),
        [0.5, None, 1.5, None],
        np.ma.masked_array([0.5, 9.0, 1.5, 9.0], [False, True, False, True]),
        np.ma.masked_array([5, 9, 15, 9], [False, True, False, True]) / 10,
    ],
    ids=["NaN", "None", "masked", "masked integers"],
)
def test_missing_values_become_unknowns(data: object) -> None:
    with aq.Model() as model:
        mu = aq.Normal("mu")
        with pytest.warns(ImputationWarning, match=r"obs: 2 of 4 observed .* are.*'obs_missing'"):
            obs = aq.Normal("obs", mu, 1, observed=data)
    assert [(v.name, v.shape) for v in model.free] == [("mu", ()), ("obs_missing", (2,))]
    np.testing.assert_array_equal(obs.missing, [False, True, False, True])
    assert model.density().labels == ["mu"]  # nothing depends on them
    with model:
        aq.Potential("tilt", obs[:3])
    assert model.density().labels == ["mu", "obs_missing[0]"]


def test_pandas_data_and_their_missing_values() -> None:
    pandas = pytest.importorskip("pandas")
    with aq.Model() as model:
        with pytest.warns(ImputationWarning, match="frame: 1 of 4"):
            frame = pandas.DataFrame({"a": [0.1, np.nan], "b": [0.3, 0.4]})
            assert aq.Normal("frame", observed=frame).shape == (2, 2)
        with pytest.warns(ImputationWarning, match="series: 1 of 2"):
            aq.Normal("series", observed=pandas.Series([1, None], dtype="Int64"))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            aq.Poisson("counts", 2, observed=pandas.Series([1, 2], dtype="Int64"))
        with pytest.raises(DTypeError, match="labels: the data must be numbers"):
            aq.Normal("labels", observed=pandas.Series(["a", "b"]))
    assert [v.shape for v in model.free] == [(1,), (1,)]


def test_one_missing_value_is_singular() -> None:
    with (
        aq.Model(),
        pytest.warns(ImputationWarning, match="obs: 1 of 2 observed values is missing"),
    ):
        aq.HalfNormal("obs", 1, observed=[np.nan, 0.3])


def test_missing_counts_are_summed_out() -> None:
    with aq.Model() as model:
        rate = aq.HalfNormal("rate")
        with pytest.warns(ImputationWarning, match="obs: 1 of 3.*summed out of the likelihood"):
            aq.Poisson("obs", rate, observed=[2, None, 1])
    assert [(v.name, v.shape) for v in model.free] == [("rate", ()), ("obs_missing", (1,))]
    density = model.density()
    with float64():
        pointwise = density.log_likelihood(density.start, density.data)["obs"]
    assert float(pointwise[1]) == 0.0


@pytest.mark.parametrize(
    ("make", "data", "index"),
    [
        (lambda d: aq.Bernoulli("z", 0.3, observed=d), [1, None, 0, None], ([1, 3],)),
        (lambda d: aq.Categorical("z", [0.2, 0.8], observed=d), [[1, None]], ([0], [1])),
        (lambda d: aq.Binomial("z", [3, 4], 0.5, observed=d), [np.nan, 4], ([0],)),
        (
            lambda d: aq.MarkovChain("z", [[0.9, 0.1], [0.2, 0.8]], observed=d),
            [[0, 0, None], [None, 1, 0]],
            ([0, 1], [2, 0]),
        ),
        (lambda d: aq.Poisson("z", 2.0, observed=d), [3, None], ([1],)),
    ],
    ids=["bernoulli", "categorical", "bound by row", "chain", "unbounded"],
)
def test_missing_entries_of_a_discrete_variable_are_unknowns(
    make: Any, data: Any, index: tuple[list[int], ...]
) -> None:
    with aq.Model() as model, pytest.warns(ImputationWarning, match="z: .* summed out"):
        z = make(data)
    (latent,) = model.free
    assert latent is z.latent
    assert latent.name == "z_missing"
    assert latent.transform is None
    assert latent.dtype == np.int64
    np.testing.assert_array_equal(latent.index, index)
    given = np.array(data, float)
    source = z.observed
    with float64():
        filled = Evaluation({source: source.value, latent: np.full(latent.shape, 7)})(z)
    np.testing.assert_array_equal(filled, np.where(np.isnan(given), 7, given))
    assert np.all(z.distribution.support.check(np.asarray(source.value)))


def test_a_state_that_is_no_state_is_seen_beside_missing_ones() -> None:
    with aq.Model(), pytest.raises(SupportError, match=r"z: .* from 0 to 1; got 5 at index \(2,\)"):
        aq.MarkovChain("z", [[0.9, 0.1], [0.2, 0.8]], observed=[0, None, 5])


def test_values_that_depend_on_each_other_cannot_be_missing_singly() -> None:
    with aq.Model():
        with pytest.raises(ModelError, match=r"obs: missing values of Dirichlet cannot be imputed"):
            aq.Dirichlet("obs", np.ones(2), observed=[[0.5, 0.5], [np.nan, 0.5]])
        with pytest.raises(ModelError, match=r"obs: missing values of Multinomial.*leave those"):
            aq.Multinomial("obs", 2, [0.5, 0.5], observed=[[1, 1], [None, 1]])


def test_a_name_for_the_missing_values_that_is_taken() -> None:
    with aq.Model() as model:
        aq.Normal("obs_missing")
        with pytest.raises(ModelError, match="already has a variable named 'obs_missing'"):
            aq.Normal("obs", observed=[np.nan, 1.0])
    assert list(model.variables) == ["obs_missing"]


def test_data_may_be_observed_through_an_expression() -> None:
    with aq.Model() as model:
        y = aq.Data("y", [1.0, 4.0, 9.0])
        aq.Normal("x")
        obs = aq.Normal("obs", 0, 1, observed=np.sqrt(y))
        with pytest.raises(ModelError, match=r"z: observed must be data.*unknown 'x'"):
            aq.Normal("z", 0, 1, observed=model["x"] + y)
    assert obs.shape == (3,)
    density = model.density()
    with float64():
        pointwise = density.log_likelihood(density.start, density.data)["obs"]
    np.testing.assert_allclose(pointwise, -0.5 * np.array([1, 4, 9]) - 0.5 * np.log(2 * np.pi))


@pytest.mark.parametrize(("own", "shape"), [((3,), (2, 3)), ((2, 1), (2, 3)), ((1,), (3,))])
def test_parameters_are_repeated_along_data_only_where_that_is_said(
    own: tuple[int, ...], shape: tuple[int, ...]
) -> None:
    data = np.arange(np.prod(shape), dtype=float).reshape(shape)
    with aq.Model():
        mu = aq.Normal("mu", 0, 1, shape=own)
        with pytest.raises(aq.ShapeError, match=r"obs: its parameters have shape .* shape="):
            aq.Normal("obs", mu, 1, observed=data)
        assert aq.Normal("obs", mu, 1, shape=shape, observed=data).shape == shape
