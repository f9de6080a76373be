"""What a user holds goes through pickle and copies, and does the same in another process."""

from __future__ import annotations

import copy
import importlib
import pickle
import pkgutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle
import jax.numpy as jnp
import numpy as np
import pytest

import aliquot as aq
from aliquot.mcmc.starts import NoStartError
from aliquot.precision import float64
from aliquot.variational.failure import NonFiniteLossError

Y = np.array([-1.2, -0.8, 0.1, 1.4, 2.0])


def labels() -> None:
    x = aq.Data("x", Y)
    mu = aq.Normal("mu", 0, 2, shape=2)
    sigma = aq.HalfNormal("sigma", 1)
    z = aq.Bernoulli("z", 0.5, shape=5)
    aq.Deterministic("spread", np.exp(mu[1] - mu[0]))
    aq.Potential("closer", -(mu[1] ** 2))
    aq.Normal("y", mu[z] + x**2 / np.sqrt(sigma + 1), sigma, observed=Y)


def named() -> None:
    mu = aq.Normal("mu", 0, 2, dims="component")
    w = aq.Dirichlet("w", [1.0, 1.0], dims="component")
    aq.NormalMixture("y", w=w, mu=mu, sigma=1, observed=Y)


def chain() -> None:
    transitions = aq.Dirichlet("transitions", np.ones((2, 2)))
    mu = aq.Normal("mu", 0, 2, shape=2, transform=aq.transforms.ordered)
    z = aq.MarkovChain("z", transitions, shape=5)
    aq.Normal("y", mu[z], 1, observed=Y)


def missing() -> None:
    mu = aq.Normal("mu", 0, 1)
    with pytest.warns(aq.ImputationWarning):
        y = aq.Normal("y", mu, 1, observed=[1.0, np.nan, 2.0])
    aq.Normal("total", y.sum(), 1, observed=0.5)


def laplace(value: Any, mu: Any) -> Any:
    return -jnp.abs(value - mu)


def own_family() -> None:
    mu = aq.Normal("mu", 0, 1)
    aq.CustomDist("y", mu, logp=laplace, observed=Y)


def recursion() -> None:
    a = aq.Normal("a", 0, 0.5)
    _, level = aq.scan(lambda carry, row: (carry * a + row, carry), 0.0, Y)
    aq.Normal("y", level, 1, observed=Y)


def functions() -> None:
    mu = aq.Normal("mu", 0, 1, shape=3)
    rate = aq.math.sigmoid(mu) @ np.ones(3)
    aq.Truncated("cut", aq.Normal.dist(mu[0], 1), lower=0)
    aq.MvNormal("vector", np.stack([mu[0], rate]), np.eye(2))
    aq.Poisson("counts", aq.math.where(mu > 0, 1.0, 2.0), observed=[1, 2, 3])


def long_sum() -> None:
    total = aq.Normal("a", 0, 1)
    for _ in range(3_000):
        total = total + 1e-3
    aq.Normal("y", total, 1, observed=Y)


