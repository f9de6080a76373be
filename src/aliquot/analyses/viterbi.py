"""The most probable path of each sequence as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aliquot.builders import Column
from aliquot.builders.hidden_markov import given_states
from aliquot.builders.posterior import Posterior, quietly
from aliquot.inference.log_likelihood import compute_log_likelihood
from aliquot.results import build_tree


def most_probable_path(
    posterior: Posterior, data: Mapping[str, Any], columns: Sequence[Column], covariance: str
) -> np.ndarray:
    """Give the state of each row on the most probable path, at the posterior means: (rows,).

    Sequences end where their last row is: what the model has after that, to be as long as the
    longest, is no part of the path.
    """
    draws = posterior.trace["posterior"].dataset
    free = [variable.name for variable in posterior.model.free if variable.name in draws]
    mean = draws[free].mean(("chain", "draw"))
    point = {str(name): array.values for name, array in mean.data_vars.items()}
    place = data["sequence"], data["step"]
    states, count = posterior.components, len(place[0])
    rows = np.repeat(np.arange(count), states)
    known = {"state": np.tile(np.arange(states), count)}
    known |= {key: v[rows] for key, v in data.items() if key not in ("sequence", "step")}
    model = quietly(given_states(columns, covariance), known, states)
    within = {k: v[None, None] for k, v in point.items() if k not in ("start", "P")}
    tree = compute_log_likelihood(build_tree(posterior=within), model, by="z")
    each = tree["log_likelihood"].dataset["z"].values[0, 0].reshape(count, states)
    emissions = np.zeros((place[0].max() + 1, place[1].max() + 1, states))
    emissions[place] = each
    last = np.zeros(len(emissions), int)
    np.maximum.at(last, *place)
    with np.errstate(divide="ignore"):
        return viterbi(np.log(point["start"]), np.log(point["P"]), emissions, last)[place]


def viterbi(
    start: np.ndarray, moves: np.ndarray, emissions: np.ndarray, last: np.ndarray
) -> np.ndarray:
    """Give the paths, (sequences, steps), of emissions (sequences, steps, K) up to `last` steps.

    All are logarithms. After its last step a path is 0.
    """
    sequences, steps, _ = emissions.shape
    heights = np.empty_like(emissions)
    heights[:, 0] = start + emissions[:, 0]
    before = np.zeros(emissions.shape, int)
    for t in range(1, steps):
        reached = heights[:, t - 1, :, None] + moves
        before[:, t] = reached.argmax(axis=1)
        heights[:, t] = reached.max(axis=1) + emissions[:, t]
    path = np.zeros((sequences, steps), int)
    each = np.arange(sequences)
    for t in range(steps - 1, -1, -1):
        follow = before[each, min(t + 1, steps - 1), path[:, min(t + 1, steps - 1)]]
        path[:, t] = np.where(
            t == last, heights[:, t].argmax(axis=1), np.where(t < last, follow, 0)
        )
    return path
