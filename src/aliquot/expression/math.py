"""``aq.math``: the functions of ``jax.numpy``, ``jax.scipy.special`` and ``jax.nn`` on expressions.

Every function of `jax.numpy` is here under its own name (``aq.math.exp``, ``aq.math.where``), then
those of `jax.scipy.special` (``logsumexp``, ``expit``, ``gammaln``) and `jax.nn` (``softmax``,
``sigmoid``, ``one_hot``); our own in place of those that are not right to the last digits, such as
``betaln``. Where PyMC has another name for one of these, that works too (``aq.math.switch`` is
``where``, ``aq.math.invlogit`` is ``expit``).

Examples
--------
>>> import aliquot as aq
>>> with aq.Model():
...     x = aq.Normal("x", 0, 1, shape=3)
...     total = aq.math.logsumexp(x)
>>> total.shape
()
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.special
import numpy as np

from aliquot import special
from aliquot.expression.apply import lift
from aliquot.expression.evaluate import expressions
from aliquot.expression.functions import REPLACED
from aliquot.expression.protocols import call
from aliquot.hints.explain import MissingError
from aliquot.hints.names import MATH

_SOURCES = (special, jnp, jax.scipy.special, jax.nn)

PYMC = {
    "abs_": "abs",
    "and_": "logical_and",
    "eq": "equal",
    "extract_diag": "diagonal",
    "flatten": "ravel",
    "ge": "greater_equal",
    "gt": "greater",
    "invlogit": "expit",
    "invprobit": "ndtr",
    "kronecker": "kron",
    "le": "less_equal",
    "log1pexp": "softplus",
    "lt": "less",
    "neq": "not_equal",
    "or_": "logical_or",
    "probit": "ndtri",
    "sgn": "sign",
    "sqr": "square",
    "switch": "where",
}


def __getattr__(name: str) -> Callable[..., Any]:
    if not name.startswith("_"):
        if PYMC.get(name, name) in REPLACED:
            return _as_numpy(PYMC.get(name, name))
        for source in _SOURCES:
            function = getattr(source, PYMC.get(name, name), None)
            if callable(function):
                return lift(function)
    raise MissingError(
        "aq.math",
        name,
        MATH,
        __dir__,
        "aq.math.",
        ": it holds the functions of jax.numpy, jax.scipy.special and jax.nn; any other JAX "
        "function can be used through aq.lift",
    )


def _as_numpy(name: str) -> Callable[..., Any]:
    """Give the function of a name in which JAX differs from NumPy, as NumPy has it."""

    def function(*args: Any, **kwargs: Any) -> Any:
        if expressions((args, kwargs)):
            return call(name, args, kwargs)
        return jax.tree.map(np.asarray, getattr(np, name)(*args, **kwargs))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = getattr(np, name).__doc__
    return function


def __dir__() -> list[str]:
    return sorted(
        {
            name
            for source in _SOURCES
            for name in dir(source)
            if not name.startswith("_") and callable(getattr(source, name))
        }
        | set(PYMC)
    )
