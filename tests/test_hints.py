"""Names and arguments of other libraries: those that are there work, the others say what to use."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

import aliquot as aq
from aliquot.hints import arguments
from aliquot.hints.explain import BY_POSITION, explained
from tests.hints import TABLES, hints, namespace, program

FUNCTIONS: list[tuple[Callable[..., Any], Mapping[str, str]]] = [
    (aq.sample, arguments.SAMPLE),
    (aq.sample_prior_predictive, arguments.PRIOR),
    (aq.sample_posterior_predictive, arguments.PREDICT),
    (aq.compute_log_likelihood, arguments.PREDICT),
    (aq.recover, arguments.PREDICT),
    (aq.relabel, arguments.PREDICT),
    (aq.log_evidence, arguments.EVIDENCE),
    (aq.fit, arguments.FIT),
    (aq.ADVI.fit, arguments.FIT),
    (aq.find_map, arguments.FIND_MAP),
    (aq.Data, arguments.DATA),
    (aq.Deterministic, arguments.DETERMINISTIC),
    (aq.Potential, arguments.POTENTIAL),
    (aq.set_data, arguments.SET_DATA),
    (aq.Model.set_data, arguments.SET_DATA),
    (aq.Model.debug, arguments.DEBUG),
    (aq.do, arguments.DO),
    (aq.observe, arguments.DO),
    (aq.Model, arguments.MODEL_ARGUMENTS),
    (aq.distributions.base.Distribution.sample, arguments.DRAW),
]


@pytest.mark.parametrize(("function", "hints"), FUNCTIONS)
def test_arguments_that_are_not_taken_say_what_to_use(
    function: Callable[..., Any], hints: Mapping[str, str]
) -> None:
    for name, hint in hints.items():
        if name == BY_POSITION:
            with pytest.raises(TypeError, match=re.escape(hint)):
                function(*range(9))
            continue
        assert name not in inspect.signature(function).parameters
        with pytest.raises(TypeError) as caught:
            function(**{name: None})
        assert name in str(caught.value)
        assert hint in str(caught.value)


def test_too_many_by_position_are_told_by_which_name_to_give_them() -> None:
    @explained({})
    def divide(a: float, b: float, *, rounded: bool = False, digits: int = 2) -> None: ...

    @explained({BY_POSITION: "first the name, then the value"})
    def give(name: str) -> None: ...

    @explained({})
    def nothing() -> None: ...

    for call, given, expected in [
        (divide, 3, "divide() takes 2 arguments by position (a, b), but 3 were given: give the "
         "others by name (rounded, digits)"),
        (give, 2, "give() takes 1 argument by position (name), but 2 were given: first the name, "
         "then the value"),
        (nothing, 1, "nothing() takes 0 arguments by position, but 1 were given"),
    ]:  # fmt: skip
        with pytest.raises(TypeError) as caught:
            call(*range(given))
        assert str(caught.value) == expected


def test_a_family_given_too_many_by_position_tells_the_names() -> None:
    with aq.Model(), pytest.raises(TypeError) as caught:
        aq.StudentT("y", 4, 0.0, 1.0)
    assert str(caught.value).startswith(
        "y: aq.StudentT() takes 3 arguments by position (name, nu, mu), but 4 were given: give the "
        "others by name (sigma, lam, shape, "
    )
    with pytest.raises(TypeError, match=r"^aq.StudentT.dist\(\) takes 2 .*\(nu, mu\), but 3 were"):
        aq.StudentT.dist(4, 0.0, 1.0)
    with (
        aq.Model(),
        pytest.raises(TypeError, match=r"^y: aq.Flat\(\) takes 1 .*, but 2 were given"),
    ):
        aq.Flat("y", 4)


def test_arguments_that_are_nearly_those_taken_are_named() -> None:
    with pytest.raises(TypeError, match=r"no argument 'tunes': did you mean tune=\?"):
        aq.sample(tunes=10)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"no argument 'call_back' \(nor 'callback'\): use until="):
        aq.sample(call_back=print)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"no argument 'lr'; its arguments are n, method, .* check"):
        aq.fit(10, lr=1)
    with pytest.raises(TypeError, match=r"no argument 'sigmas': did you mean sigma=\?"):
        aq.Normal.dist(0, sigmas=1)


# What each table is about: what stands under a name in it must not be there.
OWNERS: dict[str, set[str]] = {
    "NAMES": set(aq.__all__),
    "MODEL": set(dir(aq.Model)),
    "EXPRESSION": set(dir(aq.Expression)),
    "DISTRIBUTION": set(dir(aq.distributions.base.Distribution)),
    "DISTRIBUTIONS": set(),
    "TRANSFORMS": set(aq.transforms.__all__),
    "MATH": set(dir(aq.math)),
}


@pytest.mark.parametrize("table", OWNERS)
def test_no_hint_is_for_a_name_that_exists(table: str) -> None:
    assert not set(TABLES[table]) & OWNERS[table]


def test_names_that_are_not_there_say_what_to_use() -> None:
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
    things: dict[str, Any] = {
        "NAMES": aq,
        "MODEL": model,
        "EXPRESSION": x,
        "DISTRIBUTION": x.distribution,
        "DISTRIBUTIONS": aq.distributions,
        "TRANSFORMS": aq.transforms,
        "MATH": aq.math,
    }
    for table, thing in things.items():
        for name, hint in TABLES[table].items():
            assert not hasattr(thing, name)
            with pytest.raises(AttributeError) as caught:
                getattr(thing, name)
            assert str(caught.value).endswith(f"has no attribute {name!r}: {hint}")


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda: aq.Lognormal, r"'Lognormal': did you mean aq\.LogNormal\?"),
        (lambda: aq.student_t, r"did you mean aq\.StudentT\?"),
        (lambda: aq.HalfNormall, r"did you mean aq\.HalfNormal\?"),
        (lambda: aq.lkj_cholesky_cov, r"did you mean aq\.LKJCholeskyCov\?"),
        (lambda: aq.plot_posteriors, r"\(nor 'plot_posterior'\): it is ArviZ's"),
        (lambda: aq.plots.plot_trace, r"it is ArviZ's: import arviz as az; az\.plot_trace"),
        (lambda: aq.transforms.Ordred, r"did you mean aq\.transforms\.Ordered\?"),
        (lambda: aq.math.soft_max, r"did you mean aq\.math\.softmax\?"),
        (lambda: aq.math.nonsense, r"it holds the functions of jax\.numpy"),
        (lambda: aq.distributions.Normal, r"families of distributions are aq\.Normal"),
        (lambda: aq.Model().marginalisation, r"did you mean model\.marginalization\?"),
        (lambda: aq.Model().nonsense, r"has no attribute 'nonsense'$"),
        (lambda: aq.Normal.dist(0, 1).logprob, r"did you mean dist\.log_prob\?"),
    ],
)
def test_names_that_are_nearly_there_are_named(ask: Callable[[], Any], says: str) -> None:
    with pytest.raises(AttributeError, match=says):
        ask()


def test_an_error_about_a_name_can_be_pickled_and_copied() -> None:
    with pytest.raises(AttributeError) as caught:
        aq.Lognormal  # noqa: B018
    for again in (pickle.loads(pickle.dumps(caught.value)), copy.copy(caught.value)):
        assert str(again) == str(caught.value)


def test_arguments_of_families_say_what_to_use() -> None:
    for name, hint in arguments.FAMILY.items():
        with pytest.raises(TypeError, match=re.escape(hint)):
            aq.Normal.dist(0, **{name: 1})
    for name, hint in arguments.CUSTOM.items():
        with pytest.raises(TypeError, match=re.escape(hint)):
            aq.CustomDist.dist(logp=abs, **{name: 1})


def test_callbacks_that_are_none_say_what_to_use() -> None:
    with aq.Model() as model:
        aq.Normal("x", 0, 1)
    fit = aq.ADVI(model=model)
    with pytest.raises(aq.ModelError, match=r"give it as convergence=aq\.ParameterChange\("):
        fit.fit(10, callbacks=[aq.ParameterChange()])  # type: ignore[list-item]
    with pytest.raises(aq.ModelError, match=r"called as callback\(approx, hist, i\); got 3"):
        fit.fit(10, callbacks=[3])  # type: ignore[list-item]
    with pytest.raises(aq.ModelError, match="must be a list of functions"):
        fit.fit(10, callbacks=print)  # type: ignore[arg-type]


# Advice -------------------------------------------------------------------------------------------

CALLS = re.compile(r"\b(?:aq|az|jax|np|model|dist|approx|trace|optax|pandas)(?:\.\w+)+|\b\w+=(?!=)")


def distinct() -> list[tuple[str, str]]:
    """List the hints' texts, each once, with the first name that it is for."""
    return list({text: (f"{table}-{name}", text) for table, name, text in hints()}.values())


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in distinct()])
def test_advice_names_what_its_program_calls(text: str) -> None:
    code = program(text)
    for call in CALLS.findall(text):
        if call != "aq.":
            assert call in code, f"{text!r} names {call}, which {code!r} does not use"


@pytest.mark.slow
def test_every_hint_s_advice_can_be_taken() -> None:
    matplotlib.use("agg")
    programs = dict.fromkeys(program(text) for _, text in distinct())
    for code in programs:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                exec(compile(code, code, "exec"), dict(namespace()))
            except Exception as error:
                error.add_note(code)
                raise
        plt.close("all")


@pytest.mark.parametrize(("pymc", "ours"), [("invlogit", "expit"), ("sqr", "square")])
def test_functions_under_their_pymc_names(pymc: str, ours: str) -> None:
    assert pymc in dir(aq.math)
    np.testing.assert_array_equal(getattr(aq.math, pymc)(0.3), getattr(aq.math, ours)(0.3))


def test_every_pymc_name_of_a_function_stands_for_one_that_exists() -> None:
    for name, ours in aq.math.PYMC.items():
        assert getattr(aq.math, name).__name__ == getattr(aq.math, ours).__name__
