"""Hidden Markov models as estimators, against all paths of short sequences one by one."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import log_softmax, logsumexp

import aliquot as aq
from aliquot.builders.ascending import ascending
from aliquot.estimators import HiddenMarkov
from aliquot.results import build_tree

LENGTHS = [4, 1, 3]


def chains(rng: Any, lengths: Any, P: Any) -> np.ndarray:
    """Simulate paths of states, one below the other."""
    found: list[int] = []
    for length in lengths:
        path = [int(rng.integers(len(P)))]
        while len(path) < length:
            path.append(int(rng.choice(len(P), p=P[path[-1]])))
        found += path
    return np.array(found)


@pytest.fixture(scope="module")
def mixed() -> Any:
    """A number, a count and an answer by state, some of them missing; a stationary start."""
    rng = np.random.default_rng(1)
    path = chains(rng, [50, 30], np.array([[0.8, 0.2], [0.3, 0.7]]))
    X = np.column_stack(
        [
            rng.normal(np.array([10.0, 14.0])[path], 1.0),
            rng.poisson(np.array([1.0, 5.0])[path]),
            (rng.random(len(path)) < np.array([0.2, 0.7])[path]) + 3,
        ]
    )
    X[rng.random(X.shape) < 0.1] = np.nan
    family = ["normal", "poisson", "categorical"]
    model = HiddenMarkov(2, family=family, init="stationary", draws=160, random_state=1)
    return model.fit(X, lengths=[50, 30]), X, path


@pytest.fixture(scope="module")
def moved() -> Any:
    """Two correlated numbers by state, and a covariate that moves the transitions."""
    rng = np.random.default_rng(2)
    covariates = rng.normal(3.0, 2.0, (90, 1))
    path = [0]
    for x in covariates[1:, 0]:
        up = 1 / (1 + np.exp(-(x - 3.0)))
        path.append(int(rng.random() < up))
    X = np.array([[0.0, 5.0], [6.0, 1.0]])[path] + rng.normal(size=(90, 2)) @ [[1, 0.5], [0, 1]]
    X[7] = np.nan
    X[9, 1] = np.nan
    model = HiddenMarkov(2, draws=160, random_state=2)
    return model.fit(X, lengths=[60, 30], covariates=covariates), X, np.array(path), covariates


def draws_of(model: HiddenMarkov) -> dict[str, np.ndarray]:
    """Give the draws of each variable, shape (160, ...)."""
    posterior = model.posterior_["posterior"].dataset
    arrays = {str(n): a.transpose("chain", "draw", ...).values for n, a in posterior.items()}
    return {name: array.reshape((-1, *array.shape[2:])) for name, array in arrays.items()}


def in_chains(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Give 160 draws as those of four chains."""
    return {name: array.reshape((4, 40, *array.shape[1:])) for name, array in arrays.items()}


def of_mixed(model: HiddenMarkov, at: dict[str, np.ndarray], X: np.ndarray) -> np.ndarray:
    """Compute log densities of rows in states, (draws, rows, 2), by SciPy."""
    scale, centre = model.encoding_.scale[0], model.encoding_.centre[0]
    x = X[:, None]
    each = [
        stats.norm.logpdf(
            x[..., 0], at["mu"][:, None, :, 0] * scale + centre, at["sigma"][:, None, :, 0] * scale
        ),
        stats.poisson.logpmf(x[..., 1], at["rate"][:, None, :, 0]),
    ]
    codes = np.nan_to_num(X[:, 2] - 3).astype(int)
    answers = np.log(np.moveaxis(at["p_x2"][:, :, codes], 1, 2))
    each.append(np.where(np.isnan(x[..., 2]), 0.0, answers))
    return np.nan_to_num(each[0]) + np.nan_to_num(each[1]) + each[2]


def of_moved(model: HiddenMarkov, at: dict[str, np.ndarray], X: np.ndarray) -> np.ndarray:
    """Compute log densities of rows in states, (draws, rows, 2); missing numbers are left out."""
    scale, centre = model.encoding_.scale, model.encoding_.centre
    count = len(at["mu"])
    found = np.zeros((count, len(X), 2))
    for d, t, k in product(range(count), range(len(X)), range(2)):
        seen = np.flatnonzero(~np.isnan(X[t]))
        if seen.size:
            mean = at["mu"][d, k] * scale + centre
            covariance = at["chol"][d, k] @ at["chol"][d, k].T * np.outer(scale, scale)
            found[d, t, k] = stats.multivariate_normal.logpdf(
                X[t, seen], mean[seen], covariance[np.ix_(seen, seen)]
            )
    return found


