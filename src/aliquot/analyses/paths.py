"""The most probable path of each sequence as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aliquot.builders import Column
from aliquot.builders.filtering import log_chain, most_probable_path
from aliquot.builders.hidden_markov import given_states
from aliquot.builders.posterior import Posterior, quietly
from aliquot.inference.log_likelihood import compute_log_likelihood
from aliquot.results import build_tree

# What the data and the draws have of the chain, and not of the rows within a state.
PLACES, CHAIN = ("sequence", "step", "covariates"), ("P", "start", "slope")


def paths_of_rows(
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
    known |= {key: v[rows] for key, v in data.items() if key not in PLACES}
    model = quietly(given_states(columns, covariance), known, states)
    within = {k: v[None, None] for k, v in point.items() if k not in CHAIN}
    tree = compute_log_likelihood(build_tree(posterior=within), model, by="z")
    each = tree["log_likelihood"].dataset["z"].values[0, 0].reshape(count, states)
    emissions = np.zeros((place[0].max() + 1, place[1].max() + 1, states))
    emissions[place] = each
    path = np.zeros(emissions.shape[:2], int)
    chain = {name: value[None] for name, value in point.items() if name in CHAIN}
    start, moves = log_chain(chain, data.get("covariates"))
    ends = np.zeros(len(path), int)
    np.maximum.at(ends, place[0], np.asarray(place[1]) + 1)
    for sequence, steps in enumerate(ends):
        own = moves[0, min(sequence, moves.shape[1] - 1)]
        path[sequence, :steps], _ = most_probable_path(start[0], own, emissions[sequence, :steps])
    return path[place]
