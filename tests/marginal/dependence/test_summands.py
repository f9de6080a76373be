"""A term is the sum of its pieces, and each piece depends on as little as can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.stats import norm

from aliquot.marginal.dependence import Mixed, TermAnalysis, reference_count
from tests.marginal.dependence.influence import (
    STATES,
    analysed,
    evaluate,
    influence,
    listed,
    shape_of,
)

RNG = np.random.default_rng(7)
ROWS = RNG.normal(size=100)
MEANS = RNG.normal(size=3)
WIDE = RNG.normal(size=(100, 4))
GROUP = RNG.integers(0, 20, 100)
FACTORS = RNG.normal(size=4)
TABLE = np.log(RNG.dirichlet(np.ones(3), 3))
Z, Y, N, S = (np.zeros(shape, int) for shape in (100, 100, (100, 2), ()))


def row_terms(z: Any, m: Any) -> Any:
    return norm.logpdf(ROWS, jnp.asarray(m)[z], 1.5)


@dataclass(frozen=True)
class Cut:
    """A term, and the number of references of each of its pieces."""

    name: str
    function: Callable[..., Any]
    discrete: tuple[np.ndarray, ...]
    references: tuple[int, ...]
    data: tuple[Any, ...] = (MEANS,)
    known: bool = True

    def __str__(self) -> str:
        return self.name


def impossible(z: Any, m: Any) -> Any:
    """A sum that counts only where a parameter is in its range."""
    valid = jnp.asarray(m)[0] > -100
    return jnp.where(valid, row_terms(z, m).sum() / jnp.asarray(m)[1], -jnp.inf)


def out_of_range(z: Any, m: Any) -> Any:
    """The same where it is not, and the terms are no numbers."""
    scale = jnp.asarray(m)[0] * 0 - 1.0
    terms = (jnp.log(scale) * jnp.asarray(m)[z]).sum() / (scale + 1.0)
    return jnp.where(scale > 0, terms, -jnp.inf)


CUTS = [
    Cut("sum", lambda z, m: row_terms(z, m).sum(), (Z,), (1,)),
    Cut("array", row_terms, (Z,), (1,)),
    Cut("negated", lambda z, m: -row_terms(z, m).sum(), (Z,), (1,)),
    Cut("mean", lambda z, m: 3.0 * row_terms(z, m).mean() / jnp.asarray(m)[0], (Z,), (1,)),
    Cut("scaled rows", lambda z, m: (row_terms(z, m) * jnp.asarray(m)[0]).sum(), (Z,), (1,)),
    Cut("two sums", lambda a, b, m: row_terms(a, m).sum() - row_terms(b, m).sum(), (Z, Y), (1, 1)),
    Cut("sum of two", lambda a, b, m: (row_terms(a, m) + row_terms(b, m)).sum(), (Z, Y), (1, 1)),
    Cut(
        "prior and chain",
        lambda z, m: jnp.asarray(TABLE)[0, z[0]] + jnp.asarray(TABLE)[z[:-1], z[1:]].sum(),
        (Z,),
        (1, 2),
    ),
    Cut("product of two", lambda a, b, m: (row_terms(a, m) * row_terms(b, m)).sum(), (Z, Y), (2,)),
    Cut("constant", lambda z, m: jnp.asarray(m).sum(), (Z,), (0,)),
    Cut("literal", lambda z, m: 2.0, (Z,), (0,)),
    Cut("with a constant", lambda z, m: row_terms(z, m).sum() + jnp.asarray(m)[0], (Z,), (1, 0)),
    Cut("rows of two", lambda z, m: jnp.asarray(m)[z].sum(0).sum(), (N,), (1,)),
    Cut("rows of both", lambda z, m: jnp.exp(jnp.asarray(m)[z].sum(1)).sum(), (N,), (2,)),
    Cut(
        "concatenated",
        lambda a, b, m: jnp.concatenate([row_terms(a, m), row_terms(b, m)[:5]]).sum(),
        (Z, Y),
        (1, 1),
    ),
    Cut(
        "reordered",
        lambda z, m: row_terms(z, m).reshape(10, 10).T[::-1].sum(0)[:, None].sum(),
        (Z,),
        (1,),
    ),
    Cut(
        "stacked",
        lambda a, b, m: jnp.stack([row_terms(a, m), row_terms(b, m)], 1).sum(),
        (Z, Y),
        (1, 1),
    ),
    Cut(
        "one scalar",
        lambda s, m: (jnp.where(np.arange(100) < s, 1.0, 2.0) * ROWS).sum(),
        (S,),
        (1,),
    ),
    Cut(
        "scalar and rows",
        lambda s, z, m: (jnp.asarray(m)[s] + row_terms(z, m)).sum(),
        (S, Z),
        (1, 1),
    ),
    Cut(
        "scalars times rows",
        lambda s, t, m: (jnp.asarray(m)[s] * ROWS + jnp.asarray(m)[t] / ROWS).sum(),
        (S, S),
        (1, 1),
    ),
    Cut("weighted by a product", lambda z, m: ROWS @ row_terms(z, m), (Z,), (1,)),
    Cut("weighted by a matrix", lambda z, m: (row_terms(z, m) @ WIDE).sum(), (Z,), (1,)),
    Cut(
        "weighted sums of rows",
        lambda z, m: (jnp.asarray(m)[z].sum(1) * ROWS - jnp.asarray(m)[0]).sum(),
        (np.zeros((100, 70), int),),
        (1, 0),
    ),
    Cut(
        "divided sums of rows",
        lambda z, m: (jnp.asarray(m)[z].T.reshape(70, 100, 1).sum(0) / np.exp(ROWS)[:, None]).sum(),
        (np.zeros((100, 70), int),),
        (1,),
    ),
    Cut(
        "segment sums, weighted",
        lambda z, m: (jax.ops.segment_sum(row_terms(z, m), GROUP, 20) * MEANS[0]).sum(),
        (Z,),
        (0, 1),
    ),
    Cut(
        "weighted, of three axes",
        lambda z, m: (jnp.asarray(m)[z].sum(3).transpose(2, 0, 1) * FACTORS[:, None, None]).sum(),
        (np.zeros((2, 3, 4, 70), int),),
        (1,),
    ),
    Cut("in range", impossible, (Z,), (0, 1)),
    Cut("out of range", out_of_range, (Z,), (0, 1), known=False),
    Cut("never in range", out_of_range, (Z,), (0,)),
    Cut(
        "mask of rows",
        lambda z, m: jnp.where(ROWS > 0, jnp.asarray(m)[z].sum(1), -1.0).sum(),
        (np.zeros((100, 70), int),),
        (0, 1),
    ),
    Cut(
        "mask and scale",
        lambda z, m: jnp.where(
            ROWS > 0,
            0.0,
            (jnp.asarray(m)[z] * jnp.asarray(m)[0]).sum(1) / jnp.exp(jnp.asarray(m)[1]),
        ).sum(),
        (np.zeros((100, 70), int),),
        (1,),
    ),
]


def total(analysis: TermAnalysis, inputs: list[Any]) -> float:
    """Return the sum of the pieces."""
    result = 0.0
    for piece in analysis.summands:
        atoms = [piece.var, *(atom for atom, _ in piece.coefficients)]
        value, *factors = evaluate(analysis, atoms, inputs)
        part = piece.sign * value.sum()
        for factor, (_, power) in zip(factors, piece.coefficients, strict=True):
            assert factor.shape == ()
            part = part * factor if power > 0 else part / factor
        result += part
    return float(result)


@pytest.mark.parametrize("cut", CUTS, ids=str)
def test_a_term_is_the_sum_of_its_pieces(cut: Cut) -> None:
    analysis = analysed(cut.function, cut.discrete, cut.data, cut.known, whole=False)
    assert sorted(reference_count(piece.dependence) for piece in analysis.summands) == sorted(
        cut.references
    )
    rng = np.random.default_rng(3)
    for _ in range(3):
        inputs = [rng.integers(0, STATES, z.shape) for z in cut.discrete] + list(cut.data)
        (output,) = evaluate(analysis, analysis.program.jaxpr.outvars, inputs)
        assert total(analysis, inputs) == pytest.approx(output.sum(), rel=1e-12, nan_ok=False)


SMALL = [cut for cut in CUTS if sum(z.size for z in cut.discrete) <= 200]


@pytest.mark.parametrize("cut", SMALL, ids=str)
def test_pieces_list_what_has_an_influence(cut: Cut) -> None:
    """Those of terms of few enough elements to change them one by one."""
    analysis = analysed(cut.function, cut.discrete, cut.data, cut.known, whole=False)

    def pieces(*discrete: Any) -> list[Any]:
        closed = analysis.program
        values = jax.core.eval_jaxpr(
            closed.jaxpr.replace(outvars=[p.var for p in analysis.summands]),
            closed.consts,
            *discrete,
            *cut.data,
        )
        return list(values)

    seen = influence(pieces, cut.discrete, (), bases=2)
    sizes = [z.size for z in cut.discrete]
    for piece, changed in zip(analysis.summands, seen, strict=True):
        table = listed(piece.dependence, shape_of(piece.var), sizes)
        assert not np.any(changed & ~table)


def test_a_whole_output_stays_in_one_piece() -> None:
    analysis = analysed(lambda z, m: row_terms(z, m).sum(), (Z,), (MEANS,), whole=True)
    (piece,) = analysis.summands
    assert piece.dependence == Mixed(frozenset({0}), "np.sum of 100 values")


def test_pieces_of_several_terms_are_in_order() -> None:
    analysis = analysed(
        lambda a, b, m: (row_terms(a, m).sum() + row_terms(b, m).sum(), row_terms(b, m)),
        (Z, Y),
        (MEANS,),
        whole=False,
    )
    assert [piece.term for piece in analysis.summands] == [0, 0, 1]
    assert [piece.dependence[0].variable for piece in analysis.summands] == [0, 1, 1]  # type: ignore[union-attr]


def test_a_long_sum_is_cut() -> None:
    def term(z: Any, m: Any) -> Any:
        values = jnp.asarray(m)[z]
        return sum((values[k] * float(k) for k in range(100)), start=jnp.zeros(()))

    analysis = analysed(term, (Z,), (MEANS,), whole=False)
    assert max(reference_count(piece.dependence) for piece in analysis.summands) == 1


def test_a_doubling_sum_stays_small() -> None:
    def term(z: Any, m: Any) -> Any:
        values = row_terms(z, m).sum()
        for _ in range(40):
            values = values + values
        return values

    analysis = analysed(term, (Z,), (MEANS,), whole=False)
    assert len(analysis.summands) <= 4096


def test_cutting_asks_for_no_value_that_it_does_not_need() -> None:
    analysis = analysed(lambda z, m: row_terms(z, m).sum(), (Z,), (MEANS,), whole=False)
    assert analysis.consulted == frozenset()
