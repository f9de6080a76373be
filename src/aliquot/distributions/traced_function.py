"""Tracing a user's function on the line that gives it, so that what is wrong is said there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax

from aliquot.errors import AliquotError, DTypeError, ModelError, ParameterError, ShapeError
from aliquot.expression import Expression
from aliquot.precision import float64

_UNTRACEABLE = (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError)
_TRACEABLE = {
    "logp": "write it with jax.numpy in place of NumPy, jnp.where in place of if and while, and "
    "without float() and other libraries' functions",
    "random": "draw with the key that it is given as rng=, as in "
    "jax.random.normal(rng, size) * sigma + mu: NumPy's generators and functions cannot be "
    "traced. Leave random= out if nothing is to be predicted",
}


class ResultShapeError(ShapeError):
    """A user's function gives another shape than it has to: no parameter or data are at fault."""


def shape_of_result(
    family: str,
    what: str,
    call: Callable[..., Any],
    value: Any,
    parameters: Sequence[Expression],
) -> Any:
    """Trace ``call(value, *parameters)``, and give the shape and dtype of what it returns.

    A `value` of ``None`` stands for a random key. Errors say `what` function of which `family` it
    is about.
    """
    structs = [jax.ShapeDtypeStruct(node.shape, node.dtype) for node in parameters]

    def traced(given: Any, *values: Any) -> Any:
        result = call(given, *values)
        used = [leaf for leaf in jax.tree.leaves(result, is_leaf=_is_node) if _is_node(leaf)]
        if used:
            raise ModelError(f"{used[0].text} is an expression of the model")
        return result

    with float64():
        given = jax.eval_shape(jax.random.key, 0) if value is None else value
        try:
            result = jax.eval_shape(traced, given, *structs)
        except _UNTRACEABLE as error:
            reason = str(error).splitlines()[0].rstrip(".")
            raise DTypeError(
                f"{family}: JAX cannot trace {what} ({reason}): {_TRACEABLE[what]}"
            ) from error
        except AliquotError as error:
            raise ModelError(
                f"{family}: {what} uses a variable of the model that it was not given "
                f"({str(error).split(', so ')[0]}): hand it in as a parameter, after the name, and "
                f"take it as an argument of {what}"
            ) from None
        except (TypeError, ValueError) as error:
            if what == "random" and "rng" in str(error) and "argument" in str(error):
                raise ParameterError(
                    f"{family}: random must take its parameters, and rng= and size= by name "
                    f"({error})"
                ) from error
            raise ResultShapeError(
                f"{family}: {what} cannot be computed for values of shape {given.shape}: "
                f"{str(error).splitlines()[0].rstrip('.')}"
            ) from error
        except AttributeError as error:
            if what != "random":
                raise
            raise DTypeError(f"{family}: {what}: {error}: {_TRACEABLE[what]}") from error
    if not isinstance(result, jax.ShapeDtypeStruct):
        got = "nothing (None): is a return missing?" if result is None else f"{type(result)}"
        raise ParameterError(f"{family}: {what} must return an array; it gives {got}")
    return result


def _is_node(leaf: Any) -> bool:
    return isinstance(leaf, Expression)
