"""Applying a JAX function to operands: the one place where nodes are made, their shapes checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from aliquot.errors import DTypeError, ShapeError
from aliquot.expression import text as texts
from aliquot.expression.foreign import as_array
from aliquot.precision import float64


def apply(
    function: Callable[..., Any],
    *args: Any,
    text: str | None = None,
    check: Callable[[], None] | None = None,
    **kwargs: Any,
) -> Any:
    """Apply a JAX function to operands, some of which are expressions.

    Parameters
    ----------
    function : callable
        A pure JAX function.
    *args, **kwargs
        Its arguments; expressions may stand anywhere in them (inside lists and tuples too).
        Everything else is passed on as it is.
    text : str, optional
        How the result reads in messages.
    check : callable, optional
        Called again when data are replaced; raises where the result no longer makes sense.

    Returns
    -------
    Expression, or the same tree of expressions that `function` returns of arrays. With no
    expression among the operands, the NumPy value itself.

    Raises
    ------
    ShapeError
        Where the function does not take operands of these shapes.
    DTypeError
        Where it does not take operands of these kinds (strings, objects).
    """
    from aliquot.expression.node import Expression  # the node's operators call this function

    leaves, structure = jax.tree.flatten(
        (args, kwargs), is_leaf=lambda x: isinstance(x, Expression)
    )
    leaves = [leaf if isinstance(leaf, Expression) else as_operand(leaf) for leaf in leaves]
    where = [i for i, leaf in enumerate(leaves) if isinstance(leaf, Expression)]
    if where:  # what the caller does to an array later must not change the expression
        leaves = [leaf.copy() if isinstance(leaf, np.ndarray) else leaf for leaf in leaves]
    name = getattr(function, "__name__", "function")
    written = texts.call(name, args, kwargs) if text is None else text

    def call(*values: Any) -> Any:
        filled = list(leaves)
        for i, value in zip(where, values, strict=True):
            filled[i] = value
        inner_args, inner_kwargs = jax.tree.unflatten(structure, filled)
        return function(*inner_args, **inner_kwargs)

    inputs = tuple(leaves[i] for i in where)
    with float64():
        try:
            if not inputs:
                return jax.tree.map(np.asarray, call())
            result = jax.eval_shape(
                call, *(jax.ShapeDtypeStruct(node.shape, node.dtype) for node in inputs)
            )
        except (TypeError, ValueError, IndexError) as error:
            raise _explained(error, written, leaves) from error
    if isinstance(result, jax.ShapeDtypeStruct):
        if result.weak_type:
            call = _strong(call, result.dtype)
        return Expression(call, inputs, result.shape, np.dtype(result.dtype), written, check)
    return _each(call, inputs, result, written)


_NARROW = (np.dtype(np.float16), np.dtype(np.float32))


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
    if isinstance(leaf, str | bytes):
        return leaf
    leaf = as_array(leaf)
    if isinstance(leaf, np.ndarray) and leaf.dtype.kind in "OUSMm":
        raise DTypeError(
            f"an array of dtype {leaf.dtype} cannot be used in a model: give numbers "
            "(for labels, the integer codes of np.unique(labels, return_inverse=True))"
        )
    if isinstance(leaf, np.ndarray | np.generic | jax.Array) and leaf.dtype in _NARROW:
        # JAX would compute integers with a float32 array in float32, NumPy in float64.
        return np.asarray(leaf, dtype=np.float64)
    return leaf


def _strong(call: Callable[..., Any], dtype: Any) -> Callable[..., Any]:
    """Fix a dtype that JAX would let the next operand change, so that it is what was announced."""
    return lambda *values: jax.lax.convert_element_type(call(*values), dtype)


def _each(call: Callable[..., Any], inputs: tuple[Any, ...], result: Any, written: str) -> Any:
    """Make one expression of each array that the function returns."""
    from aliquot.expression.node import Expression

    outputs, structure = jax.tree.flatten(result)
    whole = Expression(call, inputs, (), np.dtype(float), written)

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


def _explained(error: Exception, written: str, operands: list[Any]) -> Exception:
    arrays = [op for op in operands if np.shape(op) != () or hasattr(op, "text")]
    shapes = "; ".join(dict.fromkeys(texts.shape_of(op) for op in arrays))
    reason = str(error).strip().splitlines()[0].rstrip(".")
    message = f"cannot compute {written}: {shapes}. JAX says: {reason}."
    kind = DTypeError if "dtype" in reason and "shape" not in reason else ShapeError
    return kind(message)
