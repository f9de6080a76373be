"""Applying a JAX function to operands, where nodes are made and their shapes checked; `aq.lift`."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial, wraps
from typing import Any

import jax
import numpy as np

from aliquot.errors import DTypeError, ShapeError
from aliquot.expression import text as texts
from aliquot.expression.bounds import RULES, Rule, Span, span_of
from aliquot.expression.given import as_read
from aliquot.precision import float64


def as_array(leaf: Any) -> Any:
    """Let an array of another library be NumPy's, or the expression that is in it.

    An xarray object that was multiplied by an expression holds the product: it is taken out.
    Refused are masked entries, and a matrix, whose ``*`` is another.
    """
    if isinstance(leaf, np.ma.MaskedArray):
        if np.ma.is_masked(leaf):
            raise DTypeError(
                f"an array with {int(np.ma.count_masked(leaf))} masked entries cannot be used in a "
                "model: fill them with .filled(...), or give the array as observed="
            )
        return leaf.data
    if isinstance(leaf, np.matrix):
        raise DTypeError(
            "a np.matrix multiplies otherwise than arrays do: use np.asarray(matrix), and @ for "
            "the matrix product"
        )
    if isinstance(leaf, np.ndarray | np.generic | jax.Array) or not hasattr(leaf, "__array__"):
        return leaf
    held = held_by(leaf)
    return np.asarray(leaf) if held is None else held


def held_by(value: Any) -> Any:
    """Give the expression that an xarray object holds, ``None`` where it holds none."""
    if type(value).__module__.partition(".")[0] != "xarray":
        return None
    data = getattr(value, "data", None)
    # An array of NumPy's has no inputs: this is asked without importing the node, which uses this.
    return data if hasattr(type(data), "inputs") else None


def unwrapped(value: Any) -> Any:
    """Take the expression out of an xarray object that holds one; anything else as it is."""
    held = held_by(value)
    return value if held is None else held


def apply(
    function: Callable[..., Any],
    *args: Any,
    text: str | None = None,
    check: Callable[..., object] | None = None,
    marked: Callable[..., Any] | None = None,
    rule: Rule | None = None,
    narrow: bool = False,
    **kwargs: Any,
) -> Any:
    """Apply a JAX function to operands, some of which are expressions.

    The function is pure. Expressions may stand anywhere in its arguments, inside lists and tuples
    too; everything else is passed on as it is. What comes back is an expression, or the same tree
    of expressions that `function` returns of arrays. With no expression among the operands, it is
    the NumPy value itself. It is a `ShapeError` where the function does not take operands of these
    shapes, and a `DTypeError` where it does not take these kinds (strings, objects).

    `text` is how the result reads in messages. `check` takes the same operands; it is called when
    data are replaced, and raises where the result no longer makes sense. `rule` says between which
    numbers the result lies (`aliquot.expression.bounds`), `narrow` whether a dtype of fewer than 64
    bits is meant.

    `marked` is the same function, but NaN where there is no result, as at an index out of range.
    That is the expression's value; a density takes that of `function`, and is zero there.
    """
    from aliquot.expression.node import Expression  # the node's operators call this function

    leaves, structure = jax.tree.flatten(
        (args, kwargs), is_leaf=lambda x: isinstance(x, Expression)
    )
    leaves = [leaf if isinstance(leaf, Expression) else as_operand(leaf) for leaf in leaves]
    if any(isinstance(leaf, Expression) for leaf in leaves):
        # What the caller does to an array later must not change the expression.
        leaves = [as_read(x.copy()) if isinstance(x, np.ndarray) else x for x in leaves]
    where = [i for i, leaf in enumerate(leaves) if isinstance(leaf, Expression)]
    name = getattr(function, "__name__", "function")
    written = texts.call(name, args, kwargs) if text is None else text

    def call(*values: Any) -> Any:
        return _filled(structure, leaves, where, function, values)

    inputs = tuple(leaves[i] for i in where)
    structs = [jax.ShapeDtypeStruct(node.shape, node.dtype) for node in inputs]
    with float64():
        try:
            result = jax.eval_shape(call, *structs)
            if not narrow and not any(_is_narrow(node.dtype) for node in inputs):
                call, result = _widened(call, result, structs, function, leaves, structure)
            if not inputs:
                return jax.tree.map(np.asarray, call())
        except (TypeError, ValueError, IndexError) as error:
            raise _explained(error, written, leaves) from error
    for i in where:  # what is made is given its inputs: of a model written again they are others
        leaves[i] = None
    again = None if check is None else partial(_filled, structure, leaves, where, check)
    if not isinstance(result, jax.ShapeDtypeStruct):
        nan = None if marked is None else partial(_call, structure, leaves, where, marked)
        return _each(call, inputs, result, written, again, nan)
    if result.weak_type:
        call = _strong(call, result.dtype)
    made = Expression(call, inputs, result.shape, np.dtype(result.dtype), written, again)
    if marked is not None:
        made.safe, made.may_be_nan = call, True
        made.function = partial(_call, structure, leaves, where, marked)
    if made.may_be_nan and made.dtype.kind not in "fc":
        raise _no_mark(made, inputs)
    rule = rule or (RULES.get(function) if isinstance(function, Hashable) else None)
    if rule is not None:
        made.rule = _bound(rule, structure, leaves, where)
    return made


def _filled(
    structure: Any, leaves: list[Any], where: list[int], function: Callable[..., Any], values: Any
) -> Any:
    """Call a function on its arguments, the inputs' values put where they stand."""
    filled = list(leaves)
    for i, value in zip(where, values, strict=True):
        filled[i] = value
    args, kwargs = jax.tree.unflatten(structure, filled)
    return function(*args, **kwargs)


