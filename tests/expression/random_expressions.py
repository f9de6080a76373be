"""Random expressions of NumPy's operators, methods and functions, as NumPy computes them.

An expression is a text. It is computed of NumPy's arrays, and of leaves that stand for these, by
the same Python code. Operations that jump (rounding, comparing, sorting) get only numbers that
are computed exactly, so that NumPy and XLA see the same ones.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from scipy import special

from aliquot.expression import Evaluation, Expression, Leaf
from aliquot.precision import float64
from tests.programs import quick

# What computes exactly of exact numbers, and may be followed by anything. Kinds of the operands a
# and b: x float, n integer, m boolean, i integers from 0 to 2, p small integers that are positive.
EXACT = """
x,n,m|x,n,m: a + b; a * b; np.add(a, b); np.multiply(a, b); np.maximum(a, b); np.minimum(a, b)
x,n|x,n: a - b; np.subtract(a, b); np.fmax(a, b); np.fmin(a, b); np.heaviside(a, b)
x,n|x,n: np.copysign(a, b); a // b; a % b; np.floor_divide(a, b); np.remainder(a, b); np.mod(a, b)
x,n|x,n: np.fmod(a, b); divmod(a, b)[0]; divmod(a, b)[1]; np.divmod(a, b)[1]
x,n,m|x,n,m: a < b; a <= b; a > b; a >= b; a == b; a != b; np.less(a, b); np.not_equal(a, b)
x,n,m|x,n,m: np.where(a > 0, a, b); np.logical_and(a, b); np.logical_or(a, b)
x,n,m|x,n,m: np.logical_xor(a, b)
n,m|n,m: a & b; a | b; a ^ b; np.bitwise_and(a, b); np.bitwise_or(a, b); np.bitwise_xor(a, b)
n|p: a << b; a >> b; np.left_shift(a, b); np.right_shift(a, b); a ** b; np.power(a, b); a // b
n|p: 7 // b; 7 % b; divmod(7, b)[0]; 2 ** b; a % b; np.gcd(a, b); np.lcm(a, b)
m: ~a; np.logical_not(a); a.sum(); a.sum(axis=0); a.sum(axis=-1); a.all(); a.any(axis=0)
m: np.count_nonzero(a); np.count_nonzero(a, axis=0); np.cumsum(a); a.cumsum(axis=0); a * 2**40
m: np.add.reduce(a); np.add.accumulate(a); a.argmax(); a.astype(int); a.astype(float); a.prod()
n,m: a.argmax() * 2**40; a.argsort(axis=-1, kind='stable') * 2**40; np.bitwise_and(a, 1)
n,m: np.where(a, 2, 3)
n: ~a; np.invert(a); np.bitwise_count(a)
x,n: -a; +a; abs(a); np.negative(a); np.positive(a); np.absolute(a); np.fabs(a); np.sign(a)
x,n: np.square(a); a ** 2; np.signbit(a); np.spacing(a); a.conj(); a.conjugate(); np.conj(a)
x,n: np.floor(a); np.ceil(a); np.trunc(a); np.rint(a); np.fix(a); np.round(a); a.round()
x,n: a.round(2)
x,n: np.around(a, 1); np.real(a); np.imag(a); a.real; a.imag; np.isreal(a); np.iscomplex(a)
x,n: np.isnan(a); np.isinf(a); np.isfinite(a); np.isposinf(a); np.isneginf(a); np.nan_to_num(a)
x,n,m: a.sum(); a.sum(axis=0); a.sum(axis=-1, keepdims=True); np.sum(a, axis=0)
x,n,m: np.sum(a, dtype=float)
x,n,m: a.sum(dtype=float); a.sum(dtype=int); np.sum(a, where=a > 0); np.sum(a, initial=3)
x,n,m: a.max(); a.min(axis=0); np.max(a, axis=-1); np.amin(a); np.ptp(a.astype(float))
x,n,m: a.max(axis=0, initial=2)
x,n,m: np.max(a, axis=0, keepdims=True); a.prod(); a.prod(axis=0); np.prod(a, dtype=float)
x,n,m: a.argmax(); a.argmin(axis=0); np.argmax(a, axis=-1); np.argmin(a); a.argmax(keepdims=True)
x,n,m: np.add.reduce(a); np.add.reduce(a, axis=None); np.multiply.reduce(a); np.maximum.reduce(a)
x,n,m: np.add.reduce(a, axis=-1, keepdims=True); np.add.reduce(a, dtype=float)
x,n,m: np.add.reduce(a, initial=4)
x,n,m: np.add.reduce(a, where=a > 0); np.minimum.reduce(a, axis=-1); np.logical_or.reduce(a)
x,n,m: np.add.accumulate(a); np.multiply.accumulate(a, axis=-1); np.maximum.accumulate(a)
x,n,m: np.minimum.accumulate(a, axis=-1); np.logical_and.reduce(a); np.logical_and.accumulate(a)
x,n|x,n: np.add.outer(a, b); np.multiply.outer(a, b); np.subtract.outer(a, b)
x,n|x,n: np.maximum.outer(a, b)
x,n|x,n: np.less.outer(a, b); np.outer(a, b); np.inner(a[..., 0], b[..., 0]); np.kron(a, b)
x,n: np.subtract.reduce(a); np.subtract.accumulate(a); np.add.reduceat(a, [0, 1])
x,n: np.ptp(a, axis=0)
x,n,m: np.sort(a); np.sort(a, axis=0); np.argsort(a, axis=-1, stable=True); np.flip(a)
x,n,m: np.fliplr(a[None, ...])
x,n,m: np.argsort(a, axis=None, kind='stable'); np.sort(a, axis=None)
x,n,m: a.argsort(axis=0, kind='stable')
x,n,m: np.transpose(a); a.T; a.transpose(); a.ravel(); a.flatten(); a.reshape(-1); np.ravel(a)
x,n,m: a.copy()
x,n,m: np.moveaxis(a, 0, -1); np.swapaxes(a, 0, -1); a.swapaxes(0, -1); np.rollaxis(a, a.ndim - 1)
x,n,m: np.roll(a, 1); np.roll(a, 1, axis=0); np.expand_dims(a, 0); a[None]; np.squeeze(a[None])
x,n,m: a[::-1]
x,n,m: a[0]; a[-1]; a[..., 0]; a[..., -1]; a[..., :1]; a[[0, -1]]; a[np.array([0, 0])]
x,n,m: a.take([0, -1])
x,n,m: np.take(a, [0, -1]); np.take(a, [0, -1], axis=0); np.take(a, [[-1], [0]], axis=-1)
x,n,m: a.take(-1, axis=0)
x,n,m: np.take(a, [0, 99], mode='clip'); np.take(a, [0, -1, 99], mode='wrap', axis=0)
x,n,m: np.take_along_axis(a, a.argsort(axis=-1), axis=-1)
x,n,m: np.take_along_axis(a, a.argmax(axis=0, keepdims=True), axis=0)
x,n,m: np.take_along_axis(a, np.array([0, -1]), axis=None); np.compress([True], a, axis=0)
x,n,m: a.compress([True], axis=0)
x,n,m: np.repeat(a, 2); a.repeat(2, axis=0); np.tile(a, 2); np.tile(a, (2, 1))
x,n,m: np.resize(a, (3, 2))
x,n,m: np.concatenate([a, a]); np.stack([a, a]); np.stack([a, a], axis=-1); np.vstack([a, a])
x,n,m: np.hstack([a, a])
x,n,m: np.dstack([a, a]); np.column_stack([a, a]); np.append(a, a); np.atleast_1d(a)
x,n,m: np.atleast_2d(a)
x,n,m: np.atleast_3d(a); np.broadcast_to(a, (2,) + tuple(a.shape)); np.split(a, [1])[0]
x,n,m: np.array_split(a, 2)[0]
x,n,m: np.zeros_like(a); np.ones_like(a); np.full_like(a, 1); np.ones_like(a, dtype=int)
x,n,m: np.empty_like(a) * 0
x,n,m: np.tril(a); np.triu(a); np.diagonal(a[..., None, :])
x,n,m: a[..., None].diagonal(axis1=-1, axis2=-2); np.diag(a.ravel())
x,n,m: np.diagflat(a); np.trace(a[..., None]); a[..., None].trace()
x,n,m: np.rot90(a[None, ...], axes=(0, 1)); np.pad(a, 1)
x,n,m: np.pad(a, 1, mode='edge'); np.insert(a.ravel(), 1, 2); np.delete(a.ravel(), 0)
x,n,m: np.nancumsum(a); np.nansum(a); np.nanmax(a); np.nanmin(a, axis=0); np.nanprod(a)
x,n,m: np.nanargmax(a)
x,n,m: np.array_equal(a, a); np.array_equiv(a, a); np.allclose(a, a); np.isclose(a, a)
x,n,m: np.unstack(a)[0]
x,n,m: np.partition(a, 0, axis=-1)[..., 0]; np.isin(a, [0, 1]); np.permute_dims(a)
x,n,m: np.concat([a, a]); np.astype(a, float)
x,n,m: np.copy(a); np.size(a) * a; np.shape(a)[0] * a; len(a) + a; a.size + a
x,n: np.diff(a); np.diff(a, axis=0); np.ediff1d(a); np.cumsum(a)
x,n: np.cumsum(a, axis=0, dtype=float); np.cumprod(a, axis=0)
x,n: np.clip(a, -1, 1); a.clip(0); a.clip(max=1); a.clip(-1, 1); np.clip(a, 0, None)
x,n: np.searchsorted([-1, 0, 1], a) * 2**40; np.digitize(a, [-1, 0, 1]) * 2**40
x,n: np.sort(a.ravel()).searchsorted(0)
x,n: np.select([a > 0, a < -1], [a, 2 * a], 5); np.piecewise(a.astype(float), [a > 0], [1.0, 2.0])
x,n: np.cumulative_sum(a.ravel())
x,n: np.lexsort((a.ravel(),)); np.cumulative_prod(a.ravel())
x,n: np.cumulative_sum(a.ravel(), include_initial=True)
x,n|x,n: np.dot(a.ravel()[:2], b.ravel()[:2]); np.vdot(a.ravel()[:2], b.ravel()[:2])
x,n|x,n: np.convolve(a.ravel(), b.ravel())
x,n|x,n: np.correlate(a.ravel(), b.ravel()); np.einsum('i,j->ij', a.ravel(), b.ravel())
x,n|x,n: np.tensordot(a, b, axes=0)
x,n|x,n: a.ravel()[:2] @ b.ravel()[:2]; a.ravel()[:2].dot(b.ravel()[:2])
x,n|x,n: np.cross(a.ravel()[[0, 0, 0]], b.ravel()[[0, 0, 0]])
x,n|x,n: np.meshgrid(a.ravel(), b.ravel())[0]; np.polyval([1, 2], a)
x,n|x,n: np.polyadd(a.ravel(), b.ravel()); np.broadcast_arrays(a, b)[1]
i|x,n: np.choose(a, [b.ravel()[0], 2, 3]); a.choose([1, b.ravel()[0], 3])
i|x,n: np.choose(a, [1.5, 2, 3]); np.choose(a + 7, [1, 2, 3], mode='clip')
i|x,n: b.ravel()[[0, 0, 0]][a]; np.take(b.ravel()[[0, 0, 0]], a)
i|x,n: np.array([1.0, 2.0, 4.0]).take([0]) * a; np.choose(a - 5, [1, 2, 3], mode='wrap')
i: np.equal(a, 1).sum(); np.unravel_index(a, (3, 2))[0]; a * 2**40
i: np.ravel_multi_index((a, a), (3, 3)); np.eye(3)[[0, 1]] * 2; np.ldexp(1.0, a); np.ldexp(a, 2)
"""

# What is rounded: nothing that jumps comes after it.
ROUNDED = """
x,n,m|x,n: a / b; np.divide(a, b); np.true_divide(a, b); np.arctan2(a, b); np.hypot(a, b)
x,n,m|x,n: np.logaddexp(a, b)
x,n,m|x,n: np.logaddexp2(a, b); np.nextafter(a, b); np.float_power(abs(a) + 1, b)
x,n,m: np.exp(a / 8); np.exp(a); np.exp2(a); np.expm1(a); np.sin(a); np.cos(a); np.tan(a)
x,n,m: np.arctan(a); np.sinh(a)
x,n,m: np.cosh(a); np.tanh(a); np.arcsinh(a); np.sqrt(abs(a)); np.cbrt(a); np.log(abs(a) + 1)
x,n,m: np.log1p(abs(a))
x,n,m: np.log2(abs(a) + 1); np.log10(abs(a) + 1); np.deg2rad(a); np.rad2deg(a); np.degrees(a)
x,n,m: np.radians(a); np.sinc(a)
x,n,m: a.mean(); a.mean(axis=0); np.mean(a, axis=-1, keepdims=True); np.mean(a, where=a == a)
x,n,m: a.std(); a.std(axis=0)
x,n,m: a.mean(dtype=float); np.average(a); np.average(a, axis=0)
x,n,m: np.average(a.ravel(), weights=np.ones_like(a.ravel(), dtype=float))
x,n,m: np.std(a); np.nanmean(a); np.nanstd(a, axis=0); np.nanvar(a); np.nanmedian(a)
x,n,m: np.arccosh(abs(a) + 1)
x,n,m: a.var(); np.var(a, axis=0); np.var(a.ravel()[[0, 0, 0]], ddof=1); np.median(a)
x,n,m: np.median(a, axis=0); np.i0(a)
x,n,m: np.interp(a, [-1, 0, 2], [0, 1, 5]); np.logspace(0, 1, 3) * a.ravel()[0]
x,n,m: np.linspace(0, a.ravel()[0], 3)
x,n,m: np.cov(a.ravel()[[0, 0, 0]] * np.array([1, 2, 3])); special.expit(a)
x,n,m: special.gammaln(abs(a) + 1); special.erf(a); np.log(np.exp(a.astype(float)).sum())
x,n,m: special.xlogy(a, abs(a) + 1); special.logit(special.expit(a))
x,n: np.percentile(a, 30); np.percentile(a, [20, 60], axis=0); np.quantile(a, 0.3)
x,n: np.quantile(a, [0.1, 0.9], axis=-1)
x,n: np.nanpercentile(a, 30); np.nanquantile(a, 0.4); np.reciprocal(a.astype(float)); 2.0 ** a
x,n: a ** 0.5; np.trapezoid(a)
x,n: np.gradient(a.ravel()[[0, 0, 0]] * np.array([1, 2, 4])); np.linalg.norm(a.ravel())
x,n: np.linalg.norm(a); np.angle(a) * 1.0; np.unwrap(a)
x,n: np.geomspace(1, abs(a.ravel()[0]) + 1, 3)
x,n: np.corrcoef(a.ravel()[[0, 0, 0]] * np.array([1, 3, 4]), np.array([1, 2, 4]))
x,n: np.vander(a.ravel(), 3)
"""
_SHAPES: Sequence[tuple[int, ...]] = [(3,), (2, 3), (1, 3), (2, 1), (1,), (2, 2, 3)]


@dataclass(frozen=True)
class Operation:
    """A text with the operands a and b, and which kinds these may have."""

    text: str
    first: tuple[str, ...]
    second: tuple[str, ...]
    exact: bool


def _read(table: str, exact: bool) -> Iterator[Operation]:
    for line in table.strip().splitlines():
        kinds, texts = line.split(": ", 1)
        first, _, second = kinds.partition("|")
        for text in texts.split("; "):
            yield Operation(
                text, tuple(first.split(",")), tuple(second.split(",")) if second else (), exact
            )


OPERATIONS: list[Operation] = [*_read(EXACT, exact=True), *_read(ROUNDED, exact=False)]


class _Integer(Leaf):
    """A leaf of integers between bounds, as a discrete variable is."""

    __slots__ = ("_bounds",)

    @classmethod
    def of(cls, name: str, array: np.ndarray, owner: object = None) -> Leaf:
        if array.dtype.kind != "i":
            return Leaf(name, array.shape, array.dtype, owner=owner)
        leaf = cls(name, array.shape, array.dtype, owner=owner)
        leaf._bounds = int(array.min()), int(array.max())
        return leaf

    @property
    def state_bounds(self) -> tuple[int, int]:
        return self._bounds


@dataclass(frozen=True)
class Case:
    """An expression and the arrays that stand in it."""

    text: str
    arrays: dict[str, np.ndarray]


def _array(kind: str, rng: np.random.Generator) -> np.ndarray:
    shape = _SHAPES[rng.integers(len(_SHAPES))]
    if kind == "x":  # eighths, which add and multiply exactly
        return rng.integers(-24, 25, size=shape) / 8
    if kind == "m":
        return rng.random(shape) < 0.5
    low, high = {"n": (-4, 5), "i": (0, 3), "p": (1, 5)}[kind]
    return rng.integers(low, high, size=shape)


class _Writer:
    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.arrays: dict[str, np.ndarray] = {}

    def leaf(self, kind: str) -> str:
        name = f"{kind}{len(self.arrays)}"
        self.arrays[name] = _array(kind, self.rng)
        return name

    def operand(self, kinds: tuple[str, ...], depth: int) -> str:
        kind = kinds[self.rng.integers(len(kinds))]
        if depth == 0 or kind in "ip" or self.rng.random() < 0.3:
            return self.leaf(kind)
        for _ in range(20):
            text = f"({self.operation(_EXACT[self.rng.integers(len(_EXACT))], depth - 1)})"
            value = compute(Case(text, self.arrays))
            if isinstance(value, np.ndarray) and value.ndim and 0 < value.size < 200:
                found = {"f": "x", "i": "n", "b": "m"}.get(value.dtype.kind)
                if found == kind and value.dtype.itemsize in (1, 8) and _is_small(value):
                    return text
        return self.leaf(kind)

    def operation(self, operation: Operation, depth: int) -> str:
        a = self.operand(operation.first, depth)
        b = self.operand(operation.second, depth) if operation.second else ""
        # The names of functions hold letters too: operands stand alone.
        return _substituted(operation.text, {"a": a, "b": b})


def _is_small(value: np.ndarray) -> bool:
    return bool(np.isfinite(value).all() and (np.abs(value.astype(float)) < 1e4).all())


def _substituted(text: str, operands: dict[str, str]) -> str:
    return re.sub(r"(?<![\w.'])([ab])(?![\w'])", lambda found: operands[found[1]], text)


_EXACT = [operation for operation in OPERATIONS if operation.exact]


def compute(case: Case) -> Any:
    """Compute an expression of arrays, or give the error that NumPy raises."""
    return _run(case.text, case.arrays)


def _run(text: str, operands: dict[str, Any]) -> Any:
    names = {"np": np, "special": special, **operands}
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return eval(text, names)
        except Exception as error:
            return error


def cases(rng: np.random.Generator, count: int, depth: int = 1) -> Iterator[Case]:
    """Write random expressions that NumPy computes, every operation in turn."""
    order = rng.permutation(len(OPERATIONS))
    written = 0
    for turn in range(20 * count):
        writer = _Writer(rng)
        text = writer.operation(OPERATIONS[order[turn % len(order)]], depth)
        case = Case(text, writer.arrays)
        wanted = compute(case)
        if isinstance(wanted, Exception) or np.asarray(wanted).dtype.kind not in "fibc":
            continue
        yield case
        written += 1
        if written == count:
            return


def compare(chosen: Sequence[Case]) -> tuple[list[tuple[Case, str]], float]:
    """Compute expressions as a model does, and list those that are not what NumPy gives.

    Returns
    -------
    wrong : list of (Case, str)
        With what is wrong.
    worst : float
        The largest difference between two numbers, relative to the largest number of the result.
    """
    wrong: list[tuple[Case, str]] = []
    made: list[_Made] = []
    for case in chosen:
        leaves = {n: _Integer.of(n, x) for n, x in case.arrays.items()}
        result = _run(case.text, leaves)
        if isinstance(result, Exception):
            wrong.append((case, f"refused: {type(result).__name__}: {result}"))
        else:
            made.append(_Made(case, result, leaves))
    worst = _compare(made, wrong)
    for each in made:
        value = each.result
        if isinstance(value, Expression) and each.traced != (value.shape, value.dtype):
            wrong.append((each.case, f"announced {value!r}, is {each.traced}"))
    return wrong, worst


def compare_replaced(chosen: Sequence[Case]) -> tuple[list[tuple[Case, str]], int]:
    """Compute expressions of arrays twice as long as those that they were written with.

    Where a shape does not fit then, or a length was read, `Model.set_data` refuses.

    Returns
    -------
    wrong : list of (Case, str)
    compared : int
    """
    wrong: list[tuple[Case, str]] = []
    made: list[_Made] = []
    for case in chosen:
        longer = Case(case.text, {n: np.concatenate([x, x]) for n, x in case.arrays.items()})
        notes = _Notes()
        leaves = {n: _Integer.of(n, x, notes) for n, x in case.arrays.items()}
        result = _run(case.text, leaves)
        wanted = compute(longer)
        if isinstance(result, Exception) or isinstance(wanted, Exception) or notes.read:
            continue
        each = _Made(longer, result, leaves)
        try:
            with float64():
                jax.eval_shape(each.evaluate, longer.arrays)
        except (TypeError, ValueError):
            continue
        made.append(each)
    _compare(made, wrong)
    return wrong, len(made)


class _Notes:
    """In a model's place: notes that a length was read."""

    read = False

    def note_read(self, _: Any) -> None:
        self.read = True


