"""A mixture for the columns of a table: within a component, columns of any families."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal, get_args

import numpy as np

from aliquot.builders.columns import COUNTS, REAL, Column, whole_or_masked
from aliquot.builders.names import answer_names, vector
from aliquot.builders.text import ModelText
from aliquot.errors import ModelError

type Covariance = Literal["full", "tied", "diag", "spherical", "factor"]
COVARIANCES: tuple[str, ...] = get_args(Covariance.__value__)
# Spreads within a component, of columns whose standard deviation is 1: 0.11 to 2.2 in 95 of 100.
SPREAD = "aq.LogNormal.dist(np.log(0.5), 0.75)"


def mixture(
    columns: Sequence[Column], covariance: str = "full", factors: int = 1, weight: float = 2.0
) -> ModelText:
    """Write a mixture whose components are products over blocks of columns.

    Real columns are one block, with a covariance; all others are independent within a component.
    The function is of ``data`` as `arrays` gives them and of the number of components.

    Parameters
    ----------
    columns : sequence of Column
    covariance : str
        Of the real columns within a component: "full"; "tied", the same in all components; "diag",
        a variance for each column; "spherical", one for all; "factor", of `factors` factors.
    factors : int
        Fewer than the real columns.
    weight : float
        Concentration of the Dirichlet prior of the weights. Above 1 it keeps components from being
        empty, so that numbers of components can be told apart [1]_.

    Raises
    ------
    ModelError
        Where families and covariances do not go together.

    Notes
    -----
    Real columns are taken to be standardised. Component means are Normal(0, 1.5); their spreads
    log-normal about a half; correlations LKJ(4); rates of counts log-normal about the mean of their
    column, with a standard deviation of one in the logarithm; probabilities uniform.

    References
    ----------
    .. [1] Frühwirth-Schnatter (2006), Finite Mixture and Markov Switching Models, section 4.2.2.

    Examples
    --------
    >>> import numpy as np
    >>> written = mixture([Column("a", "normal"), Column("b", "poisson", mean=3.0)])
    >>> data = arrays([Column("a", "normal"), Column("b", "poisson")], np.array([[0.1, 2.0]]))
    >>> written.build(data, 2).free[0].name
    'w'
    """
    parts = within_components(columns, covariance, factors)
    lines = (
        f'w = aq.Dirichlet("w", np.full(components, {weight:g}), dims="component")',
        'z = aq.Categorical("z", w, dims="row")',
    )
    summary = "A mixture of components, each a product over the columns of the table."
    return replace(parts, summary=summary, lines=(*lines, *parts.lines))


def within_components(columns: Sequence[Column], covariance: str, factors: int = 1) -> ModelText:
    """Write what stands below ``z``, the component of each row: priors and likelihoods of columns.

    Parameters and errors are those of `mixture`.
    """
    if covariance not in COVARIANCES:
        raise ModelError(
            f"covariance must be one of {', '.join(map(repr, COVARIANCES))}; got {covariance!r}"
        )
    coords = [
        '"component": np.arange(components),',
        '"row": np.arange(len(next(iter(data.values())))),',
    ]
    lines: list[str] = []
    constants: list[str] = []
    real = [column for column in columns if column.kind in REAL]
    imports: tuple[str, ...] = ()
    if real:
        kinds = {column.kind for column in real}
        if len(kinds) > 1:
            raise ModelError(
                f"real columns must be of one family; got {', '.join(map(repr, sorted(kinds)))}"
            )
        kind = kinds.pop()
        shape = "diag" if len(real) == 1 and covariance != "tied" else covariance
        coords.append(f'"column": {[column.name for column in real]!r},')
        lines += ['mu = aq.Normal("mu", 0, 1.5, dims=("component", "column"))']
        lines += _real(kind, len(real), shape, factors, coords)
        if shape == "factor":
            imports = ("import jax.numpy as jnp",)
    for kind in COUNTS:
        mine = [column for column in columns if column.kind == kind]
        if mine:
            lines += _counts(kind, mine, coords)
    yes = [column for column in columns if column.kind == "bernoulli"]
    if yes:
        coords.append(f'"question": {[column.name for column in yes]!r},')
        lines += [
            'yes = aq.Beta("yes", 1, 1, dims=("component", "question"))',
            'aq.Bernoulli("said_yes", yes[z], dims=("row", "question"), observed=data["yes"])',
        ]
    answers = [column for column in columns if column.kind == "categorical"]
    if answers:
        names = answer_names(columns)
        constants.append(
            "LEVELS = {"
            + ", ".join(f"{names[c.name]!r}: {_plain(c.levels)!r}" for c in answers)
            + "}"
        )
        coords.append('**{f"{name}_level": levels for name, levels in LEVELS.items()},')
        lines += [
            "for name, levels in LEVELS.items():",
            '    dims = ("component", f"{name}_level")',
            '    p = aq.Dirichlet(f"p_{name}", np.ones(len(levels)), dims=dims)',
            '    aq.Categorical(name, p[z], dims="row", observed=data[name])',
        ]
    return ModelText(
        "Columns within components.",
        tuple(coords),
        tuple(lines),
        tuple(constants),
        imports,
        tuple(columns),
    )


def arrays(columns: Sequence[Column], table: np.ndarray) -> dict[str, Any]:
    """Give the data that the text of these columns reads.

    `table`, (rows, columns), has real columns standardised, counts as they are, codes of
    levels, and NaN for what is missing.
    """
    blocks = {"x": REAL, "poisson": ("poisson",), "negative_binomial": ("negative_binomial",)}
    data: dict[str, Any] = {}
    for key, kinds in blocks.items():
        mine = [i for i, column in enumerate(columns) if column.kind in kinds]
        if mine:
            data[key] = table[:, mine] if key == "x" else whole_or_masked(table[:, mine])
    yes = [i for i, column in enumerate(columns) if column.kind == "bernoulli"]
    if yes:
        data["yes"] = whole_or_masked(table[:, yes])
    names = answer_names(columns)
    for i, column in enumerate(columns):
        if column.kind == "categorical":
            data[names[column.name]] = whole_or_masked(table[:, i])
    return data


def _plain(levels: Sequence[Any]) -> list[Any]:
    """Give levels as Python's own numbers and strings, which can be written down."""
    return [level.item() if isinstance(level, np.generic) else level for level in levels]


