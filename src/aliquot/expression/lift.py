"""Making any JAX function usable in a model."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any

from aliquot.expression import text as texts
from aliquot.expression.apply import apply, as_arrays
from aliquot.expression.bounds import RULES


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
