"""Any operation at all: at full length, mapped over the lanes that are there.

What has no rule of its own comes here. It is right for every primitive that `jax.vmap` knows,
derivative rules included.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from aliquot.marginal.lanes.arrays import FOLDED_INTEGERS, Array, concrete, reshape, spread
from aliquot.marginal.lanes.program import holds_program
from aliquot.marginal.lanes.site import Site

# The axes along which an operation works; it does the same for each position along the others.
_WORKS_ALONG: Mapping[str, Callable[[Any, int], Sequence[int]]] = {
    "cumsum": lambda params, rank: (params["axis"],),
    "cumprod": lambda params, rank: (params["axis"],),
    "cummax": lambda params, rank: (params["axis"],),
    "cummin": lambda params, rank: (params["axis"],),
    "cumlogsumexp": lambda params, rank: (params["axis"],),
    "sort": lambda params, rank: (params["dimension"],),
    "argmax": lambda params, rank: params["axes"],
    "argmin": lambda params, rank: params["axes"],
    "cholesky": lambda params, rank: (rank - 2, rank - 1),
    "triangular_solve": lambda params, rank: (rank - 2, rank - 1),
}


def general(site: Site) -> list[Array]:
    """Apply an operation at the full length of the axes that it works along."""
    lanes = site.lanes
    folds = _foldable(site)
    # What is to be known has to stay NumPy's: a repetition in the program would not be.
    widen = np.broadcast_to if folds else spread
    values = [
        widen(value, (*value.shape[:lanes], *shape))
        for value, shape in zip(site.values, _lengths(site), strict=True)
    ]

    def operation(*operands: Array) -> tuple[Array, ...]:
        equation = site.equation
        params = equation.primitive.get_bind_params(equation.params)
        result = equation.primitive.bind(*operands, **params)
        return tuple(result) if equation.primitive.multiple_results else (result,)

    function = operation
    present = []
    for lane in reversed(range(lanes)):
        axes = tuple(0 if value.shape[lane] != 1 else None for value in values)
        if any(axis == 0 for axis in axes):
            present.append(lane)
            function = jax.vmap(function, in_axes=axes)
    squeezed = [
        reshape(value, [n for i, n in enumerate(value.shape) if i >= lanes or n != 1])
        for value in values
    ]
    if folds:
        with jax.ensure_compile_time_eval():
            results = tuple(np.asarray(result) for result in function(*squeezed))
    else:
        results = function(*squeezed)
    lengths = np.broadcast_shapes(*(value.shape[:lanes] for value in values))
    own = len(present)
    return [reshape(result, (*lengths, *result.shape[own:])) for result in results]


def _lengths(site: Site) -> list[tuple[int, ...]]:
    """Give the lengths at which the operation is applied: compact along axes that it keeps."""
    along = _WORKS_ALONG.get(site.name)
    if along is None:
        return list(site.shapes)
    rank = len(site.shapes[0])
    works = {axis % rank for axis in along(site.params, rank)}
    own = np.broadcast_shapes(
        *(
            tuple(1 if axis in works else n for axis, n in enumerate(value.shape[site.lanes :]))
            for value in site.values
        )
    )
    return [
        tuple(n if axis in works else own[axis] for axis, n in enumerate(shape))
        for shape in site.shapes
    ]


def _foldable(site: Site) -> bool:
    """Say whether an index or a mask is computed from known numbers, so that it can be known."""
    lengths = np.broadcast_shapes(*(value.shape[: site.lanes] for value in site.values))
    size = max((math.prod(shape) for shape in (*site.shapes, *site.results)), default=1)
    return (
        all(concrete(value) for value in site.values)
        and not holds_program(site.params)
        and all(
            getattr(var.aval.dtype, "kind", "") in ("b", "i", "u") for var in site.equation.outvars
        )
        and size * math.prod(lengths) <= FOLDED_INTEGERS
    )
