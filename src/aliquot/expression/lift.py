"""Making any JAX function usable in a model."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from aliquot.expression.apply import apply, as_arrays


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

    @wraps(function)
    def lifted(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = as_arrays((args, kwargs))
        return apply(function, *args, **kwargs)

    return lifted
