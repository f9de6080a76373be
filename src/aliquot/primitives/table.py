"""One table of JAX's primitives: what kind of operation each is, and what follows from that.

To teach Aliquot a new primitive is to enter it here, and a maker of calls in
`tests/primitives/calls`; a test then takes it through everything that reads the table. What is not
in the table is `OTHER`: right everywhere, and nowhere fast. Each result then depends on all of the
operands, and is computed in full, whole, by JAX.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from aliquot.primitives import known
from aliquot.primitives.internals import shape_of


class Kind(Enum):
    """How the elements of an operation's results follow from those of its operands."""

    ELEMENTWISE = "each from those at the same place"
    CALL = "whatever another jaxpr makes of them"
    DERIVATIVE = "whatever a function with a derivative of its own makes of them"
    MOVES = "they are those of the one operand, at other places"
    CUTS = "they are pieces of the one operand"
    JOINS = "they are those of all operands, one after the other"
    REDUCES = "each from all along some axes, which are gone"
    RUNS = "each from those up to it along an axis"
    MIXES = "each from all along some axes, which stay"
    MATRICES = "each matrix (the last two axes) from matrices"
    INDEXES = "they are read or written where other operands say"
    OTHER = "nothing is known"


@dataclass(frozen=True)
class Entry:
    """What the table knows of a primitive."""

    kind: Kind = Kind.OTHER
    # ``along(params, rank)``: the axes of an operand of that rank along which the operation works.
    # Along the others it does the same for each position, independently.
    along: Callable[[Any, int], tuple[int, ...]] | None = None
    # What computes the same in NumPy: ``numpy(params, *operands)``, of a reduction
    # ``numpy(x, axis=..., keepdims=...)``. It returns None for operands of which NumPy makes
    # something else than XLA.
    numpy: Callable[..., Any] | None = None
    rounds: bool = False  # whether NumPy's last digits may be others than XLA's
    pole: bool = False  # whether finite operands can give an infinity
    bounded: bool = False  # whether no operands can, infinite ones neither
    words: str = ""  # what it is in a user's words


_UNKNOWN = Entry()


def _named(parameter: str) -> Callable[[Any, int], tuple[int, ...]]:
    """Read the axes that an operation works along off one of its parameters."""

    def along(params: Any, rank: int) -> tuple[int, ...]:
        value = params[parameter]
        axes = (value,) if isinstance(value, int | np.integer) else value
        return tuple(int(axis) % rank for axis in axes)

    return along


def _last(number: int) -> Callable[[Any, int], tuple[int, ...]]:
    return lambda params, rank: tuple(range(rank - number, rank))


def _fourier(params: Any, rank: int) -> tuple[int, ...]:
    return tuple(range(rank - len(params["fft_lengths"]), rank))


def _top(params: Any, rank: int) -> tuple[int, ...]:
    return (params.get("axis", rank - 1) % rank,)