def start_and_moves(model: HiddenMarkov, at: Any, covariates: Any, steps: int) -> Any:
    """Give log probabilities of the first state and of each move, (draws, steps - 1, K, K)."""
    P = at["P"]
    # Without, it is where the chain is after very many steps.
    start = at["start"] if "start" in at else np.linalg.matrix_power(P, 2**20)[:, 0]
    moves = np.repeat(np.log(P)[:, None], max(steps - 1, 0), axis=1)
    if covariates is not None:
        standard = (covariates[1:] - model._covariates.centre) / model._covariates.scale
        moves = moves + np.einsum("tp,dijp->dtij", standard, at["slope"])
        moves = log_softmax(moves, axis=-1)
    return np.log(start), moves


def all_paths(start: Any, moves: Any, emissions: Any) -> tuple[np.ndarray, np.ndarray]:
    """Give all paths (paths, steps) and their log joint densities (paths, draws)."""
    steps, states = emissions.shape[1:]
    paths = list(product(range(states), repeat=steps))
    found = []
    for path in paths:
        joint = start[:, path[0]] + sum(emissions[:, t, k] for t, k in enumerate(path))
        joint = joint + sum(moves[:, t, path[t], path[t + 1]] for t in range(steps - 1))
        found.append(joint)
    return np.array(paths), np.array(found)


def expected(model: HiddenMarkov, of_rows: Any, at: Any, X: Any, covariates: Any) -> Any:
    """Enumerate paths: probabilities (draws, rows, K), beginnings' log densities, the best."""
    emissions = of_rows(model, at, X)
    start, moves = start_and_moves(model, at, covariates, len(X))
    paths, joint = all_paths(start, moves, emissions)
    shares = np.exp(joint - logsumexp(joint, axis=0))
    p = np.stack([[shares[paths[:, t] == k].sum(axis=0) for k in range(2)] for t in range(len(X))])
    beginnings = []
    for t in range(1, len(X) + 1):
        _, so_far = all_paths(start, moves[:, : t - 1], emissions[:, :t])
        beginnings.append(logsumexp(so_far, axis=0))
    best = joint[:, 0].argmax()
    return np.moveaxis(p, 2, 0), np.array(beginnings), joint[best, 0], paths[best]


def averaged(log_density: np.ndarray) -> np.ndarray:
    """Average a density over draws, the last axis."""
    return logsumexp(log_density, axis=-1) - np.log(log_density.shape[-1])


@pytest.mark.parametrize("which", ["mixed", "moved"])
def test_predictions_are_sums_over_all_paths(which, request):
    model, X, _, *more = request.getfixturevalue(which)
    of_rows = {"mixed": of_mixed, "moved": of_moved}[which]
    rows = slice(2, 2 + sum(LENGTHS))
    X = X[rows].copy()
    X[2] = np.nan
    covariates = more[0][rows] if more else None
    at = draws_of(model)
    mean = {name: array.mean(axis=0)[None] for name, array in at.items()}
    p, spread = model.predict_proba(X, LENGTHS, covariates, return_std=True)
    each = model.score_samples(X, LENGTHS, covariates)
    log_prob, states = model.decode(X, LENGTHS, covariates)
    total = score = 0.0
    for stop, length in zip(np.cumsum(LENGTHS), LENGTHS, strict=True):
        own = slice(stop - length, stop)
        moving = None if covariates is None else covariates[own]
        wanted, beginnings, _, _ = expected(model, of_rows, at, X[own], moving)
        np.testing.assert_allclose(p[own], wanted.mean(axis=0), rtol=1e-7, atol=1e-10)
        np.testing.assert_allclose(spread[own], wanted.std(axis=0), rtol=1e-6, atol=1e-9)
        ahead = np.diff(beginnings, axis=0, prepend=0.0)
        np.testing.assert_allclose(each[own], averaged(ahead), rtol=1e-8, atol=1e-10)
        score += averaged(beginnings[-1])
        _, _, best, path = expected(model, of_rows, mean, X[own], moving)
        np.testing.assert_array_equal(states[own], path)
        total += best
    np.testing.assert_allclose(log_prob, total, rtol=1e-9)
    found = model.score(X, lengths=LENGTHS, covariates=covariates)
    np.testing.assert_allclose(found, score, rtol=1e-9)
    right, by_step = model.decode(X, LENGTHS, covariates, algorithm="map")
    np.testing.assert_array_equal(by_step, p.argmax(axis=1))
    np.testing.assert_allclose(right, p.max(axis=1).sum())


