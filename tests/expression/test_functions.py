"""Functions and methods of NumPy's that JAX has not, and those that no expression can have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import aliquot as aq
from aliquot.expression import Expression
from tests.expression.values import Values, arrays, evaluate, leaf

Case = Callable[[Any], Any]

CASES: dict[str, Case] = {
    "divmod": lambda x: divmod(x.a, x.b)[0],
    "divmod, remainder": lambda x: divmod(x.a, x.b)[1],
    "divmod of a number": lambda x: divmod(7, x.b)[1],
    "np.divmod": lambda x: np.divmod(x.n, 3)[0],
    "np.fix": lambda x: np.fix(x.a * 3),
    "np.choose": lambda x: np.choose(x.n % 3, [x.a, 1.5, x.b]),
    "np.choose of an array": lambda x: np.choose(x.k, np.arange(12.0).reshape(3, 4)),
    "np.choose, clip": lambda x: np.choose(x.n, [x.a, x.b], mode="clip"),
    "np.choose, wrap": lambda x: np.choose(x.n, [x.a, x.b, 0.0], mode="wrap"),
    "choose": lambda x: (x.n % 2).choose([x.a, x.b]),
    "outer": lambda x: np.add.outer(x.v, x.n),
    "outer of an array": lambda x: np.subtract.outer(np.arange(2.0), x.v),
    "outer comparison": lambda x: np.less.outer(x.v, x.p),
    "sum dtype": lambda x: x.n.sum(dtype=float),
    "sum dtype, whole": lambda x: x.m.sum(axis=0, dtype=int),
    "sum where": lambda x: x.a.sum(where=x.m),
    "sum initial": lambda x: x.a.sum(axis=1, initial=3.0),
    "mean dtype": lambda x: x.n.mean(dtype=float),
    "max initial": lambda x: x.a.max(initial=10.0),
    "max where": lambda x: x.a.max(axis=1, where=x.a > -1, initial=-5.0),
    "any where": lambda x: x.m.any(where=x.a > 0),
    "cumsum dtype": lambda x: x.n.cumsum(axis=0, dtype=float),
    "reduce dtype": lambda x: np.add.reduce(x.n, axis=1, dtype=float),
    "reduce where": lambda x: np.multiply.reduce(x.a, where=x.m),
    "reduce initial": lambda x: np.add.reduce(x.a, axis=None, initial=2.0),
    "reduce positional": lambda x: np.add.reduce(x.a, 1),
    "reduce of another": lambda x: np.subtract.reduce(x.a, axis=1),
    "reduce bits": lambda x: np.bitwise_or.reduce(x.n, axis=1),
    "reduce logaddexp": lambda x: np.logaddexp.reduce(x.a, axis=1),
    "accumulate": lambda x: np.add.accumulate(x.a, axis=1),
    "accumulate maximum": lambda x: np.maximum.accumulate(x.a, axis=1),
    "accumulate product": lambda x: np.multiply.accumulate(x.v),
    "accumulate another": lambda x: np.subtract.accumulate(x.v),
    "reduceat": lambda x: np.add.reduceat(x.v, [0, 2]),
    "ufunc dtype": lambda x: np.add(x.n, x.n, dtype=float),
    "ufunc casting": lambda x: np.exp(x.a, casting="same_kind"),
    "np.ptp": lambda x: np.ptp(x.a, axis=0),
    "argmax keepdims": lambda x: x.a.argmax(axis=1, keepdims=True),
    "argsort kind": lambda x: x.a.argsort(axis=0, kind="stable"),
    "np.argsort kind": lambda x: np.argsort(x.a, axis=None, kind="mergesort"),
    "np.sort stable": lambda x: np.sort(x.a, axis=-1, stable=True),
    "np.lexsort": lambda x: np.lexsort((x.v, x.p)),
    "searchsorted": lambda x: np.sort(x.v).searchsorted([0.0, 1.0]),
    "round": lambda x: round(x.a * 1.37, 1) if hasattr(x.a, "text") else np.round(x.a * 1.37, 1),
    "real": lambda x: x.a.real + x.a.imag,
    "conj": lambda x: x.a.conj() + x.a.conjugate(),
    "copy": lambda x: x.a.copy(),
    "mT": lambda x: x.a.mT,
    "diagonal": lambda x: x.q.diagonal(offset=1),
    "trace": lambda x: x.q.trace(),
    "compress": lambda x: x.a.compress([True, False, True], axis=1),
    "np.compress": lambda x: np.compress([False, True], x.a, axis=0),
    "np.extract": lambda x: np.extract([[True, False, True], [False, False, True]], x.a),
    "np.piecewise": lambda x: np.piecewise(x.a, [x.a < 0, x.a > 1], [-1.0, lambda v: v * v, 0.5]),
    "np.tril of a vector": lambda x: np.tril(x.v),
    "np.convolve of integers": lambda x: np.convolve(x.k, [1, 2]),
    "np.take_along_axis": lambda x: np.take_along_axis(x.a, np.array([[-1], [0]]), axis=1),
    "np.take_along_axis, flat": lambda x: np.take_along_axis(x.a, np.array([5, -6]), axis=None),
    "np.take": lambda x: np.take(x.v, [-3, 2]),
    "aq.math.take of an array": lambda x: aq.math.take(np.array([1.0, 2.0, 4.0]), x.k),
    "np.take, tuple": lambda x: np.take(x.a, (0, 1), axis=1),
    "np.take, clip": lambda x: np.take(x.v, [-5, 7], mode="clip"),
    "np.take, wrap": lambda x: x.v.take([-5, 7], mode="wrap"),
    "list of expressions as index": lambda x: x.v[[x.k[0], x.k[2]]],
    "np.unravel_index": lambda x: np.unravel_index(x.k, (2, 3))[1],
    "np.ravel_multi_index": lambda x: np.ravel_multi_index((x.k, x.k), (3, 4)),
    "shift": lambda x: (x.n << 2) + (x.n >> 1) + (1 << x.k[:3]),
    "ravel order": lambda x: x.a.ravel(order="F"),
    "reshape order": lambda x: x.a.reshape(3, 2, order="F"),
    "whole power": lambda x: x.n ** np.array([[0, 1, 2], [3, 1, 2]]),
}


@pytest.mark.parametrize("name", CASES)
def test_values_shapes_and_dtypes_are_numpys(name: str) -> None:
    given = Values(integers_with_bounds)
    with np.errstate(all="ignore"):
        wanted = np.asarray(CASES[name](arrays))
    result = CASES[name](given)
    assert isinstance(result, Expression)
    value = np.asarray(evaluate(result, given))
    assert result.shape == wanted.shape == value.shape
    assert result.dtype == wanted.dtype == value.dtype
    np.testing.assert_allclose(value, wanted, rtol=1e-12, atol=1e-14)


class Bounded(type(leaf("x", np.zeros(1)))):  # type: ignore[misc]
    """A leaf whose integers are known to lie between bounds."""

    __slots__ = ("_bounds",)

    @property
    def state_bounds(self) -> Any:
        return self._bounds


def integers_with_bounds(name: str, array: np.ndarray) -> Any:
    made = Bounded(name, array.shape, array.dtype)
    made._bounds = (int(array.min()), int(array.max())) if array.dtype.kind == "i" else None
    return made


x = Values(leaf)

REFUSED: dict[str, tuple[Case, str]] = {
    "sort": (lambda x: x.a.sort(), r"changes an array in place.*np\.sort\(x\)"),
    "partition": (lambda x: x.a.partition(1), r"np\.partition"),
    "fill": (lambda x: x.a.fill(0.0), r"np\.full_like"),
    "put": (lambda x: x.a.put([0], 1.0), r"np\.where"),
    "resize": (lambda x: x.a.resize(6), r"np\.resize"),
    "assignment": (lambda x: x.a.__setitem__(0, 1.0), r"item assignment.*np\.where"),
    "deletion": (lambda x: x.a.__delitem__(0), r"np\.delete"),
    "at": (lambda x: np.add.at(x.v, [0], 1.0), r"in place.*x\.at\[index\]\.add"),
    "copyto": (lambda x: np.copyto(x.v, 0.0), r"in place.*np\.where"),
    "putmask": (lambda x: np.putmask(x.v, x.v > 0, 0.0), r"in place.*np\.where"),
    "place": (lambda x: np.place(x.v, x.v > 0, 0.0), r"in place.*np\.where"),
    "np.put": (lambda x: np.put(x.v, [0], 0.0), r"in place"),
    "fill_diagonal": (lambda x: np.fill_diagonal(x.q, 0.0), r"in place.*np\.eye"),
    "put_along_axis": (lambda x: np.put_along_axis(x.v, np.array([0]), 0.0, 0), r"in place"),
    "out": (lambda x: np.add(x.v, x.v, out=np.zeros(3)), r"takes no out="),
    "sum out": (lambda x: x.v.sum(out=np.zeros(())), r"takes no out="),
    "where=": (lambda x: np.add(x.v, 1, where=x.v > 0), r"np\.where"),
    "tolist": (lambda x: x.v.tolist(), r"no value before sampling"),
    "item": (lambda x: x.v.item(0), r"no value before sampling"),
    "nonzero": (lambda x: x.v.nonzero(), r"shape that depends on its numbers.*np\.where"),
    "np.nonzero": (lambda x: np.nonzero(x.v), r"shape that depends on its numbers"),
    "where": (lambda x: np.where(x.v > 0), r"shape that depends on its numbers.*np\.where"),
    "roots": (lambda x: np.roots(x.v), r"roots\(v\).*numbers that are not known"),
    "unique": (lambda x: np.unique(x.k), r"shape that depends on its numbers"),
    "bincount": (lambda x: np.bincount(x.k), r"np\.arange\(k\)"),
    "compress": (lambda x: x.v.compress(x.v > 0), r"shape that depends on its numbers"),
    "extract": (lambda x: np.extract(x.v > 0, x.v), r"shape that depends on its numbers"),
    "nothing": (lambda x: x.v.nothing, r"no attribute 'nothing'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_meaning_is_refused_with_what_to_do(name: str) -> None:
    write, words = REFUSED[name]
    with pytest.raises((TypeError, AttributeError), match=words):
        write(x)


def test_every_method_of_arrays_is_there_or_refused_with_a_reason() -> None:
    for name in dir(np.ndarray):
        if name.startswith("_"):
            continue
        try:
            getattr(x.q, name)
        except AttributeError as error:
            why = "in place", "has none yet", "no value before sampling"
            assert any(words in str(error) for words in why), name


def test_every_function_of_numpy_is_there_or_refused_with_a_reason() -> None:
    # What these take or give is no array of numbers.
    other = {
        *("array2string", "array_repr", "array_str", "busday_count", "busday_offset", "save"),
        *("datetime_as_string", "is_busday", "min_scalar_type", "savetxt", "savez", "einsum_path"),
        *("savez_compressed", "may_share_memory", "shares_memory", "isnat", "real_if_close"),
    }
    missing = []
    for name in dir(np):
        function = getattr(np, name)
        of_arrays = isinstance(function, np.ufunc) or hasattr(function, "_implementation")
        if not of_arrays or name in other:
            continue
        try:
            aq.math.__getattr__(name)
        except AttributeError:
            missing.append(name)
    from aliquot.expression.functions import IN_PLACE
    from aliquot.expression.protocols import FACTS

    assert set(missing) - set(IN_PLACE) - FACTS == set()


def test_facts_of_shape_and_dtype_are_facts() -> None:
    assert np.result_type(x.n, 1.0) == np.float64
    assert np.ndim(x.a) == 2
    assert not np.iscomplexobj(x.a)
    assert np.isrealobj(x.a)
    assert np.can_cast(x.n.dtype, float)
    assert np.common_type(x.n, x.a) is np.float64


def test_rebinding_is_no_assignment() -> None:
    value = x.v
    value += 1
    value *= 2
    value //= 3
    assert value.text == "(v + 1) * 2 // 3"
    assert x.v.text == "v"
