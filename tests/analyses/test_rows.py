"""Results go back to the rows of the table, however its rows lie in the model."""

from __future__ import annotations

import numpy as np
import pytest

from aliquot.analyses.assignments import assignments
from aliquot.analyses.components import in_one_chain
from aliquot.analyses.hidden_markov import hidden_markov_of
from aliquot.analyses.mixture import mixture_of
from aliquot.builders.posterior import Posterior, quietly
from aliquot.results import build_tree
from aliquot.tables import read_table


def posterior(analysis, draws):
    """Give draws as if they had been fitted; several are the same, so that nothing varies."""
    values = {name: np.repeat(np.asarray(v, float)[None, None], 3, 1) for name, v in draws.items()}
    model = quietly(analysis.written, analysis.data, 2)
    return Posterior(2, model, build_tree(posterior=values), None, "")


def density(x, mean, sd):
    return np.exp(-0.5 * ((x - mean) / sd) ** 2) / sd


def table(tmp_path, name, header, rows):
    path = tmp_path / f"{name}.csv"
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return read_table(path)


def test_probabilities_of_rows_and_parameters_in_their_own_units(tmp_path, rng, monkeypatch):
    x = rng.normal(20, 5, 23).round(3)
    analysis = mixture_of(table(tmp_path, "m", "x", x[:, None]), ["x"], components="2")
    draws = {"w": [0.3, 0.7], "mu": [[-1.0], [0.5]], "sigma": [[0.5], [0.9]]}
    found = posterior(analysis, draws)
    centre, scale = x.mean(), x.std()
    parts = np.stack(
        [
            w * density(x, centre + scale * m, scale * s)
            for w, m, s in zip((0.3, 0.7), (-1, 0.5), (0.5, 0.9), strict=True)
        ],
        axis=1,
    )
    expected = parts / parts.sum(axis=1, keepdims=True)
    for most in (20_000_000, 3 * 2 * 5):  # at once, and five rows at a time
        monkeypatch.setattr("aliquot.analyses.assignments.MOST_NUMBERS", most)
        result = assignments(analysis, found)
        np.testing.assert_allclose(result.mean, expected, rtol=1e-9)
        np.testing.assert_allclose(result.spread, 0, atol=1e-12)
    parameters = {p.name: p.values[0] for p in analysis.parameters(in_one_chain(found.trace))}
    np.testing.assert_allclose(parameters["mean"], centre + scale * np.array([-1, 0.5]))
    np.testing.assert_allclose(parameters["sd"], scale * np.array([0.5, 0.9]))


START, MOVES = np.array([0.6, 0.4]), np.array([[0.8, 0.2], [0.3, 0.7]])
SLOPE = np.array([[0.9, -0.4], [-1.1, 0.2]])


@pytest.mark.parametrize("kind", ["free", "stationary", "moved"])
def test_steps_of_sequences_go_back_to_their_rows(kind, tmp_path, rng):
    """Against all paths one by one, in a table whose rows are shuffled."""
    steps = {"a": [1, 2, 4, 5], "b": [1, 2]}  # the third step of a is missing
    if kind == "moved":  # and what moves transitions has to be known at each
        steps = {"a": [1, 2, 3, 4], "b": [1, 2]}
    rows = [
        (name, t, *rng.normal([0, 30], [1, 5]).round(3))
        for name, times in steps.items()
        for t in times
    ]
    rows = [rows[i] for i in rng.permutation(len(rows))]
    analysis = hidden_markov_of(
        table(tmp_path, "h", "who,t,x,rain", rows),
        ["x"],
        sequence="who",
        time="t",
        states="2",
        init="stationary" if kind == "stationary" else "free",
        covariates=["rain"] if kind == "moved" else [],
    )
    draws = {"P": MOVES, "mu": [[-1.0], [1.0]], "sigma": [[0.7], [0.9]]}
    if kind == "moved":
        draws["slope"] = SLOPE[..., None]
    start = START
    if kind == "stationary":  # where it is after very many steps
        start = np.linalg.matrix_power(MOVES, 2**10)[0]
    else:
        draws["start"] = START
    found = posterior(analysis, draws)
    result = assignments(analysis, found)
    x, rain = np.array([row[2:] for row in rows]).T
    z, by = (x - x.mean()) / x.std(), (rain - rain.mean()) / rain.std()
    for name, times in steps.items():
        length = max(times)
        paths = np.array(np.meshgrid(*[[0, 1]] * length, indexing="ij")).reshape(length, -1).T
        weight = start[paths[:, 0]]
        at = {t: i for i, (who, t, *_) in enumerate(rows) if who == name}
        for t in range(1, length):
            move = MOVES
            if kind == "moved":
                move = MOVES * np.exp(SLOPE * by[at[t + 1]])
                move = move / move.sum(axis=1, keepdims=True)
            weight = weight * move[paths[:, t - 1], paths[:, t]]
        for t, row in at.items():
            state = paths[:, t - 1]
            mean, sd = np.array([-1.0, 1.0])[state], np.array([0.7, 0.9])[state]
            weight = weight * density(z[row], mean, sd)
        weight /= weight.sum()
        best = paths[weight.argmax()]
        for t, row in at.items():
            expected = weight[paths[:, t - 1] == 1].sum()
            np.testing.assert_allclose(result.mean[row, 1], expected, rtol=1e-9)
            assert result.more["path"][row] == best[t - 1]
    parameters = analysis.parameters(in_one_chain(found.trace))
    (first,) = (p for p in parameters if p.name == "start")
    np.testing.assert_allclose(first.values[0], start)
    if kind == "moved":
        # What one more of rain, in its own unit, does to the odds of staying in each state.
        odds = np.log(MOVES[[0, 1], [0, 1]] / MOVES[[0, 1], [1, 0]])
        moved = MOVES * np.exp(SLOPE / rain.std())
        adds = np.log(moved[[0, 1], [0, 1]] / moved[[0, 1], [1, 0]]) - odds
        to = {p.level: p.values[0] for p in parameters if p.name == "slope" and p.of == "rain"}
        slopes = np.stack([to["to 0"], to["to 1"]], axis=1)
        np.testing.assert_allclose(slopes[[0, 1], [0, 1]] - slopes[[0, 1], [1, 0]], adds)
        np.testing.assert_allclose(slopes.sum(axis=1), 0, atol=1e-12)
        for k in (0, 1):
            said = analysis.portrait(parameters, k)
            assert float(said.split("of rain adds ")[1].split()[0]) == pytest.approx(adds[k], 5e-3)