def _call(structure: Any, leaves: list[Any], where: list[int], function: Any, *values: Any) -> Any:
    return _filled(structure, leaves, where, function, values)


def _bound(rule: Rule, structure: Any, leaves: list[Any], where: list[int]) -> Callable[..., Any]:
    known = [None if i in where else span_of(leaf) for i, leaf in enumerate(leaves)]

    def bounds(spans: list[Span], shape: tuple[int, ...]) -> Any:
        return _filled(structure, known, where, lambda *a, **k: rule(shape, *a, **k), spans)

    return bounds


def _no_mark(made: Any, inputs: tuple[Any, ...]) -> IndexError:
    doubts = [node.text for node in inputs if node.may_be_nan] or [made.text]
    return IndexError(
        f"cannot compute {made.text}: {doubts[0]} may be indexed out of range and is then NaN, "
        f"which {made.dtype} cannot say. Give the index a range that is known, as in "
        "np.clip(index, 0, 2), or make it of discrete variables and data that stay in range"
    )


# Dtypes of fewer than 64 bits, booleans apart, and what they are computed in.
_WIDE = {
    np.dtype(narrow): np.dtype(wide)
    for narrow, wide in (
        *((name, np.float64) for name in ("float16", "float32")),
        *((f"{sign}int{bits}", np.int64) for sign in ("", "u") for bits in (8, 16, 32)),
        ("uint64", np.int64),
        ("complex64", np.complex128),
    )
}
# Functions of these take numbers for booleans: a user's own may not.
_NUMERIC = ("jax", "aliquot", "_operator", "functools")


def _is_narrow(dtype: Any) -> bool:
    return np.dtype(dtype) in _WIDE


def _widened(
    call: Callable[..., Any],
    result: Any,
    structs: list[Any],
    function: Callable[..., Any],
    operands: list[Any],
    structure: Any,
) -> tuple[Callable[..., Any], Any]:
    """Give double precision where JAX gives less, as it does for functions of booleans.

    The operands are made numbers first: a mean in single precision would stay as rounded as it is.
    """
    dtypes = [out.dtype for out in jax.tree.leaves(result)]
    if not any(_is_narrow(dtype) for dtype in dtypes):
        return call, result
    module = getattr(function, "__module__", None) or type(function).__module__
    if module.partition(".")[0] in _NUMERIC and any(dtype.kind in "fc" for dtype in dtypes):
        masks = _masks(structure, len(operands))
        for i, operand in enumerate(operands):
            if isinstance(operand, np.ndarray) and i not in masks:
                operands[i] = _number(operand)
        inputs = [i for i, operand in enumerate(operands) if hasattr(operand, "inputs")]
        narrow_call = call

        def of_numbers(*values: Any) -> Any:
            return narrow_call(
                *(x if i in masks else _number(x) for i, x in zip(inputs, values, strict=True))
            )

        call, result = of_numbers, jax.eval_shape(of_numbers, *structs)
    inner = call

    def wide(*values: Any) -> Any:
        return jax.tree.map(
            lambda x: jax.lax.convert_element_type(x, _WIDE[x.dtype]) if _is_narrow(x.dtype) else x,
            inner(*values),
        )

    return wide, jax.eval_shape(wide, *structs)


def _masks(structure: Any, count: int) -> set[int]:
    """Find the operands that are masks, by the keyword that they are given with."""
    numbered, _ = jax.tree_util.tree_flatten_with_path(jax.tree.unflatten(structure, range(count)))
    return {i for path, i in numbered if any(getattr(key, "key", None) == "where" for key in path)}


def _number(value: Any) -> Any:
    return value.astype(np.float64) if value.dtype == bool else value


def as_arrays(operands: Any) -> Any:
    """Let every list of numbers in a tree be an array, as NumPy would, and leave the rest alone.

    Tuples stay as they are: they are shapes, axes and the like as often as numbers. So do the
    keywords `axis` and `axes`.
    """
    if isinstance(operands, tuple) and type(operands) is tuple:
        return tuple(as_arrays(item) for item in operands)
    if isinstance(operands, dict):
        return {k: v if k.startswith("ax") else as_arrays(v) for k, v in operands.items()}
    if not isinstance(operands, list) or not operands:
        return operands
    try:
        array = np.asarray(operands)
    except (ValueError, TypeError):  # expressions in it, or rows of different lengths
        return [as_arrays(item) for item in operands]
    return array if array.dtype.kind in "biufc" else operands