def _entries() -> dict[str, Entry]:
    found: dict[str, Entry] = {}

    def enter(kind: Kind, names: str, **more: Any) -> None:
        for name in names.split():
            if name in found:
                raise ValueError(f"{name} is entered twice")
            found[name] = Entry(kind, numpy=known.NUMPY.get(name), **more)

    each = Kind.ELEMENTWISE
    enter(
        each,
        """
        abs acos acosh add add_any and asin asinh atan2 bessel_i0e bessel_i1e bitcast_convert_type
        ceil clamp clz complex conj convert_element_type copy copy_p cosh digamma eq eq_to exp2
        floor ge gt igamma igamma_grad_a igammac imag is_finite le le_to log2 lt lt_to max min mul
        mulhi ne neg nextafter not one_minus_square or polygamma polynomial population_count
        random_gamma_grad real reduce_precision regularized_incomplete_beta rem round
        shift_left shift_right_arithmetic shift_right_logical sinh sqrt square stop_gradient
        sub tan xor zeta atan cbrt
        """,
    )
    enter(each, "select_n", words="np.where")
    enter(each, "exp expm1", rounds=True)
    enter(each, "log log1p", rounds=True, pole=True)
    enter(each, "integer_pow", rounds=True, pole=True)
    enter(each, "rsqrt div pow lgamma atanh erf_inv", pole=True)
    enter(each, "logistic tanh erf erfc sign sin cos", bounded=True)

    enter(Kind.CALL, "jit pjit closed_call core_call remat remat2 checkpoint")
    enter(Kind.DERIVATIVE, "custom_jvp_call custom_vjp_call custom_vjp_call_jaxpr")

    enter(Kind.MOVES, "broadcast_in_dim expand_dims reshape slice squeeze tile transpose")
    enter(Kind.MOVES, "rev", along=_named("dimensions"))
    enter(Kind.CUTS, "split unstack", along=_named("axis"))
    enter(Kind.JOINS, "concatenate", along=_named("dimension"), words="np.concatenate")
    enter(Kind.JOINS, "stack")
    enter(Kind.JOINS, "pad")

    for name, words in {
        "argmax": "np.argmax",
        "argmin": "np.argmin",
        "reduce_and": "np.all",
        "reduce_max": "np.max",
        "reduce_min": "np.min",
        "reduce_or": "np.any",
    }.items():
        enter(Kind.REDUCES, name, along=_named("axes"), words=words)
    for name, words in {"reduce_prod": "np.prod", "reduce_sum": "np.sum"}.items():
        enter(Kind.REDUCES, name, along=_named("axes"), rounds=True, words=words)
    enter(Kind.REDUCES, "reduce_xor", along=_named("axes"))
    enter(Kind.REDUCES, "reduce", along=_named("dimensions"))
    for name, words in {
        "cumlogsumexp": "a running log-sum-exp",
        "cummax": "a running maximum",
        "cummin": "a running minimum",
        "cumprod": "np.cumprod",
        "cumsum": "np.cumsum",
    }.items():
        enter(Kind.RUNS, name, along=_named("axis"), words=words)
    enter(Kind.MIXES, "sort", along=_named("dimension"), words="np.sort")
    enter(Kind.MIXES, "top_k", along=_top, words="jax.lax.top_k")
    enter(
        Kind.MIXES,
        "approx_top_k",
        along=_named("reduction_dimension"),
        words="jax.lax.approx_top_k",
    )
    enter(Kind.MIXES, "fft", along=_fourier, words="np.fft.fft")
    for name, words in {
        "cholesky": "np.linalg.cholesky",
        "eigh": "np.linalg.eigh",
        "triangular_solve": "a triangular solve",
    }.items():
        enter(Kind.MATRICES, name, along=_last(2), rounds=True, words=words)
    enter(Kind.MATRICES, "eig householder_product lu qr svd", along=_last(2))

    enter(Kind.INDEXES, "gather", words="indexing, at places not known beforehand,")
    enter(Kind.INDEXES, "dynamic_slice", words="indexing, at a place not known beforehand,")
    assignment = "assignment, at a place not known beforehand,"
    enter(Kind.INDEXES, "dynamic_update_slice", words=assignment)
    enter(Kind.INDEXES, "scatter", words="assignment at an index")
    enter(Kind.INDEXES, "scatter-add", words="addition at an index")
    enter(Kind.INDEXES, "scatter-max scatter-min scatter-mul scatter-sub")

    for name, words in {
        "cond": "a branch (jax.lax.cond)",
        "conv_general_dilated": "a convolution",
        "custom_linear_solve": "np.linalg.solve",
        "dot_general": "a matrix product",
        "scan": "a loop (jax.lax.scan)",
        "while": "a loop (jax.lax.while_loop)",
    }.items():
        enter(Kind.OTHER, name, words=words)
    enter(Kind.OTHER, "iota")
    return found


PRIMITIVES: Mapping[str, Entry] = _entries()


def name_of(equation: Any) -> str:
    """Give the name of an equation's primitive."""
    return equation.primitive.name


def primitive(equation: Any) -> Entry:
    """Give what is known of an equation's primitive."""
    return PRIMITIVES.get(equation.primitive.name, _UNKNOWN)


def kind(equation: Any) -> Kind:
    """Give the kind of operation that an equation is.

    One that would be elementwise but for its operands' shapes (a number taken for several shorter
    ones, bit by bit) is `OTHER`.
    """
    found = primitive(equation).kind
    if found is Kind.ELEMENTWISE and equation.outvars:
        full = shape_of(equation.outvars[0])
        if not all(_fits(shape_of(atom), full) for atom in equation.invars):
            return Kind.OTHER
    return found


def _fits(shape: tuple[int, ...], full: tuple[int, ...]) -> bool:
    """Say whether a shape is a scalar's, or the full one with any axes of length 1 instead."""
    pairs = zip(shape, full, strict=False)
    return not shape or (len(shape) == len(full) and all(a in (1, b) for a, b in pairs))


def working_axes(equation: Any) -> tuple[int, ...] | None:
    """Give the axes of an equation's first operand that it works along; None if unknown."""
    along = primitive(equation).along
    if along is None:
        return None
    return along(equation.params, len(shape_of(equation.invars[0])))


def in_words(equation: Any) -> str:
    """Say in a user's words what an equation does."""
    return primitive(equation).words or f"the operation {name_of(equation)!r}"