def test_steps_after_the_end_change_nothing(mixed):
    model, X, _ = mixed
    X = X[:7]
    longer = np.concatenate([X, np.full((4, 3), np.nan)])
    np.testing.assert_allclose(model.predict_proba(longer)[:7], model.predict_proba(X), rtol=1e-8)
    np.testing.assert_allclose(model.score_samples(longer)[7:], 0.0, atol=1e-10)


def test_what_a_mode_is_scored_by(moved):
    model, X, _, covariates = moved
    X, covariates = X[:6], covariates[:6]
    aic, bic = model.aic(X, covariates=covariates), model.bic(X, covariates=covariates)
    free = 1 + 2 + 2 + 2 * (2 + 3)  # start, P, slopes, means and covariances
    np.testing.assert_allclose((bic - aic) / (np.log(6) - 2), free)
    mode = aq.find_map(model=model.model_, random_seed=model._seed)
    names = [v.name for v in model.model_.free if v.name in mode]
    at = {name: np.asarray(mode[name].values)[None] for name in names}
    at["slope"] = at["slope"] - at["slope"].mean(axis=2, keepdims=True)
    _, beginnings, _, _ = expected(model, of_moved, at, X, covariates)
    np.testing.assert_allclose(aic, -2 * beginnings[-1] + 2 * free, rtol=1e-7)


def test_far_states_are_counts_of_moves():
    """Where paths are certain, transitions are Dirichlet given the numbers of moves."""
    rng = np.random.default_rng(3)
    lengths = [60, 40, 30]
    path = chains(rng, lengths, np.array([[0.9, 0.1], [0.4, 0.6]]))
    X = np.column_stack([rng.normal(size=len(path)), rng.normal(30.0 - 60.0 * path, 1.0)])
    X[:, 0] -= 20.0 * (path == 0)
    model = HiddenMarkov(2, covariance_type="diag", persistence=2.0, draws=800, random_state=3)
    model.fit(X, lengths=lengths)
    np.testing.assert_array_equal(model.predict(X, lengths), path)
    begin = np.cumsum([0, *lengths[:-1]])
    moves = np.setdiff1d(np.arange(1, len(path)), begin)
    counts = 1.0 + 2.0 * np.eye(2)
    np.add.at(counts, (path[moves - 1], path[moves]), 1.0)
    first = 1.0 + np.bincount(path[begin], minlength=2)
    for given, found in ((counts, model.transmat_), (first[None], model.startprob_[None])):
        size = given.sum(axis=1, keepdims=True)
        share = given / size
        sd = np.sqrt(share * (1 - share) / (size + 1))
        assert (abs(found - share) < 5 * sd / np.sqrt(100)).all()
    assert (np.diff(model.means_[:, 0]) > 0).all()
    for k in range(2):
        sd = X[path == k].std(axis=0) / np.sqrt((path == k).sum())
        # The prior of means, Normal(0, 1.5) in standard units, draws them by less than one.
        assert (abs(model.means_[k] - X[path == k].mean(axis=0)) < sd).all()
        variances = X[path == k].var(axis=0)
        assert (abs(np.log(np.diag(model.covars_[k]) / variances)) < 1.0).all()


def test_labels_that_switch_come_back(moved):
    """Draws with their states exchanged by hand, in all variables and along both axes of some."""
    model = moved[0]
    at = draws_of(model)
    at = {v.name: at[v.name] for v in model.model_.free if v.name in at}
    rng = np.random.default_rng(4)
    switched = {name: array.copy() for name, array in at.items()}
    for d in np.flatnonzero(rng.random(160) < 0.5):
        for name, array in switched.items():
            turned = array[d, ::-1]
            array[d] = turned[:, ::-1] if name in ("P", "slope") else turned
    tree = build_tree(posterior=in_chains(switched))
    tree = aq.relabel(tree, model.model_)
    tree = ascending(tree, model.model_, model.encoding_.columns)
    found = tree["posterior"].dataset
    for name, array in at.items():
        given = found[name].values.reshape(array.shape)
        np.testing.assert_allclose(given, array, rtol=1e-12, err_msg=name)
    turned = {n: a[:, ::-1, ::-1] if n in ("P", "slope") else a[:, ::-1] for n, a in at.items()}
    tree.update(build_tree(posterior=in_chains(turned)))
    found = ascending(tree, model.model_, model.encoding_.columns)["posterior"].dataset
    for name, array in at.items():
        given = found[name].values.reshape(array.shape)
        np.testing.assert_allclose(given, array, rtol=1e-12, err_msg=name)


