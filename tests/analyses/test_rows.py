"""Results go back to the rows of the table, however its rows lie in the model."""

from __future__ import annotations

import numpy as np

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


def test_steps_of_sequences_go_back_to_their_rows(tmp_path, rng):
    """Against the forward-backward recursion and all paths, in a table whose rows are shuffled."""
    steps = {"a": [1, 2, 4, 5], "b": [1, 2]}  # the third step of a is missing
    rows = [(name, t, round(rng.normal(), 3)) for name, times in steps.items() for t in times]
    rows = [rows[i] for i in rng.permutation(len(rows))]
    analysis = hidden_markov_of(
        table(tmp_path, "h", "who,t,x", rows), ["x"], sequence="who", time="t", states="2"
    )
    start, moves = np.array([0.6, 0.4]), np.array([[0.8, 0.2], [0.3, 0.7]])
    draws = {"start": start, "P": moves, "mu": [[-1.0], [1.0]], "sigma": [[0.7], [0.9]]}
    result = assignments(analysis, posterior(analysis, draws))
    x = np.array([row[2] for row in rows])
    z = (x - x.mean()) / x.std()
    for name, times in steps.items():
        length = max(times)
        paths = np.array(np.meshgrid(*[[0, 1]] * length, indexing="ij")).reshape(length, -1).T
        weight = start[paths[:, 0]]
        for t in range(1, length):
            weight = weight * moves[paths[:, t - 1], paths[:, t]]
        for (who, t, _), value in zip(rows, z, strict=True):
            if who == name:
                state = paths[:, t - 1]
                mean, sd = np.array([-1.0, 1.0])[state], np.array([0.7, 0.9])[state]
                weight = weight * density(value, mean, sd)
        weight /= weight.sum()
        best = paths[weight.argmax()]
        for at, (who, t, _) in enumerate(rows):
            if who == name:
                expected = weight[paths[:, t - 1] == 1].sum()
                np.testing.assert_allclose(result.mean[at, 1], expected, rtol=1e-9)
                assert result.more["path"][at] == best[t - 1]
