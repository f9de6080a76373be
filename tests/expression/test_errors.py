"""What cannot be written is refused on its own line, in words that name the operands."""

from __future__ import annotations

import numpy as np
import pytest

import aliquot as aq
from aliquot.errors import DTypeError, ModelError, ShapeError
from aliquot.expression import Evaluation, Leaf, leaves, order
from tests.expression.values import Values, leaf

x = Values(leaf)


def test_shapes_that_do_not_broadcast_name_both_operands() -> None:
    with pytest.raises(ShapeError, match=r"a \+ k: a has shape \(2, 3\); k has shape \(4,\)"):
        x.a + x.k
    with pytest.raises(ShapeError, match=r"array\[2\] has shape \(2,\); v has shape \(3,\)"):
        np.ones(2) * x.v


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda: x.a @ x.k, r"a @ k"),
        (lambda: np.stack([x.v, x.k]), r"stack\(\[v, k\]\)"),
        (lambda: np.concatenate([x.v, x.a]), "concatenate"),
        (lambda: x.a.reshape(4, 2), r"a.reshape\(4, 2\).*\(2, 3\)"),
        (lambda: x.a.sum(axis=2), r"a.sum\(axis=2\)"),
        (lambda: x.a.take([0], axis=2), r"axis 2 of a.*\(2, 3\)"),
        (lambda: np.linalg.inv(x.a), r"inv\(a\)"),
        (lambda: np.where(x.m, x.k, 0), r"where\(m, k, 0\)"),
    ],
)
def test_functions_that_do_not_fit_are_named(write: object, words: str) -> None:
    with pytest.raises(ShapeError, match=words):
        write()  # type: ignore[operator]


@pytest.mark.parametrize(
    ("index", "words"),
    [
        (3, r"v\[3\]: v has shape \(3,\)"),
        (-4, r"v\[-4\]: v has shape \(3,\)"),
        (np.array([0, 3]), r"v has shape \(3,\); index 3 is out of bounds"),
        ([0, -4], r"index -4 is out of bounds"),
        ((0, 0), r"too many indices"),
        (np.array([True, False]), r"boolean index did not match"),
    ],
)
def test_an_index_out_of_bounds_is_refused(index: object, words: str) -> None:
    with pytest.raises(IndexError, match=words):
        x.v[index]


def test_data_as_index_are_checked_through_what_is_computed_of_them() -> None:
    data = Leaf("row", (3,), np.dtype(int), value=np.array([1, 2, 3]))
    with pytest.raises(IndexError, match=r"v\[row\]: v has shape \(3,\); index 3 is out of bounds"):
        x.v[data]
    assert x.v[data - 1].shape == (3,)
    with pytest.raises(IndexError, match=r"v\[row \+ 1\]"):
        x.v[data + 1]


@pytest.mark.parametrize("index", [1.0, np.array([0.0, 1.0]), "low", Values(leaf).s, [0.5]])
def test_an_index_that_is_no_integer_is_refused(index: object) -> None:
    with pytest.raises(DTypeError, match="v can be indexed by integers, not by"):
        x.v[index]


def test_a_condition_as_index_is_refused_with_what_to_write() -> None:
    with pytest.raises(DTypeError, match=r"v cannot be indexed by the condition v > 0.*np\.where"):
        x.v[x.v > 0]


def test_truth_is_refused() -> None:
    with pytest.raises(TypeError, match=r"the truth of s > 0 is not known.*np\.where"):
        bool(x.s > 0)
    with pytest.raises(TypeError, match=r"whether v holds a value is not known.*np\.any\(v == "):
        assert 1 in x.v


@pytest.mark.parametrize("convert", [np.asarray, np.array, lambda v: np.array([v, v])])
def test_numpy_arrays_are_refused(convert: object) -> None:
    with pytest.raises(TypeError, match="s has no numbers yet"):
        convert(x.s)  # type: ignore[operator]


@pytest.mark.parametrize("convert", [float, int, range])
def test_numbers_are_refused(convert: object) -> None:
    with pytest.raises(TypeError, match="s has no number yet"):
        convert(x.s)  # type: ignore[operator]


def test_a_scalar_has_no_length() -> None:
    with pytest.raises(TypeError, match="s is a scalar"):
        list(x.s)


def test_what_jax_does_not_have_is_refused_with_a_way_out() -> None:
    with pytest.raises(TypeError, match=r"np\.real_if_close has no counterpart.*aq\.lift"):
        np.real_if_close(x.v)
    with pytest.raises(AttributeError, match=r"aq\.math has no attribute 'nonsense'"):
        aq.math.nonsense(x.v)


def test_strings_and_none_are_no_operands() -> None:
    with pytest.raises(TypeError, match="unsupported operand"):
        x.v + "a"
    with pytest.raises(TypeError, match="unsupported operand"):
        x.v * None
    with pytest.raises(DTypeError, match=r"dtype.*cannot be used in a model.*np\.unique"):
        x.v + np.array(["a", "b", "c"])
    assert (x.v == "a") is False


def test_elements_cannot_be_assigned() -> None:
    with pytest.raises(TypeError, match="does not support item assignment"):
        x.v[0] = 1.0


def test_a_leaf_without_a_value_is_named() -> None:
    with pytest.raises(ModelError, match="v has no value here"):
        Evaluation()(x.v + 1)


def test_order_and_leaves() -> None:
    a, b = x.a, x.b
    total = a + b
    result = total * total
    listed = order([result])
    assert [id(node) for node in listed] == [id(a), id(b), id(total), id(result)]
    assert [leaf.name for leaf in leaves(result, x.v)] == ["a", "b", "v"]
