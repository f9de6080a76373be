"""A hidden Markov model for sequences of rows: within a state, columns of any families."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aliquot.builders.columns import Column
from aliquot.builders.mixture import within_components
from aliquot.builders.text import ModelText
from aliquot.errors import ModelError

INITS = ("free", "stationary")


def hidden_markov(
    columns: Sequence[Column],
    covariance: str = "full",
    covariates: Sequence[str] = (),
    *,
    init: str = "free",
    startprob: float = 1.0,
    transmat: float = 1.0,
    persistence: float = 0.0,
) -> ModelText:
    r"""Write a hidden Markov model, whose states have columns as the components of a mixture have.

    The function is of ``data`` and of the number of states. Data are what
    `aliquot.builders.mixture.arrays` gives, after ``sequence`` and ``step``, arrays of int
    (rows,): where each row stands. With covariates there is ``covariates``, of shape (sequences,
    steps, covariates). Sequences are as many chains, as long as the longest. What comes after the
    end of one has no row, so that it adds nothing: each row of transition probabilities sums to 1.

    Parameters
    ----------
    columns : sequence of Column
    covariance : str
        As of `aliquot.builders.mixture.mixture`.
    covariates : sequence of str
        Names. Those of step t act on the move into step t, from step t - 1:
        :math:`p(z_t = j \mid z_{t-1} = i) \propto P_{ij} \exp(x_t^\top b_{ij})`.
    init : str
        Of the first state: "free", probabilities of its own; "stationary", those that the
        transitions leave as they are.
    startprob, transmat : float
        Concentrations of the Dirichlet priors of the first state and of each row of P; 1 is
        uniform.
    persistence : float
        Added to the concentration of staying: as many moves seen from each state to itself.

    Raises
    ------
    ModelError
        Where families and covariances, or `init` and covariates, do not go together.

    Notes
    -----
    All priors are the same for all states, so that states can trade places. Slopes are
    Normal(0, 1) less the mean of their row, since a number that is added to a whole row changes
    no probability.

    References
    ----------
    .. [1] Frühwirth-Schnatter (2006), Finite Mixture and Markov Switching Models, chapter 11.
    .. [2] Zucchini, MacDonald and Langrock (2016), Hidden Markov Models for Time Series, chapter
       10, of covariates on transitions.

    Examples
    --------
    >>> import numpy as np
    >>> from aliquot.builders.mixture import arrays
    >>> columns = [Column("a", "normal")]
    >>> data = {"sequence": np.array([0, 0, 1]), "step": np.array([0, 1, 0])}
    >>> data |= arrays(columns, np.array([[0.1], [2.0], [0.3]]))
    >>> hidden_markov(columns).build(data, 2)["z"].shape
    (2, 2)
    """
    if init not in INITS:
        raise ModelError(f"init must be 'free' or 'stationary'; got {init!r}")
    if covariates and init == "stationary":
        raise ModelError(
            "init='stationary': transitions that covariates move have no stationary distribution; "
            "use init='free'"
        )
    parts = within_components(columns, covariance)
    stay = f" + {persistence:g} * np.eye(components)" if persistence else ""
    coords = [
        '"to": np.arange(components),',
        '"sequence": np.arange(data["sequence"].max() + 1),',
        '"step": np.arange(data["step"].max() + 1),',
    ]
    lines = [
        f"concentration = np.full((components, components), {transmat:g}){stay}",
        'P = aq.Dirichlet("P", concentration, dims=("component", "to"))',
    ]
    first = '"stationary"'
    if init == "free":
        first = "start"
        prior = f"np.full(components, {startprob:g})"
        lines.append(f'start = aq.Dirichlet("start", {prior}, dims="component")')
    moves = "P=P"
    if covariates:
        coords.append(f'"covariate": {list(covariates)!r},')
        lines += [
            'slope = aq.Normal("slope", 0, 1, dims=("component", "to", "covariate"))',
            "slope = slope - slope.mean(axis=1, keepdims=True)",
            'into = data["covariates"][:, 1:]  # those of a step act on the move into it',
            "logits = np.log(P) + np.tensordot(into, slope, axes=(2, 2))",
        ]
        moves = "logit_P=logits, time_varying=True"
    lines += [
        f'z = aq.MarkovChain("z", {moves}, init={first}, dims=("sequence", "step"))',
        'z = z[data["sequence"], data["step"]]  # of each row; after the end there is none',
    ]
    summary = "A hidden Markov model; within a state, a product over the columns of the table."
    return replace(
        parts, summary=summary, coords=(*coords, *parts.coords), lines=(*lines, *parts.lines)
    )


def given_states(columns: Sequence[Column], covariance: str = "full") -> ModelText:
    """Write the same columns for rows whose states are known: ``data["state"]``, (rows,)."""
    parts = within_components(columns, covariance)
    known = 'z = aq.Categorical("z", np.eye(components)[data["state"]], dims="row")'
    return replace(parts, summary="Rows of known states.", lines=(known, *parts.lines))
