"""Different programs never have the same fingerprint, and the same program always has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.extend.core import Primitive
from jax.extend.random import define_prng_impl
from jax.interpreters import mlir

import aliquot as aq
from aliquot.compilation import compiler
from aliquot.compilation.fingerprint import fingerprint
from aliquot.precision import float64
from aliquot.primitives import gather_sum as gather_sum_module
from aliquot.primitives.gather_sum import gather_sum, places_of

POINT = np.linspace(0.5, 2.0, 6)
MANY = np.arange(5000.0)


def traced(function, *arguments):
    with float64():
        return jax.jit(function, keep_unused=True).trace(*arguments)


def of(function, *arguments):
    return fingerprint(traced(function, *(arguments or (POINT,))).jaxpr)


@jax.custom_jvp
def with_derivative(x):
    return jnp.sin(x)


with_derivative.defjvp(lambda x, dx: (jnp.sin(x[0]), 7.0 * dx[0]))


def repeated(step, times=3):
    return lambda x: lax.fori_loop(0, times, lambda _, value: step(value), x)


def gathered(readers, padded=True):
    readers = np.asarray(readers)
    back = places_of(readers[0], 6)
    return lambda x: gather_sum(x, readers, back, padded=padded)


# Each differs from some other one in one thing.
DIFFERENT = {
    "sine": jnp.sin,
    "cosine": jnp.cos,
    "of a sine": lambda x: jnp.cos(jnp.sin(x)),
    "of a cosine": lambda x: jnp.sin(jnp.cos(x)),
    "difference": lambda x: x[:3] - x[3:],
    "other difference": lambda x: x[3:] - x[:3],
    "with one": lambda x: x + 1.0,
    "with minus one": lambda x: x + -1.0,
    "with zero": lambda x: jnp.maximum(x, 0.0),
    "with minus zero": lambda x: jnp.maximum(x, -0.0),
    "with next to one": lambda x: x + np.nextafter(1.0, 2.0),
    "with an integer": lambda x: x.astype(int) + 1,
    "with NaN": lambda x: jnp.where(x > 1, x, np.nan),
    "with infinity": lambda x: jnp.where(x > 1, x, np.inf),
    "with other order": lambda x: jnp.where(x > 1, np.inf, x),
    "with numbers": lambda x: x + MANY[:6],
    "with other numbers": lambda x: x + MANY[1:7],
    "with many numbers": lambda x: x.sum() + MANY,
    "with many others": lambda x: x.sum() + np.append(MANY[:-1], 0.0),
    "as matrix": lambda x: x.sum() + MANY.reshape(100, 50),
    "as other matrix": lambda x: x.sum() + MANY.reshape(50, 100),
    "single": lambda x: x.astype(np.float32),
    "half": lambda x: x.astype(jnp.bfloat16),
    "two outputs": lambda x: (x + 1.0, x),
    "the other way": lambda x: (x, x + 1.0),
    "twice": repeated(jnp.sin, 2),
    "thrice": repeated(jnp.sin),
    "thrice other": repeated(jnp.cos),
    "scanned": lambda x: lax.scan(lambda c, y: (c + y, c), 0.0, x),
    "scanned back": lambda x: lax.scan(lambda c, y: (c + y, c), 0.0, x, reverse=True),
    "choice": lambda x: lax.cond(x[0] > 1, jnp.sin, jnp.cos, x),
    "other choice": lambda x: lax.cond(x[0] > 1, jnp.cos, jnp.sin, x),
    "by platform": lambda x: lax.platform_dependent(x, cpu=jnp.sin, default=jnp.cos),
    "by other platform": lambda x: lax.platform_dependent(x, cuda=jnp.sin, default=jnp.cos),
    "along rows": lambda x: x.reshape(2, 3).sum(0),
    "along columns": lambda x: x.reshape(2, 3).sum(1),
    "precise": lambda x: jnp.dot(x, x, precision="highest"),
    "not precise": lambda x: jnp.dot(x, x),
    "picked": lambda x: x[np.array([0, 2])],
    "picked others": lambda x: x[np.array([0, 3])],
    "added": lambda x: x.at[np.array([0, 2])].add(1.0),
    "set": lambda x: x.at[np.array([0, 2])].set(1.0),
    "sorted": jnp.sort,
    "summed up": jnp.cumsum,
    "summed up back": lambda x: lax.cumsum(x, reverse=True),
    "factor": lambda x: jnp.linalg.cholesky(jnp.diag(x)),
    "own": with_derivative,
    "its derivative": jax.grad(lambda x: with_derivative(x).sum()),
    "gathered": gathered([[0, 1, 2]]),
    "gathered others": gathered([[0, 1, 3]]),
    "gathered whole": gathered([[0, 1, 2]], padded=False),
}
ARGUMENTS = {
    "more": np.append(POINT, 1.0),
    "single": POINT.astype(np.float32),
    "integers": POINT.astype(int),
    "matrix": POINT[None],
    "weak": 1.0,
    "strong": np.float64(1.0),
}


def test_whatever_differs_has_another_fingerprint():
    found = [of(function) for function in DIFFERENT.values()]
    found += [of(lambda x: x + x, argument) for argument in ARGUMENTS.values()]
    assert None not in found
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("name", DIFFERENT)
def test_the_same_again_has_the_same(name):
    function = DIFFERENT[name]
    assert of(lambda x: function(x)) == of(lambda x: function(x))


def test_another_process_gives_the_same():
    code = "import test_fingerprint as t; print(*map(t.of, t.DIFFERENT.values()))"
    printed = [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parent,
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert printed[0] == printed[1]
    assert len(printed[0].split()) == len(DIFFERENT)


def test_how_a_derivative_would_be_taken_does_not_matter_where_none_is():
    @jax.custom_jvp
    def other(x):
        return jnp.sin(x)

    other.defjvp(lambda x, dx: (jnp.sin(x[0]), 8.0 * dx[0]))
    other.__name__ = with_derivative.__name__
    one, two = traced(with_derivative, POINT), traced(other, POINT)
    assert one.lower().as_text() == two.lower().as_text()
    slopes = [jax.grad(lambda x, f=f: f(x).sum()) for f in (with_derivative, other)]
    assert of(slopes[0]) != of(slopes[1])


def test_settings_under_which_something_is_traced_matter():
    def within(x):
        with jax.default_matmul_precision("highest"):
            return jnp.dot(x, x)

    assert of(within) != of(lambda x: jnp.dot(x, x))


foreign = Primitive("sin")  # a name that another one has, too
foreign.def_abstract_eval(lambda x: x)
mlir.register_lowering(foreign, mlir.lower_fun(jnp.cos, multiple_results=False))

KEY = jax.random.key(1)
UNKNOWN = {
    "a call of Python": lambda x: jax.pure_callback(np.sin, jax.typeof(x), x),
    "an effect": lambda x: [jax.debug.print("{}", x), x][1],
    "a primitive of somebody else": foreign.bind,
    "one within another": repeated(foreign.bind),
    "a key among the constants": lambda x: jax.random.normal(KEY) + x[0],
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_unknown_has_none(name):
    assert of(UNKNOWN[name]) is None


def test_random_keys_are_known_by_their_kind():
    found = [
        of(lambda key: jax.random.normal(key), jax.random.key(1, impl=kind))
        for kind in ("threefry2x32", "rbg", "unsafe_rbg")
    ]
    data = jax.random.key_data(jax.random.key(1))
    found += [of(lambda x: x, data), of(lambda x: x, jax.random.key(1))]
    assert None not in found
    assert len(set(found)) == len(found)
    kind = define_prng_impl(
        key_shape=(2,),
        seed=lambda seed: jnp.zeros(2, jnp.uint32),
        split=lambda key, shape: jnp.zeros((*shape, 2), jnp.uint32),
        random_bits=lambda key, width, shape: jnp.zeros(shape, jnp.uint32),
        fold_in=lambda key, data: key,
        name="threefry2x32",
        tag="fry",
    )
    assert of(lambda key: key, jax.random.key(1, impl=kind)) is None


def test_what_aliquots_own_operation_computes_is_part_of_it(monkeypatch):
    before = of(gathered([[0, 1, 2]]))
    compute = gather_sum_module._compute
    monkeypatch.setattr(gather_sum_module, "_compute", lambda *a, **k: 2.0 * compute(*a, **k))
    assert of(gathered([[0, 1, 2]])) not in (None, before)


def chain(rng):
    P = aq.Dirichlet("P", np.ones((2, 2)))
    z = aq.MarkovChain("z", P=P, init=[0.5, 0.5], steps=600)
    aq.Normal("y", aq.constant([-1.0, 1.0])[z], 1, observed=rng.normal(size=600))


def annotators(rng):
    x = aq.Normal("x", 0, 1, shape=2, transform=aq.transforms.ordered)
    z = aq.Categorical("z", p=[0.4, 0.6], shape=8)
    rows = np.array([0, 1, 2, 3, 4, 5, 6, 7, 0, 3])
    aq.Normal("y", x[z[rows]], 1, observed=rng.normal(size=10))


def mixture(rng):
    w = aq.Beta("w", 2, 2)
    aq.NormalMixture("y", [w, 1 - w], [-1.0, 1.0], 1, observed=rng.normal(size=20))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("build", [chain, annotators, mixture])
def test_the_programs_of_a_run_have_fingerprints_that_tell_them_apart(monkeypatch, rng, build):
    lowered_as = {}
    jit = jax.jit

    def noted(function, **settings):
        jitted = jit(function, **settings)
        if settings:
            return jitted
        return SimpleNamespace(trace=lambda *arguments: note(jitted.trace(*arguments)))

    def note(traced):
        found = fingerprint(traced.jaxpr)
        assert found is not None
        text = traced.lower().as_text(debug_info=False)
        # Texts with other names of functions may be of the same program, never the other way.
        assert lowered_as.setdefault(found, text) == text
        return traced

    monkeypatch.setattr(compiler, "jax", SimpleNamespace(**vars(jax) | {"jit": noted}))
    with aq.Model():
        build(rng)
        aq.sample(20, tune=20, chains=2, random_seed=1, progressbar=False)
    assert len(lowered_as) > 4
