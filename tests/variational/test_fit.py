"""The engine: seeds, continuing, looking in, interrupting, and what it refuses."""

import numpy as np
import optax
import pytest

from aliquot.errors import ConvergenceWarning, PartialResultWarning
from aliquot.variational import FullRank, MeanField, VariationalFit
from aliquot.variational.stochastic import fit as engine
from tests.variational.members import numbers
from tests.variational.targets import Target, correlated_gaussian, gaussian, mixture

KINDS = pytest.mark.parametrize("kind", [MeanField, FullRank])


@KINDS
@pytest.mark.parametrize("optimizer", [None, optax.sgd(1e-3)], ids=["default", "constant rate"])
def test_a_continued_fit_is_one_longer_fit_bit_for_bit(kind, optimizer):
    target = mixture()
    whole = VariationalFit(target, kind, seed=1, optimizer=optimizer)
    parts = VariationalFit(target, kind, seed=1, optimizer=optimizer)
    one = whole.run(2500, check=False)
    for n in (1, 699, 1300, 500):
        other = parts.run(n, check=False)
    np.testing.assert_array_equal(numbers(one), numbers(other))
    np.testing.assert_array_equal(whole.hist, parts.hist)
    assert parts.hist.shape == (2500,)


def test_the_result_does_not_depend_on_the_lengths_of_the_calls(monkeypatch):
    target = mixture()
    one = VariationalFit(target, MeanField, seed=1).run(1200, every=700, check=False)
    monkeypatch.setattr(engine, "FIRST_CALL_ITERATIONS", 7)
    monkeypatch.setattr(engine, "CALL_SECONDS", 1e-9)
    other = VariationalFit(target, MeanField, seed=1).run(1200, every=33, check=False)
    np.testing.assert_array_equal(numbers(one), numbers(other))
    np.testing.assert_array_equal(one.hist, other.hist)


def test_a_fit_of_many_short_calls_goes_on():
    approximation = VariationalFit(mixture(), MeanField, seed=1).run(700, every=1, check=False)
    assert approximation.hist.shape == (700,)