def test_the_future_begins_where_a_sequence_ends(moved):
    model, X, _, covariates = moved
    X, covariates = X[:6], covariates[:8]
    futures = model.forecast(X, 2, covariates)
    assert futures.shape == (160, 2, 2)
    at = draws_of(model)
    longer = np.concatenate([X, np.full((2, 2), np.nan)])
    p, *_ = expected(model, of_moved, at, longer, covariates)
    means = at["mu"] * model.encoding_.scale + model.encoding_.centre
    wanted = np.einsum("dtk,dkc->tc", p[:, 6:], means) / 160
    error = futures.std(axis=0) / np.sqrt(160)
    assert (abs(futures.mean(axis=0) - wanted) < 5 * error).all()


def test_new_sequences_are_of_the_same_kind(mixed):
    model, _, _ = mixed
    X, states = model.sample(4000)
    assert X.shape == (4000, 3)
    others = [model.sample(20, random_state=seed)[0][:, 0] for seed in (5, 5, 6)]
    np.testing.assert_array_equal(others[0], others[1])
    assert set(others[0]).isdisjoint(others[2])
    assert set(np.unique(X[:, 2])) <= {3, 4}
    at = draws_of(model)
    for k in range(2):
        left = np.flatnonzero(states[:-1] == k)
        share = (states[left + 1] == k).mean()
        slack = 5 * np.sqrt(0.25 / len(left))
        stay = at["P"][:, k, k]
        assert stay.min() - slack < share < stay.max() + slack
        mine = X[states == k, 1]
        rates = at["rate"][:, k, 0]
        slack = 5 * mine.std() / np.sqrt(len(mine))
        assert rates.min() - slack < mine.mean() < rates.max() + slack


def test_shares_of_states_after_very_many_steps(mixed, moved):
    model = mixed[0]
    far = np.linalg.matrix_power(draws_of(model)["P"], 2**20)[:, 0].mean(axis=0)
    np.testing.assert_allclose(model.get_stationary_distribution(), far, rtol=1e-8)
    np.testing.assert_allclose(model.startprob_, far, rtol=1e-8)
    with pytest.raises(aq.ParameterError, match="no stationary distribution"):
        moved[0].get_stationary_distribution()
    assert model.levels_ == {"x2": (3.0, 4.0)}


@pytest.mark.parametrize(
    ("given", "lengths", "covariates", "message"),
    [
        ({"init": "first"}, None, None, "init must be one of 'free', 'stationary'"),
        ({"algorithm": "best"}, None, None, "algorithm must be one of"),
        ({"covariance_type": "factor"}, None, None, "covariance_type must be one of 'full'"),
        ({"transmat_prior": 0.0}, None, None, "transmat_prior must be a finite number above 0"),
        ({"persistence": -1.0}, None, None, "persistence must be a finite number of at least 0"),
        ({"init": "stationary"}, None, np.arange(6.0)[:, None], "no stationary distribution"),
        ({}, [3, 4], None, "with the sum 6"),
        ({}, [6, 0], None, "at least 1"),
        ({}, [3.0, 3.0], None, "whole numbers"),
        ({}, None, np.ones((5, 1)), r"shape \(6, columns\)"),
        ({}, None, np.ones((6, 1)), "'covariate 0' is 1 in all rows"),
        ({}, None, np.array([[1.0, np.nan, 2, 3, 4, 5]]).T, "column 0 is nan in row 1"),
        ({}, None, [["a"]] * 6, "covariates must be numbers"),
    ],
)
def test_what_is_refused_before_any_fit(given, lengths, covariates, message):
    model = HiddenMarkov(2, **given)
    with pytest.raises(aq.ParameterError, match=message):
        model.fit(np.arange(6.0)[:, None], lengths=lengths, covariates=covariates)


def test_covariates_are_those_of_the_fit(mixed, moved):
    with pytest.raises(aq.ParameterError, match=r"fitted without any$"):
        mixed[0].predict(mixed[1], covariates=np.ones((80, 1)))
    with pytest.raises(aq.ParameterError, match=r"without any\. An algorithm is .* algorithm="):
        mixed[0].decode(mixed[1], None, "map")
    with pytest.raises(aq.ParameterError, match="covariates must be given"):
        moved[0].predict(moved[1])
    with pytest.raises(aq.ParameterError, match="must have 1 columns"):
        moved[0].predict(moved[1], covariates=np.ones((90, 2)))
