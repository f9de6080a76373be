"""Terms that are cut into pieces: these add up to the term, and list what has an influence."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

from aliquot.marginal.dependence import analyse
from aliquot.precision import float64
from tests.marginal.dependence.influence import listed, shape_of
from tests.marginal.edges.agreement import SIZES, influence, one_by_one
from tests.marginal.edges.call import Together
from tests.marginal.edges.operands import SHAPES
from tests.programs import quick


def badly_cut(program: Together, rng: np.random.Generator, *, known: bool) -> tuple[list[str], int]:
    """Say of which calls the pieces are not the term, and how many terms were cut.

    Each result makes two terms: as it is, and weighted element by element or where a mask holds.
    """
    width = len(SHAPES)
    with float64():
        outputs = jax.eval_shape(program.results, program.discrete, program.data)
    weights = [[rng.normal(size=each.shape) for each in some] for some in outputs]

    def terms(*inputs: Any) -> list[Any]:
        found = []
        results = program.results(inputs[:width], inputs[width:])
        for number, each in enumerate(zip(results, weights, strict=True)):
            for result, weight in zip(*each, strict=True):
                part = result * weight if number % 2 else jnp.where(weight > 0, result, 0)
                found += [result, part]
        return found

    states = one_by_one(rng)
    rows = states.reshape(-1, states.shape[-1])
    with float64():
        closed = jax.make_jaxpr(terms)(*program.discrete, *program.data)
        data = {width + k: (lambda a=a: a) for k, a in enumerate(program.data)}
        analysis = analyse(
            closed, discrete={k: k for k in range(width)}, known=data if known else {}
        )
        inner = analysis.program
        atoms = [
            atom for p in analysis.summands for atom in (p.var, *(a for a, _ in p.coefficients))
        ]
        function = jaxpr_as_fun(
            ClosedJaxpr(inner.jaxpr.replace(outvars=[*inner.jaxpr.outvars, *atoms]), inner.consts)
        )

        def one(row: Any) -> Any:
            parts = jnp.split(row, np.cumsum(SIZES)[:-1])
            return function(
                *(p.reshape(s) for p, s in zip(parts, SHAPES, strict=True)), *program.data
            )

        found = jax.device_get(quick(lambda rows: lax.map(one, rows))(rows))
    totals = [np.sum(each.reshape(len(rows), -1), 1, dtype=float) for each in found]
    count = len(inner.jaxpr.outvars)
    sums = [np.zeros(len(rows)) for _ in range(count)]
    scale = [np.ones(len(rows)) for _ in range(count)]
    bad: set[int] = set()
    at = count
    for piece in analysis.summands:
        part = piece.sign * totals[at]
        table = listed(piece.dependence, shape_of(piece.var), SIZES)
        changed = influence(found[at].reshape(*states.shape[:3], *found[at].shape[1:]))
        if np.any(changed & ~table):
            bad.add(piece.term)
        at += 1
        for _, power in piece.coefficients:
            part = part * found[at] if power > 0 else part / found[at]
            at += 1
        sums[piece.term] += part
        scale[piece.term] += np.abs(part)
    # Numbers that are rounded to fewer digits add up to that many.
    loose = [
        1e-6 if any(each.dtype == np.float32 for each in some) else 1e-11
        for some in outputs
        for _ in (*some, *some)
    ]
    for number in range(count):
        right = totals[number]
        close = np.abs(sums[number] - right) <= loose[number] * (scale[number] + np.abs(right))
        if not np.all(close | (sums[number] == right) | np.isnan(right)):
            bad.add(number)
    owners = [c for c, some in zip(program.calls, outputs, strict=True) for _ in (*some, *some)]
    several = sum(sum(p.term == number for p in analysis.summands) > 1 for number in range(count))
    return [f"{owners[number]}: the pieces are not the term" for number in sorted(bad)], several
