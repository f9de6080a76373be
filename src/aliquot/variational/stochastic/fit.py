"""The engine of every variational fit: stochastic optimisation of the ELBO, in stretches."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.compilation.fingerprint import fingerprint
from aliquot.errors import ConvergenceWarning, PartialResultWarning, warn
from aliquot.precision import float64
from aliquot.variational.approximation import VariationalApproximation, check_count
from aliquot.variational.failure import NonFiniteLossError
from aliquot.variational.noise import Stream, block_length, generator
from aliquot.variational.stochastic.batches import Batches, one_of
from aliquot.variational.stochastic.convergence import Criterion, CriterionAtWork, Seen
from aliquot.variational.stochastic.family import Family
from aliquot.variational.stochastic.optimizer import default_optimizer
from aliquot.variational.stochastic.program import FitState, compiled, fit_program
from aliquot.variational.stochastic.record import FitRecord, FitRecorder
from aliquot.variational.target import Target

if TYPE_CHECKING:
    import optax

type Callback = Callable[[Any, np.ndarray, int], Any]
type Progress = Callable[[int, int, float], Any]

# A call of the compiled program should take about this many seconds: Ctrl-C and the progress
# display wait for no longer, and the cost of a call (0.1 ms) does not show.
CALL_SECONDS = 0.1
FIRST_CALL_ITERATIONS = 20
RUNNING_AVERAGE = 1000
# The standard deviation of each coordinate in the first approximation.
FIRST_SCALE = 0.1


class VariationalFit:
    """A fit of one family to one density that can be continued.

    The same `seed` gives the same fit, bit for bit, however it is cut into calls. The `optimizer`
    minimises. The default is Adam with a rate that decays with the iteration; a schedule counts the
    iterations of all calls of `run` together, so that one made for a given length (such as a cosine
    decay) stays at its end afterwards. Each gradient is from `n_samples` Monte Carlo draws, to
    which the cost of an iteration is proportional. The first approximation is centred at `start`,
    (d,) unconstrained, by default ``density.start``. `wrap` makes what callbacks see and what is
    returned of an approximation. With `batches` each gradient is from the next batch of rows, and
    it is `density` that what comes out is checked against.
    """

    def __init__(
        self,
        density: Target,
        family: type[Family],
        *,
        seed: int,
        optimizer: optax.GradientTransformation | None = None,
        n_samples: int = 1,
        start: np.ndarray | None = None,
        wrap: Callable[[VariationalApproximation], Any] = lambda approximation: approximation,
        batches: Batches | None = None,
    ) -> None:
        check_count("n_samples", n_samples)
        if optimizer is not None and not (
            hasattr(optimizer, "init") and hasattr(optimizer, "update")
        ):
            raise TypeError(
                f"optimizer={optimizer!r}: expected an optax.GradientTransformation, "
                "such as optax.adam(0.01)."
            )
        self.density = density
        self.family = family(density.size)
        self.seed = seed
        self.n_samples = n_samples
        self.batches = batches
        self._optimizer = optimizer
        self._wrap = wrap
        self._first_params = self.family.init(_start(density, start), FIRST_SCALE)
        self._state: FitState | None = None
        self._losses = np.empty(0)
        self._count = 0
        self._noise: tuple[tuple[int, int], np.ndarray] | None = None
        # When callbacks and the criterion have looked last, what the latter remembers of it, and
        # why the fit ended there: as one, for an interrupt may come between any two lines.
        self._looked: tuple[int, Seen, str | None] = 0, (), None

    @property
    def hist(self) -> np.ndarray:
        """The loss of each iteration so far: estimates of the negative ELBO in nats."""
        view = self._losses[: self._count]
        view.flags.writeable = False
        return view

    @property
    def stopped(self) -> str | None:
        """Why the fit has ended before its last iteration."""
        return self._looked[2]

    def approximation(self, *, partial: bool = False, stopped: str | None = None) -> Any:
        """Return what the fit has reached: the average of its last iterates."""
        params = self._first_params if self._state is None else np.asarray(self._state.average)
        return self._wrap(
            VariationalApproximation(
                self.density,
                self.family.name,
                self.family.gaussian(params),
                self.hist,
                self.seed,
                partial,
                stopped,
            )
        )

    @property
    def optimizer_fingerprint(self) -> str | None:
        """What a step of the optimiser computes, as a digest; None where that cannot be said."""
        import jax
        import optax

        params, state = self._first_params, self._begun().optimizer
        update = optax.with_extra_args_support(self._rule).update
        with float64():
            step = jax.make_jaxpr(
                lambda gradient, state, params, loss: update(
                    gradient, state, params, value=loss, grad=gradient
                )
            )(params, state, params, 0.0)
        return fingerprint(step)

    def record(self) -> FitRecord:
        """Give all that is needed to go on from here, with the same seed and optimiser."""
        import jax

        leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(self._begun())]
        return FitRecord(self._count, self.hist.copy(), leaves, *self._looked)

    def restore(self, record: FitRecord) -> None:
        """Go to where another fit of the same seed and optimiser was.

        Raises
        ------
        ValueError
            Where the optimiser has another state.
        """
        import jax

        leaves, structure = jax.tree.flatten(self._begun())
        ours, theirs = (
            [(leaf.shape, leaf.dtype) for leaf in map(np.asarray, some)]
            for some in (leaves, record.leaves)
        )
        if ours != theirs:
            raise ValueError("another optimizer: its state has other arrays")
        self._state, self._count = jax.tree.unflatten(structure, record.leaves), record.done
        self._losses = np.array(record.losses)
        self._looked = record.looked, record.seen, record.stopped

    def run(
        self,
        n: int,
        *,
        callbacks: Sequence[Callback] = (),
        convergence: Criterion | None = None,
        every: int = 500,
        on_progress: Progress | None = None,
        check: bool = True,
    ) -> Any:
        """Run n more iterations, and give what has been reached, as `wrap` makes it.

        The arguments are those of ``aq.ADVI.fit``; ``on_progress(done, n, average_loss)`` is called
        about ten times a second. The check takes 5,000 evaluations of the density. Where the loss
        or its gradient is not finite, the fit stays as it was before that iteration, and a
        `NonFiniteLossError` carries the approximation.
        """
        check_count("n", n)
        check_count("every", every)
        self.look_from_here()
        return self.run_to(
            self._count + n,
            callbacks=callbacks,
            convergence=convergence,
            every=every,
            on_progress=on_progress,
            check=check,
        )

    def look_from_here(self) -> None:
        """Let callbacks and a criterion begin anew."""
        self._looked = self._count, (), None

    def run_to(
        self,
        end: int,
        *,
        callbacks: Sequence[Callback] = (),
        convergence: Criterion | None = None,
        every: int = 500,
        on_progress: Progress | None = None,
        check: bool = True,
        recorder: FitRecorder | None = None,
    ) -> Any:
        """Go on to iteration `end`, as one call of `run` that was interrupted goes on."""
        first = self._count
        n = end - first
        self._losses = np.concatenate([self._losses[:first], np.empty(n)])
        _, seen, stopped = self._looked
        if convergence is not None and self.batches is not None:
            convergence = convergence.over_batches(self.batches.epoch)
        criterion = None if convergence is None else convergence.begin(seen=seen)
        try:
            if first % every == 0 and first > self._looked[0]:
                stopped = self._look(callbacks, criterion)
            for average_loss in self._advance(end, every) if stopped is None else ():
                if on_progress is not None:
                    on_progress(self._count - first, n, average_loss)
                if self._count % every == 0:
                    stopped = self._look(callbacks, criterion)
                    if stopped is not None:
                        break
                if recorder is not None and recorder.due():
                    recorder.record(self.record())
        except KeyboardInterrupt:
            if recorder is not None:
                recorder.record(self.record())
            if self._count == 0:
                raise
            done = self._count - first
            how = f"call fit({n - done}) to go on" if recorder is None else recorder.how_to_go_on
            warn(
                f"The fit was interrupted after {done} of {n} iterations. What was reached is "
                f"returned, marked as partial; {how}.",
                PartialResultWarning,
            )
            return self.approximation(partial=True, stopped="interrupted")
        finally:
            if self.batches is not None:
                self.batches.close()
        if recorder is not None:
            recorder.record(self.record())
        approximation = self.approximation(stopped=stopped)
        if check:
            try:
                approximation = approximation._checked()
            except KeyboardInterrupt:
                how = "" if recorder is None else f": {recorder.how_to_go_on}"
                warn(
                    "The check of the fit was interrupted: the fit has ended and is returned, but "
                    f"how good it is is not known{how}.",
                    PartialResultWarning,
                )
                return approximation
        if recorder is not None:  # before anything is said: warnings may be errors
            recorder.finish(approximation)
        if approximation.quality is not None and not approximation.quality.good:
            warn(approximation.quality.message, ConvergenceWarning)
        return approximation

    def _advance(self, end: int, every: int) -> Any:
        """Run until ``end``, yielding the running average loss after each call."""
        length = block_length(self.n_samples, self.family.size)
        pace = FIRST_CALL_ITERATIONS
        with float64():
            run = self._program(length)
        while self._count < end:
            base = self._count - self._count % length
            stop = min(end, base + length, self._count + every - self._count % every)
            stop = min(stop, self._count + pace)
            if self.batches is not None:
                stop = min(stop, self._count + self.batches.at_once)
            began = time.perf_counter()
            self._run(run, base, stop)
            seconds = max(time.perf_counter() - began, 1e-6)
            pace = min(length, max(1, int(min(4.0, CALL_SECONDS / seconds) * pace)))
            yield float(self.hist[-RUNNING_AVERAGE:].mean())

    def _program(self, length: int) -> Any:
        optimizer = self._rule
        self._begun()
        fitted: Target | Batches = self.density if self.batches is None else self.batches
        which = () if self.batches is None else (one_of,)
        return compiled(
            fitted,
            ("fit", self.family, optimizer),
            lambda: fit_program(fitted.log_density, self.family, optimizer, *which),
            *self._arguments(0, length, 0, 0),
        )

    @property
    def _rule(self) -> optax.GradientTransformation:
        if self._optimizer is not None:
            return self._optimizer
        return default_optimizer(batches=self.batches is not None)

    def _begun(self) -> FitState:
        """Give the state, which is made when it is first asked for."""
        import jax

        if self._state is None:
            params = self._first_params
            with float64():
                made = jax.tree.map(np.asarray, self._rule.init(jax.numpy.asarray(params)))
            self._state = FitState(params, params, made)
        return self._state

    def _arguments(self, base: int, length: int, first: int, stop: int) -> tuple[Any, ...]:
        noise = self._block(base // length, length)
        rows = (np.asarray(row, np.int64) for row in (base, first, stop))
        if self.batches is None:
            return self._state, noise, self.density.data, *rows
        return self._state, noise, self.batches.take(base + first, stop - first), *rows

    def _run(self, run: Any, base: int, stop: int) -> None:
        length = block_length(self.n_samples, self.family.size)
        first = self._count - base
        arguments = self._arguments(base, length, first, stop - base)
        with float64():
            result = run(*arguments)
            row, finite = int(result.row), bool(result.finite)
        done = row if finite else row - 1
        losses = np.asarray(result.losses)
        self._losses[base + first : base + done] = losses[first:done]
        self._state, self._count = result.state, base + done
        if not finite:
            # After steps that were far too long the scales are no floats.
            with np.errstate(over="ignore", invalid="ignore"):
                before = self.approximation()
                last = self.family.gaussian(np.asarray(self._state.params))
                point = (last.centers + last.scales[0].apply(arguments[1][done, 0][None]))[0]
            gradient = np.asarray(result.gradient)
            bad = sorted(
                {self.family.coordinate(int(i)) for i in np.flatnonzero(~np.isfinite(gradient))}
            )
            raise NonFiniteLossError(before, float(losses[done]), bad, point)

    def _block(self, block: int, length: int) -> np.ndarray:
        key = (block, self.n_samples)
        if self._noise is None or self._noise[0] != key:
            rng = generator(self.seed, Stream.GRADIENT, block)
            shape = (length, self.n_samples, self.family.size)
            self._noise = key, rng.standard_normal(shape)
        return self._noise[1]

    def _look(self, callbacks: Sequence[Callback], criterion: CriterionAtWork | None) -> str | None:
        stopped = self._reason(callbacks, criterion)
        self._looked = self._count, () if criterion is None else criterion.seen, stopped
        return stopped

    def _reason(
        self, callbacks: Sequence[Callback], criterion: CriterionAtWork | None
    ) -> str | None:
        if not callbacks and criterion is None:
            return None
        approximation, hist, count = self.approximation(), self.hist, self._count
        try:
            for callback in callbacks:
                callback(approximation, hist, count)
        except StopIteration as stop:
            return f"a callback stopped it: {stop}" if stop.args else "a callback stopped it"
        return None if criterion is None else criterion(approximation, hist, count)


def _start(density: Target, start: np.ndarray | None) -> np.ndarray:
    chosen = np.asarray(density.start if start is None else start, dtype=np.float64)
    if chosen.shape != (density.size,):
        raise ValueError(
            f"start has shape {chosen.shape}; expected ({density.size},), one number for each "
            "unconstrained coordinate."
        )
    bad = [density.labels[int(i)] for i in np.flatnonzero(~np.isfinite(chosen))]
    if bad:
        raise ValueError(f"start is not finite in {', '.join(bad)}.")
    return chosen