MODELS = (labels, named, chain, missing, own_family, recursion, functions, long_sum)
WAYS: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda thing: pickle.loads(pickle.dumps(thing)),
    "cloudpickle": lambda thing: pickle.loads(cloudpickle.dumps(thing)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


def written(write: Callable[[], None]) -> aq.Model:
    with aq.Model(coords={"component": ["low", "high"]}) as model:
        write()
    return model


def log_density(model: aq.Model) -> float:
    density = model.density()
    with float64():
        return float(density.log_density(np.full(density.size, 0.3), density.data))


@pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
@pytest.mark.parametrize("write", MODELS, ids=lambda write: write.__name__)
def test_a_model_is_the_same_model(write: Callable[[], None], way: Callable[[Any], Any]) -> None:
    model = written(write)
    again = way(model)
    assert again is not model
    assert str(again) == str(model)
    assert all(variable.owner is again for variable in again.variables.values())
    assert log_density(again) == log_density(model)


@pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
def test_a_copy_is_a_model_of_its_own(way: Callable[[Any], Any]) -> None:
    model = written(labels)
    before = log_density(model)
    again = way(model)
    again.set_data({"x": 2 * Y})
    with again:
        aq.Normal("more", again["mu"][0], 1)
    assert log_density(model) == before
    assert "more" not in model
    model.set_data({"x": 3 * Y})
    np.testing.assert_array_equal(again["x"].value_now(), 2 * Y)


@pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
def test_a_variable_stays_one_of_its_model(way: Callable[[Any], Any]) -> None:
    model = written(labels)
    again, mu = way((model, model["mu"])) if way is not copy.copy else (model, way(model["mu"]))
    assert mu is again["mu"]


def test_a_function_without_a_name_is_for_cloudpickle() -> None:
    with aq.Model() as model:
        mu = aq.Normal("mu", 0, 1)
        aq.CustomDist("mine", mu, logp=lambda value, mu: -abs(value - mu), observed=Y)
    with pytest.raises(aq.ModelError, match=r"mine: pickle cannot write .*cloudpickle\.dumps"):
        pickle.dumps(model)
    for name in ("cloudpickle", "copy", "deepcopy"):
        assert log_density(WAYS[name](model)) == log_density(model)


METHODS = ("advi", "fullrank_advi", "laplace", "dadvi", "pathfinder")


@pytest.fixture(scope="module")
def fits() -> dict[str, aq.Approximation]:
    quiet: dict[str, Any] = {"random_seed": 1, "progressbar": False, "check": False}
    return {method: aq.fit(method=method, model=written(labels), **quiet) for method in METHODS}


ELSEWHERE = """
import pickle, sys
approx, trace = pickle.load(open(sys.argv[1], "rb"))
again = {name: a.sample(5, random_seed=1).posterior["mu"].values for name, a in approx.items()}
model = approx["advi"].model
quiet = dict(progressbar=False, compute_convergence_checks=False)
drawn = __import__("aliquot").sample(20, tune=20, chains=1, random_seed=1, model=model, **quiet)
pickle.dump((again, drawn.posterior["mu"].values), open(sys.argv[2], "wb"))
"""


@pytest.mark.slow
def test_another_process_draws_the_same(fits: dict[str, aq.Approximation], tmp_path: Path) -> None:
    quiet: dict[str, Any] = {"progressbar": False, "compute_convergence_checks": False}
    model = fits["advi"].model
    trace = aq.sample(20, tune=20, chains=1, random_seed=1, model=model, **quiet)
    given, back = tmp_path / "given", tmp_path / "back"
    given.write_bytes(cloudpickle.dumps((fits, trace)))
    subprocess.run([sys.executable, "-c", ELSEWHERE, given, back], check=True)
    draws, drawn = pickle.loads(back.read_bytes())
    for method, approx in fits.items():
        expected = approx.sample(5, random_seed=1).posterior["mu"].values
        np.testing.assert_array_equal(draws[method], expected, err_msg=method)
    np.testing.assert_array_equal(drawn, trace.posterior["mu"].values)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
def test_an_approximation_draws_the_same(
    method: str, way: Callable[[Any], Any], fits: dict[str, aq.Approximation]
) -> None:
    again = way(fits[method])
    expected = fits[method].sample(5, random_seed=1).posterior
    assert again.sample(5, random_seed=1).posterior.equals(expected)


@pytest.mark.slow
def test_what_is_found_of_a_model() -> None:
    model = written(labels)
    quiet: dict[str, Any] = {"progressbar": False, "compute_convergence_checks": False}
    trace = aq.sample(50, tune=50, chains=2, random_seed=1, model=model, **quiet)
    found = [
        aq.check(trace),
        aq.log_evidence(trace, model=model),
        aq.find_map(model=model, random_seed=1),
        model.symmetries(),
        model.marginalization(),
        model.debug(),
        aq.compare_components(mixture, [1, 2], random_seed=1, draws=100, progressbar=False),
    ]
    for thing in found:
        for name in ("pickle", "deepcopy"):
            assert repr(WAYS[name](thing)) == repr(thing)


def mixture(components: int) -> aq.Model:
    with aq.Model() as model:
        mu = aq.Normal("mu", 0, 2, shape=components)
        w = aq.Dirichlet("w", np.ones(components))
        aq.NormalMixture("y", w=w, mu=mu, sigma=1, observed=Y)
    return model


def errors() -> list[Exception]:
    """Make one of each kind of error and warning that has a public name, and of the others."""
    modules = [
        importlib.import_module(module.name)
        for module in pkgutil.walk_packages(aq.__path__, "aliquot.")
        if not module.name.startswith(("aliquot.cli", "aliquot.estimators"))
    ]
    kinds = {
        kind
        for module in modules
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, aq.AliquotError | aq.AliquotWarning)
    }
    own = {kind for kind in kinds if "__init__" in vars(kind)} - {aq.StorageError}
    assert {kind.__name__ for kind in own} == {"NoStartError", "TooLarge", "NonFiniteLossError"}
    point = np.zeros(2)
    too_large = next(kind for kind in own if kind.__name__ == "TooLarge")
    made = [kind("what is wrong") for kind in sorted(kinds - own, key=lambda kind: kind.__name__)]
    return [*made, NoStartError(point, -np.inf, point, tries=3), too_large(["z"], 1e9, "why")]


@pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
def test_errors_and_warnings(way: Callable[[Any], Any]) -> None:
    for error in errors():
        again = way(error)
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert vars(again).keys() == vars(error).keys()


@pytest.mark.slow
def test_an_error_of_a_fit_keeps_what_was_fitted(fits: dict[str, aq.Approximation]) -> None:
    error = NonFiniteLossError(fits["advi"], np.nan, [0], np.zeros(3))
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    np.testing.assert_array_equal(again.approximation.mean, fits["advi"].mean)