@dataclass
class _Made:
    case: Case
    result: Any
    leaves: dict[str, Leaf]
    traced: Any = None

    def evaluate(self, arrays: dict[str, Any]) -> Any:
        return Evaluation({self.leaves[n]: x for n, x in arrays.items()})(self.result)


def _compare(made: Sequence[_Made], wrong: list[tuple[Case, str]]) -> float:
    """Compute all in one program, and add what is wrong; give the largest difference."""
    if not made:
        return 0.0

    def evaluate(arrays: list[dict[str, Any]]) -> list[Any]:
        return [each.evaluate(given) for each, given in zip(made, arrays, strict=True)]

    with float64():
        values = quick(evaluate)([each.case.arrays for each in made])
    worst = 0.0
    for each, found in zip(made, values, strict=True):
        value = np.asarray(found)
        each.traced = value.shape, value.dtype
        problem, off = _difference(value, np.asarray(compute(each.case)))
        worst = max(worst, off)
        if problem:
            wrong.append((each.case, problem))
    return worst


def _difference(value: np.ndarray, wanted: np.ndarray) -> tuple[str, float]:
    if value.shape != wanted.shape:
        return f"shape {value.shape} for {wanted.shape}", 0.0
    # Of booleans NumPy computes some functions in half precision, or counts in eight bits.
    dtype = {"f": np.dtype(float), "i": np.dtype(int)}.get(wanted.dtype.kind, wanted.dtype)
    if value.dtype != dtype:
        return f"dtype {value.dtype} for {dtype}", 0.0
    exact = np.asarray(wanted, dtype)
    finite = np.isfinite(exact)
    scale = np.max(np.abs(exact[finite]), initial=1.0)
    short = wanted.dtype.kind != "b" and wanted.dtype.itemsize < 8
    tolerance = 2e-3 if short else 1e-11
    same = np.array_equal(value[~finite], exact[~finite], equal_nan=True)
    off = float(np.max(np.abs(value[finite] * 1.0 - exact[finite]), initial=0.0) / scale)
    if not same or not off <= tolerance:
        return f"{value.tolist()} for {exact.tolist()}", off
    return "", 0.0 if short else off