def _real(kind: str, width: int, covariance: str, factors: int, coords: list[str]) -> Iterator[str]:
    """Write the spread and the likelihood of the real columns."""
    per_column = covariance in ("diag", "spherical")
    if kind == "skew_normal" and not per_column:
        raise ModelError(
            f"covariance={covariance!r}: skew columns are independent within a component; use "
            "'diag' or 'spherical'"
        )
    if kind == "student_t":
        yield 'nu = aq.Gamma("nu", 2, 0.1)'
    if per_column:
        dims = ("component", "column") if covariance == "diag" else ("component",)
        yield f'sigma = aq.LogNormal("sigma", np.log(0.5), 0.75, dims={dims!r})'
        spread = "sigma[z]" if covariance == "diag" else "sigma[z][:, None]"
        family, more = {
            "normal": ("Normal", ""),
            "student_t": ("StudentT", ""),
            "skew_normal": ("SkewNormal", ", alpha=alpha[z]"),
        }[kind]
        if kind == "skew_normal":
            yield 'alpha = aq.Normal("alpha", 0, 3, dims=("component", "column"))'
        first = "nu, " if kind == "student_t" else ""
        yield (
            f'aq.{family}("x", {first}mu=mu[z], sigma={spread}{more}, '
            'dims=("row", "column"), observed=data["x"])'
        )
        return
    if covariance == "factor":
        if not 1 <= factors < width:
            raise ModelError(
                f"factors must be at least 1 and fewer than the {width} real columns; got {factors}"
            )
        coords.append(f'"factor": np.arange({factors}),')
        yield 'sigma = aq.LogNormal("sigma", np.log(0.5), 0.75, dims=("component", "column"))'
        yield 'loading = aq.Normal("loading", 0, 0.5, dims=("component", "column", "factor"))'
        yield "loading = loading * np.tri(*loading.shape[1:])  # of all rotations one"
        yield "shared = loading @ loading.transpose(0, 2, 1)"
        yield f"own = sigma[:, :, None] ** 2 * np.eye({width})"
        yield "chol = aq.lift(jnp.linalg.cholesky)(shared + own)"
        chol = "chol[z]"
    elif width == 1:  # tied
        yield 'sigma = aq.LogNormal("sigma", np.log(0.5), 0.75)'
        family, first = ("StudentT", "nu, ") if kind == "student_t" else ("Normal", "")
        yield (
            f'aq.{family}("x", {first}mu=mu[z], sigma=sigma, dims=("row", "column"), '
            'observed=data["x"])'
        )
        return
    else:
        shape = f"({width}, {width})" if covariance == "tied" else f"(components, {width}, {width})"
        yield f"spread = {SPREAD}"
        yield (
            f'chol = aq.LKJCholeskyCov("chol", eta=4, n={width}, sd_dist=spread, shape={shape}, '
            "compute_corr=False)"
        )
        chol = "chol" if covariance == "tied" else "chol[z]"
    family, first = ("MvStudentT", "nu, ") if kind == "student_t" else ("MvNormal", "")
    yield (
        f'aq.{family}("x", {first}mu=mu[z], chol={chol}, dims=("row", "column"), '
        'observed=data["x"])'
    )


def _counts(kind: str, columns: Sequence[Column], coords: list[str]) -> Iterator[str]:
    """Write the rates and the likelihood of columns of counts."""
    axis = f"{kind}_column"
    coords.append(f'"{axis}": {[column.name for column in columns]!r},')
    means = vector([max(column.mean, 0.1) for column in columns])
    rate = "rate" if kind == "poisson" else "mean"
    yield f'dims = ("component", "{axis}")'
    yield f'{rate} = aq.LogNormal("{rate}", np.log({means}), 1.0, dims=dims)'
    family, more = "Poisson", ""
    if kind == "negative_binomial":
        yield 'shape = aq.LogNormal("shape", 1.0, 1.0, dims=dims)'
        family, more = "NegativeBinomial", ", alpha=shape[z]"
    yield (
        f'aq.{family}("{kind}", mu={rate}[z]{more}, dims=("row", "{axis}"), '
        f'observed=data["{kind}"])'
    )
