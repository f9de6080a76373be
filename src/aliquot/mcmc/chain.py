"""One chain as the host sees it: what its next call is given, and what the call brings back."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

from aliquot.mcmc import fisher, machine, metric, schedule, step_size, trajectory
from aliquot.mcmc.independence import CYCLE, Metropolis
from aliquot.mcmc.machine import STATS, ChainState, Row
from aliquot.mcmc.momentum import Momenta
from aliquot.mcmc.program import Report, Shape, empty_rows
from aliquot.mcmc.recorder import NewDraws
from aliquot.mcmc.result import ChainProgress, Phase
from aliquot.mcmc.rows import FEW, ChainRows
from aliquot.mcmc.schedule import Flag
from aliquot.mcmc.settings import NUTSSettings
from aliquot.mcmc.starts import NoStartError
from aliquot.mcmc.trajectory import DIVERGED, chosen_point

# What a chain carries on besides its state and its draws.
_CARRIED = (
    *("tune", "done", "leapfrogs", "divergences", "seconds"),
    *("_evaluated", "_moved", "_searches"),
)
_SEARCH_ROWS = 8
_LONGEST_SEARCH = 128
_CALL_SECONDS = 0.1


class Job(NamedTuple):
    """The arguments of one call."""

    state: ChainState
    rows: Row
    draws: Any
    leapfrogs: Any


class NUTSChain:
    """A chain: first its start is evaluated, then a step size is searched, then it draws.

    With `moves`, which are set when its warm-up has ended, some draws are by these.
    """

    def __init__(
        self,
        number: int,
        start: np.ndarray,
        settings: NUTSSettings,
        shape: Shape,
        seed: int,
        scale: np.ndarray | None = None,
        *,
        recorded: bool = False,
    ) -> None:
        self.number = number
        self.tune = settings.tune
        self.total = settings.tune + settings.draws
        self.done = 0
        self.leapfrogs = 0
        self.divergences = 0
        self.seconds = 0.0
        # Where draws are recorded elsewhere, there need not be room for all.
        self.rows = ChainRows(shape.size, settings.tune + FEW if recorded else self.total)
        self.lock = threading.Lock()  # held while the chain changes
        self.moves: Metropolis | None = None
        self.pause = self.total  # the draw before which the chain stops for the time being
        self.state = machine.initial(start, settings.metric, settings.max_treedepth)
        self._settings = settings
        self._shape = shape
        self._momenta = Momenta(seed, number, shape.size)
        self._scale = scale
        self._plan_warmup()
        self._evaluated = False
        self._moved = False  # whether the gradient is not known where the chain stands
        self._searches = 0
        self._seconds_per_leapfrog = 0.0

    def end_warmup(self) -> None:
        """Let the draws begin here: what has been adapted stays as it is."""
        step = self.state.step
        if self.done < self.tune:
            self.state = self.state._replace(step=step._replace(log_step=step.log_average))
        self._draw_only(self.done)

    def _plan_warmup(self) -> None:
        known = self._scale is not None
        self._flags = schedule.flags(self._settings, known=known)
        self._dense_windows = schedule.dense_windows(self._settings, known=known)
        # Gradients at the draws of windows, which are no longer needed when the last one has ended.
        self._gradients = np.zeros((max(self._dense_windows, default=0), self._shape.size))
        self._stops = sorted({*self._dense_windows, self._settings.tune, self.total})

    def _draw_only(self, tune: int) -> None:
        self.tune, self.total = tune, tune + self._settings.draws
        self._flags = self._flags[:0]
        self._dense_windows, self._gradients = {}, self._gradients[:0]
        self._stops = [self.total]

    def snapshot(self) -> dict[str, np.ndarray]:
        """Return all that the chain carries on, but for its draws, as arrays by name."""
        found = {name: np.asarray(getattr(self, name)) for name in _CARRIED}
        found |= {
            f"state {i}": np.asarray(leaf) for i, leaf in enumerate(jax.tree.leaves(self.state))
        }
        found["gradients"] = self._gradients[: self.done]
        if self._scale is not None:
            found["known scale"] = self._scale
        if self.moves is not None:
            found["moves"] = np.array(self.moves.place)
        return found

    def restore(
        self, snapshot: Mapping[str, np.ndarray], draws: np.ndarray, log_densities: np.ndarray
    ) -> None:
        """Go on where a snapshot was taken.

        `draws` (n, d) are those of the warm-up as far as it has come, with their log densities
        (n,). The settings are as they were, but for the number of draws. What the chain's `moves`
        are has to be said again, and they have to be put to ``snapshot["moves"]``.
        """
        for name in _CARRIED:
            kind = type(getattr(self, name))
            setattr(self, name, kind(snapshot[name].item()))
        self._scale = snapshot.get("known scale")
        self._plan_warmup()
        self.total = self.tune + self._settings.draws
        self._stops = sorted({*self._dense_windows, self.tune, self.total})
        if self.done >= self.tune:
            self._draw_only(self.tune)
        kept = snapshot["gradients"][: len(self._gradients)]
        self._gradients[: len(kept)] = kept
        structure: Any = jax.tree.structure(self.state)
        names = [f"state {i}" for i in range(structure.num_leaves)]
        self.state = structure.unflatten([snapshot[name] for name in names])
        columns = np.zeros((len(draws), len(STATS)))
        columns[:, STATS.index("lp")] = log_densities
        self.rows.put(0, draws, columns)

    def since(self, begin: int) -> NewDraws:
        """Return copies of the draws from `begin` on, with a snapshot."""
        return NewDraws.of(self.number, self.tune, self.rows, begin, self.done, self.snapshot())

    def warmup(self, pause: int) -> tuple[np.ndarray, np.ndarray]:
        """Give the first draws (pause, d), and their log density (pause,)."""
        return self.rows.positions(0, pause), self.rows.columns(0, pause)[:, STATS.index("lp")]

    @property
    def complete(self) -> bool:
        """Whether all draws are done."""
        return self.done == self.total

    @property
    def paused(self) -> bool:
        """Whether all draws before the pause are done."""
        return self.done >= self.pause

    @property
    def advance(self) -> tuple[int, int]:
        """What tells which of two chains is ahead."""
        return self.done, self.leapfrogs

    def job(self) -> Job:
        """Return the arguments of the next call."""
        size, capacity = self._shape.size, self._shape.capacity
        if not self._evaluated:
            momenta, keys = np.zeros((1, size)), np.zeros(1, np.uint64)
            flags = np.array([Flag.EVALUATE], np.int32)
        elif self._searching:
            block, done = divmod(self._searches, _SEARCH_ROWS)
            momenta, keys = (a[done:] for a in self._momenta.searches(block, _SEARCH_ROWS))
            flags = np.full(_SEARCH_ROWS - done, Flag.SEARCH, np.int32)
        else:
            stop = next(stop for stop in self._stops if stop > self.done)
            stop = min(stop, self.done + capacity, self.pause)
            if self.moves is not None:
                stop = self.done + 1
            momenta, keys = self._momenta.draws(self.done, stop)
            flags = np.zeros(stop - self.done, np.int32)  # after the warm-up there are none
            planned = self._flags[self.done : stop]
            flags[: len(planned)] = planned
            if self._moved:
                momenta = np.concatenate([np.zeros((1, size)), momenta])
                keys = np.concatenate([np.zeros(1, np.uint64), keys])
                flags = np.concatenate([np.array([Flag.EVALUATE], np.int32), flags])
        count = len(flags)
        rows = empty_rows(self._shape)
        for field, values in zip(rows, (momenta, keys, flags), strict=True):
            field[:count] = values
        return Job(self.state, rows, np.int32(count), self._budget())

    def rest(self) -> Job:
        """Return the arguments of a call that does nothing: others have not ended."""
        return Job(self.state, empty_rows(self._shape), np.int32(0), np.int32(2**30))

    def absorb(self, report: Report, seconds: float) -> None:
        """Take what a call brought back, the output in NumPy, and how long it took."""
        finished, leapfrogs = int(report.finished), int(report.leapfrogs)
        self._seconds_per_leapfrog = seconds / max(leapfrogs, 1)
        searching = self._searching
        self.state = report.state
        if not self._evaluated:
            self._start(report)
        elif searching:
            self._searches += finished
            if float(self.state.step.search) == 2 or self._searches >= _LONGEST_SEARCH:
                self._set_step(float(np.exp(self.state.step.log_step)))
        else:
            self.leapfrogs += leapfrogs
            self.seconds += seconds
            if self._moved and finished:
                self._moved, finished = False, finished - 1
                self._keep(report.output[1 : finished + 1])
            else:
                self._keep(report.output[:finished])
            if self.moves is not None and finished:
                self._move(self.moves)

    def _move(self, moves: Metropolis) -> None:
        """Make the draws up to the next one by NUTS by independence steps."""
        begin = self.done
        end = min(begin + CYCLE - 1, self.total)
        if begin == end:
            return
        position, _, log_density = chosen_point(self.state.tree)
        steps = moves.steps(position, log_density, end - begin)
        kinetic = 0.5 * (self._momenta.draws(begin, end)[0] ** 2).sum(axis=1)
        columns = np.zeros((end - begin, len(STATS)))
        for name, values in (
            ("lp", steps.log_densities),
            ("acceptance_rate", steps.acceptance),
            ("step_size", np.exp(self.state.step.log_step)),
            ("step_size_bar", np.exp(self.state.step.log_average)),
            ("energy", kinetic - steps.log_densities),
        ):
            columns[:, STATS.index(name)] = values
        self._keep(np.concatenate([steps.positions, columns], axis=1), independent=True)
        if not np.array_equal(steps.positions[-1], position):
            tree = trajectory.empty(steps.positions[-1], self._settings.max_treedepth)
            self.state = self.state._replace(tree=tree)
            self._moved = True

    def progress(self) -> ChainProgress:
        """Return where the chain stands."""
        phase: Phase = "sampling"
        if self.complete:
            phase = "done"
        elif self.done < self.tune:
            phase = "warm-up"
        return ChainProgress(
            chain=self.number,
            done=self.done,
            total=self.total,
            phase=phase,
            draws_per_second=self.done / self.seconds if self.seconds else 0.0,
            step_size=float(np.exp(self.state.step.log_step)),
            divergences=self.divergences,
            leapfrogs=self.leapfrogs,
        )

    @property
    def _searching(self) -> bool:
        return float(self.state.step.search) != 2

    def _budget(self) -> np.int32:
        if not self._seconds_per_leapfrog:
            return np.int32(1)
        return np.int32(np.clip(_CALL_SECONDS / self._seconds_per_leapfrog, 1, 2**30))

    def _start(self, report: Report) -> None:
        position, gradient, log_density = chosen_point(report.state.tree)
        if not (np.isfinite(log_density) and np.all(np.isfinite(gradient))):
            raise NoStartError(position, log_density, gradient, tries=1)
        self._evaluated = True
        if self._scale is not None:
            self.state = self.state._replace(scale=self._scale)
        elif self._settings.metric != "adapt_diag" and self._settings.tune > 0:
            scale = metric.first_scale(gradient)
            dense = self._settings.metric == "adapt_full"
            self.state = self.state._replace(scale=np.diag(scale) if dense else scale)
        if self._settings.step_size is not None:
            self._set_step(self._settings.step_size)

    def _set_step(self, value: float) -> None:
        self.state = self.state._replace(step=step_size.initial(value, searched=True))

    def _keep(self, output: np.ndarray, independent: bool = False) -> None:
        size, begin, end = self._shape.size, self.done, self.done + len(output)
        columns = output[:, size : size + len(STATS)]
        self.rows.put(begin, output[:, :size], columns, independent)
        if begin < len(self._gradients):
            self._gradients[begin:end] = output[: len(self._gradients) - begin, -size:]
        kept = columns[max(self.tune - begin, 0) :]
        self.divergences += int(np.sum(kept[:, STATS.index("status")] == DIVERGED))
        self.done = end
        if len(output) and end in self._dense_windows:
            window = slice(self._dense_windows[end], end)
            factor = fisher.factor_from_gradients(
                self.rows.positions(window.start, window.stop),
                self._gradients[window],
                np.asarray(self.state.scale),
                around=self._scale,
            )
            self.state = self.state._replace(scale=factor)
            if end == len(self._gradients):
                self._gradients = np.zeros((0, size))