def as_operand(leaf: Any) -> Any:
    """Refuse what cannot be a number, and let pandas and xarray objects be arrays."""
    if isinstance(leaf, str | bytes | type):
        return leaf
    leaf = as_array(leaf)
    if isinstance(leaf, np.ndarray) and leaf.dtype.kind in "OUSMm":
        raise DTypeError(
            f"an array of dtype {leaf.dtype} cannot be used in a model: give numbers "
            "(for labels, the integer codes of np.unique(labels, return_inverse=True))"
        )
    if isinstance(leaf, np.ndarray | np.generic | jax.Array) and leaf.dtype in _WIDE:
        # JAX would compute integers with a float32 array in float32, NumPy in float64.
        return np.asarray(leaf).astype(_WIDE[np.dtype(leaf.dtype)])
    return leaf


def _strong(call: Callable[..., Any], dtype: Any) -> Callable[..., Any]:
    """Fix a dtype that JAX would let the next operand change, so that it is what was announced."""
    return lambda *values: jax.lax.convert_element_type(call(*values), dtype)


def _each(
    call: Callable[..., Any],
    inputs: tuple[Any, ...],
    result: Any,
    written: str,
    check: Callable[..., object] | None = None,
    marked: Callable[..., Any] | None = None,
) -> Any:
    """Make one expression of each array that the function returns."""
    from aliquot.expression.node import Expression

    outputs, structure = jax.tree.flatten(result)
    before: Any = structure

    def as_announced(*values: Any) -> Any:
        found = call(*values)
        now: Any = jax.tree.structure(found)
        if now != before:  # as many as there are rows, say
            raise ShapeError(
                f"{written} gave {before.num_leaves} arrays when it was written, and gives "
                f"{now.num_leaves} now: write the model anew"
            )
        return found

    whole = Expression(as_announced, inputs, (), np.dtype(float), written, check)
    if marked is not None:
        whole.safe, whole.may_be_nan, whole.function = as_announced, True, marked
    if whole.may_be_nan and not all(out.dtype.kind in "fc" for out in outputs):
        raise _no_mark(whole, inputs)

    def pick(i: int, out: Any) -> Callable[[Any], Any]:
        def one(value: Any) -> Any:
            return jax.tree.leaves(value)[i]

        return _strong(one, out.dtype) if out.weak_type else one

    return jax.tree.unflatten(
        structure,
        [
            Expression(pick(i, out), (whole,), out.shape, np.dtype(out.dtype), f"{written}[{i}]")
            for i, out in enumerate(outputs)
        ],
    )


_NOT_KNOWN = (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError)


def _explained(error: Exception, written: str, operands: list[Any]) -> Exception:
    arrays = [op for op in operands if np.shape(op) != () or hasattr(op, "text")]
    shapes = "; ".join(dict.fromkeys(texts.shape_of(op) for op in arrays))
    if isinstance(error, _NOT_KNOWN):
        return DTypeError(
            f"cannot compute {written}: {shapes}. What it gives depends on numbers that are not "
            "known while the model is being written, in a way that JAX cannot follow: write it "
            "with other functions, or compute it of plain arrays before the model"
        )
    reason = str(error).strip().splitlines()[0].rstrip(".")
    message = f"cannot compute {written}: {shapes}. JAX says: {reason}."
    kind = DTypeError if "dtype" in reason and "shape" not in reason else ShapeError
    return kind(message)


def lift(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a JAX function take model variables.

    Parameters
    ----------
    function : callable
        A pure JAX function of arrays that returns an array, or a tuple, list or dict of them.

    Returns
    -------
    callable
        The same function over expressions. Called on plain arrays it returns arrays.

    Notes
    -----
    What comes back in single precision or short integers is given as float64 or int64. Within the
    function JAX computes as it does: a mean of booleans, say, in single precision, unless they are
    made numbers first, ``(x > 0).astype(float)``.

    Raises
    ------
    ShapeError
        On the line that calls it, where the function does not take operands of these shapes.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> import aliquot as aq
    >>> @aq.lift
    ... def saturate(x, rate):
    ...     return 1 - jnp.exp(-rate * x)
    >>> with aq.Model():
    ...     rate = aq.HalfNormal("rate", 1)
    ...     curve = saturate([0.0, 1.0, 2.0], rate)
    >>> curve.shape
    (3,)
    """

    def call(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return function(*args, **kwargs)

    known = RULES.get(function) if isinstance(function, Hashable) else None
    rule = None if known is None else (lambda shape, args, kwargs: known(shape, *args, **kwargs))
    call.__module__ = getattr(function, "__module__", None) or call.__module__
    name = getattr(function, "__name__", "function")

    # Arguments are passed on as two, so that a function may have any names for its own.
    @wraps(function)
    def lifted(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = as_arrays((args, kwargs))
        return apply(call, args, kwargs, text=texts.call(name, args, kwargs), rule=rule)

    return lifted