def test_the_seed_decides():
    target = mixture()
    fits = [
        VariationalFit(target, MeanField, seed=seed).run(100, check=False) for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(numbers(fits[0]), numbers(fits[1]))
    assert (numbers(fits[0]) != numbers(fits[2])).all()


def test_earlier_results_do_not_change_when_the_fit_goes_on():
    advi = VariationalFit(mixture(), MeanField, seed=0)
    early = advi.run(300, check=False)
    before, hist = numbers(early), early.hist.copy()
    advi.run(300, check=False)
    np.testing.assert_array_equal(numbers(early), before)
    np.testing.assert_array_equal(early.hist, hist)
    with pytest.raises(ValueError, match="read-only"):
        early.hist[0] = 0


@pytest.mark.parametrize(
    "optimizer",
    [
        optax.adam(0.01),
        optax.adagrad(0.1),
        optax.rmsprop(0.01),
        optax.chain(optax.clip_by_global_norm(10.0), optax.sgd(0.01, momentum=0.9)),
        optax.adam(optax.cosine_decay_schedule(0.1, 2000)),
        optax.adabelief(0.01),
    ],
    ids=["adam", "adagrad", "rmsprop", "clipped sgd", "cosine adam", "adabelief"],
)
def test_any_optax_optimizer_improves_the_loss(optimizer):
    target = gaussian(np.array([1.0, -1.0]), np.eye(2))
    advi = VariationalFit(target, MeanField, seed=0, optimizer=optimizer)
    advi.run(2000, check=False)
    # The divergence is 3.6 nats at the start; its estimates vary by about one nat each.
    assert advi.hist[-200:].mean() < advi.hist[:20].mean() - 1


def test_callbacks_are_called_at_every_multiple():
    seen = []

    def callback(approx, hist, i):
        seen.append((i, hist.size, approx.hist.size))

    advi = VariationalFit(mixture(), MeanField, seed=0)
    advi.run(250, callbacks=[callback], every=100, check=False)
    advi.run(60, callbacks=[callback], every=100, check=False)
    assert seen == [(100, 100, 100), (200, 200, 200), (300, 300, 300)]


def test_a_callback_can_stop_the_fit():
    def callback(approx, hist, i):
        if i >= 200:
            raise StopIteration("enough")

    approx = VariationalFit(mixture(), MeanField, seed=0).run(
        1000, callbacks=[callback], every=100, check=False
    )
    assert approx.hist.size == 200
    assert approx.stopped == "a callback stopped it: enough"
    assert not approx.partial


def test_progress_reaches_the_end_with_the_running_average_loss():
    seen = []
    advi = VariationalFit(mixture(), MeanField, seed=0)
    advi.run(700, check=False)
    advi.run(1500, on_progress=lambda *what: seen.append(what), check=False)
    done = [what[0] for what in seen]
    assert done == sorted(done)
    assert {what[1] for what in seen} == {1500}
    assert seen[-1] == (1500, 1500, pytest.approx(advi.hist[-1000:].mean(), rel=1e-12))


def test_ctrl_c_gives_what_there_is_and_the_fit_can_go_on():
    def interrupt(approx, hist, i):
        if i == 300:
            raise KeyboardInterrupt

    target = mixture()
    advi = VariationalFit(target, MeanField, seed=0)
    with pytest.warns(PartialResultWarning, match=r"after 300 of 1000 .* call fit\(700\)"):
        approx = advi.run(1000, callbacks=[interrupt], every=100)
    assert approx.partial
    assert approx.hist.shape == (300,)
    assert advi.hist.shape == (300,)
    rest = advi.run(700, check=False)
    assert not rest.partial
    whole = VariationalFit(target, MeanField, seed=0).run(1000, check=False)
    np.testing.assert_array_equal(numbers(rest), numbers(whole))


def test_ctrl_c_before_the_first_iteration_is_passed_on(monkeypatch):
    advi = VariationalFit(mixture(), MeanField, seed=0)

    def interrupt(length):
        raise KeyboardInterrupt

    monkeypatch.setattr(advi, "_program", interrupt)
    with pytest.raises(KeyboardInterrupt):
        advi.run(10)
    assert advi.hist.shape == (0,)


def test_an_error_in_a_callback_leaves_the_fit_usable():
    def broken(approx, hist, i):
        raise RuntimeError("mine")

    advi = VariationalFit(mixture(), MeanField, seed=0)
    with pytest.raises(RuntimeError, match="mine"):
        advi.run(300, callbacks=[broken], every=100)
    assert advi.hist.shape == (100,)
    assert advi.run(100, check=False).hist.shape == (200,)


def test_a_good_fit_is_checked_and_says_nothing(recwarn):
    target, *_ = correlated_gaussian()
    approx = VariationalFit(target, FullRank, seed=0).run(8000)
    assert approx.quality is not None
    assert approx.quality.good
    assert not [w for w in recwarn if issubclass(w.category, ConvergenceWarning)]


def test_a_poor_fit_warns_and_says_what_to_do():
    correlation = np.full((4, 4), 0.99) + 0.01 * np.eye(4)
    with pytest.warns(ConvergenceWarning, match=r"Pareto k .*method='fullrank'"):
        approx = VariationalFit(gaussian(np.zeros(4), correlation), MeanField, seed=0).run(4000)
    assert approx.quality is not None
    assert not approx.quality.good


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"n_samples": 0}, ValueError, "n_samples=0: expected at least 1"),
        ({"n_samples": 1.5}, TypeError, "n_samples=1.5: expected a whole number"),
        ({"optimizer": "adam"}, TypeError, "optimizer='adam': expected an optax"),
        ({"start": np.zeros(3)}, ValueError, r"start has shape \(3,\); expected \(2,\)"),
        (
            {"start": np.array([0.0, np.nan])},
            ValueError,
            r"start is not finite in means_ordered__\[1\]",
        ),
    ],
)
def test_bad_settings_are_named(settings, error, message):
    with pytest.raises(error, match=message):
        VariationalFit(mixture(), MeanField, seed=0, **settings)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n": 0}, ValueError, "n=0: expected at least 1"),
        ({"n": 10.0}, TypeError, "n=10.0: expected a whole number"),
        ({"n": True}, TypeError, "n=True: expected a whole number"),
        ({"every": 0}, ValueError, "every=0: expected at least 1"),
    ],
)
def test_bad_arguments_of_fit_are_named(arguments, error, message):
    advi = VariationalFit(mixture(), MeanField, seed=0)
    with pytest.raises(error, match=message):
        advi.run(**({"n": 1} | arguments))


def test_one_coordinate_is_enough():
    target = Target(lambda x, data: -0.5 * (x[0] - 2) ** 2, {}, np.zeros(1), ["x"])
    approx = VariationalFit(target, FullRank, seed=0).run(4000, check=False)
    assert approx.mean[0] == pytest.approx(2, abs=0.2)
    assert approx.std[0] == pytest.approx(1, abs=0.2)
