"""A run that is written to a store while it draws."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.inference.described import described
from aliquot.inference.identity import identity
from aliquot.inference.permute import permuted
from aliquot.inference.run_options import RunOptions
from aliquot.inference.sampling import AskedStart
from aliquot.inference.stored_approximation import to_arrays
from aliquot.mcmc.machine import STATS
from aliquot.mcmc.recorder import KeptChain, NewDraws
from aliquot.mcmc.result import ChainDraws, named_stats
from aliquot.model import Model
from aliquot.results import build_dataset, build_tree, groups_of, tree_of
from aliquot.storage import MOST_NUMBERS, Checkpoint, RunStore, make, open_run, require_zarr
from aliquot.symmetry import Symmetries
from aliquot.tempering.chain import LOG_RATIO

if TYPE_CHECKING:
    import xarray

# Draws are put on their own scale in blocks that begin at multiples of so many, so that a number
# does not depend on where a run was interrupted.
BLOCK = 1024
# Seconds between two commits: these, and so many times what the last one took.
SECONDS, SHARE = 1.0, 40.0
# Numbers in memory that ask for a commit before that.
WAITING = 4_000_000
WARMUP = "warmup_"
INDEPENDENCE = "independence"
# Under which name a store keeps the fit that a run begins at.
FIT = "fit"
_STATS = "sample_stats"
# What there is of every draw, however it was made.
_OF_ALL = {*named_stats(np.zeros((0, len(STATS)))), INDEPENDENCE}


def create(
    path: Path, model: Model, density: Any, options: RunOptions, beginning: AskedStart
) -> RunStore:
    """Make the store of a run, before anything has been drawn; it holds a fit that this begins at.

    Raises
    ------
    StorageError
        Where it cannot be made, or zarr is not there.
    """
    require_zarr()
    chains, draws = options.chains, options.settings.draws
    nothing = np.zeros((chains, 0, density.size))
    values = density.constrain_draws(nothing)
    stats = named_stats(np.zeros((chains, 0, len(STATS))))
    groups = {
        "posterior": values,
        _STATS: stats | {INDEPENDENCE: np.zeros((chains, 0), bool)},
        "unconstrained_posterior": density.split(nothing),
        "warmup_posterior": values,
        "warmup_sample_stats": stats,
        "warmup_unconstrained_posterior": density.split(nothing),
    }
    tree = build_tree(**groups, **described(model), attrs={"partial": True, "model": str(model)})
    said = {
        "options": options.described(),
        "beginning": beginning.described(options),
        "identity": identity(model, density),
    }
    fit = {} if beginning.given is None else {FIT: to_arrays(beginning.given)}
    make(path, tree, said, draws, fit)
    return RunStore.open(path)


class StoredRun:
    """Records the draws of chains in a store: see `mcmc.recorder.Recorder`."""

    def __init__(self, store: RunStore, density: Any) -> None:
        self.store = store
        self._density = density
        self._last = time.perf_counter()
        self._took = 0.0

    def kept(self) -> Sequence[KeptChain] | None:
        """Give what was recorded of each chain by a run that ended."""
        checkpoint = self.store.checkpoint
        if checkpoint is None:
            return None
        result = []
        for chain, snapshot in enumerate(checkpoint.snapshots):
            count = min(checkpoint.done[chain], checkpoint.tune[chain])
            result.append(
                KeptChain(
                    snapshot,
                    self.positions(WARMUP, chain, 0, count),
                    self.store.take(f"{WARMUP}sample_stats", "lp", chain, 0, count),
                )
            )
        return result

    def due(self, waiting: int) -> bool:
        """Say whether to record now."""
        since = time.perf_counter() - self._last
        return waiting > WAITING or since > max(SECONDS, SHARE * self._took)

    def record(self, parts: Sequence[NewDraws]) -> None:
        """Write what all chains have drawn, and commit it."""
        began = time.perf_counter()
        for part in parts:
            warm = int(np.clip(part.tune - part.begin, 0, len(part.positions)))
            self._put(WARMUP, part, slice(0, warm), part.begin)
            self._put("", part, slice(warm, None), part.begin + warm - part.tune)
        self.store.commit(
            Checkpoint(
                0,
                [part.end for part in parts],
                [part.tune for part in parts],
                [part.snapshot for part in parts],
            )
        )
        self._last = time.perf_counter()
        self._took = self._last - began

    def positions(self, prefix: str, chain: int, begin: int, end: int) -> np.ndarray:
        """Read unconstrained draws (end - begin, d) of a chain."""
        parts = [
            self.store.take(
                f"{prefix}unconstrained_posterior", slot.unconstrained_name, chain, begin, end
            ).reshape(end - begin, slot.stop - slot.start)
            for slot in self._density.slots
        ]
        return np.concatenate(parts, axis=1)

    def seen(self, run: ChainDraws, *, whole: bool = False) -> ChainDraws:
        """Read a run's draws: all of them, or of very many every so many of those after warm-up.

        The `whole` of them with what only some ways of drawing tell.
        """
        done, chains = max(int(run.completed.min()) - run.tune, 0), len(run.completed)
        kept = range(0, done, self._step(run, self._density.size + len(STATS)))
        names = [n for n in self.store.groups[_STATS] if n in _OF_ALL]
        stats = {n: self._every(partial(self.store.take, _STATS, n), chains, kept) for n in names}
        return replace(
            run,
            positions=self._every(
                partial(self.positions, ""), chains, kept, width=self._density.size
            ),
            stats=stats,
            tune=0,
            completed=np.full(chains, len(kept)),
            independent=stats[INDEPENDENCE],
            further=self._further(run) if whole else {},
        )

    def _further(self, run: ChainDraws) -> dict[str, np.ndarray]:
        done, chains = max(int(run.completed.min()) - run.tune, 0), len(run.completed)
        names = [n for n in self.store.groups[_STATS] if n not in _OF_ALL]
        if not done:
            return {}
        widths = {n: prod(self.store.shape_of_draw(_STATS, n)) for n in names}
        step = self._step(run, sum(widths.values()))
        # The last draw is among them: it says how many round trips there were.
        kept = range((done - 1) % step, done, step)
        return {
            n: self._every(partial(self.store.take, _STATS, n), chains, kept, width)
            for n, width in widths.items()
        }

    def _step(self, run: ChainDraws, width: int) -> int:
        """Say of how many draws one is looked at, where each is so many numbers."""
        draws = max(int(run.completed.min()) - run.tune, 0)
        return -(-draws * len(run.completed) * width // MOST_NUMBERS) or 1

    def _every(
        self,
        take: Callable[[int, int, int], np.ndarray],
        chains: int,
        kept: range,
        width: int = 1,
    ) -> np.ndarray:
        return np.stack([_some(partial(take, chain), kept, width) for chain in range(chains)])

    def permute(self, symmetries: Symmetries, seed: int) -> bool:
        """Let the components of every recorded draw trade places; say whether that was right.

        It is made of the unconstrained draws, which stay: when it is done again, after a run was
        extended or cut short, the same comes out.
        """
        done = self.store.lengths["posterior"]
        chains = len(self.store.checkpoint.done) if self.store.checkpoint else 0
        for moving in (True, False):
            for first in range(0, done, BLOCK):
                end = min(first + BLOCK, done)
                each = [
                    self._constrained(self.positions("", chain, first, end))
                    for chain in range(chains)
                ]
                values = {name: np.stack([one[name] for one in each]) for name in each[0]}
                moved = permuted(self._density, symmetries, values, seed, first) if moving else None
                if moving and moved is None:
                    break
                for name, draws in (moved or values).items():
                    for chain in range(chains):
                        self.store.put("posterior", name, chain, first, draws[chain])
            else:
                return moving
        return False

    def trees(
        self,
        run: ChainDraws,
        attrs: Mapping[str, Any],
        options: RunOptions,
        symmetries: Symmetries | None,
    ) -> tuple[xarray.DataTree, xarray.DataTree]:
        """Give the tree of the run, and one to check: the same, or of very many draws some."""
        if symmetries is not None and self.permute(symmetries, options.seed):
            attrs = {**attrs, "label_switching": "permute"}
        self.store.show({**attrs, "partial": True})
        whole = open_run(self.store.path)
        drop = set() if options.keep_unconstrained else {"unconstrained_posterior"}
        if not options.keep_warmup and int(run.completed.min()) > run.tune:
            drop |= {name for name in whole.children if name.startswith(WARMUP)}
        if not options.keep_unconstrained:
            drop.add(f"{WARMUP}unconstrained_posterior")
        groups = {k: v for k, v in groups_of(whole).items() if k not in drop}
        working = [n for n in groups[_STATS].variables if str(n).startswith(LOG_RATIO)]
        groups[_STATS] = groups[_STATS].drop_vars(working)
        if not run.interrupted:
            for dataset in groups.values():
                dataset.attrs["partial"] = 0
        numbers = sum(a.size for d in groups.values() for a in d.data_vars.values())
        step = -(-numbers // MOST_NUMBERS) or 1
        if step == 1:
            # Nothing is left of how it was stored, so that it can be stored in another way.
            groups = {name: dataset.load().drop_encoding() for name, dataset in groups.items()}
        stats = groups[_STATS]
        if step == 1 and not stats[INDEPENDENCE].values.any():
            groups[_STATS] = stats.drop_vars(INDEPENDENCE)
        tree = tree_of(groups, {**whole.attrs, "partial": int(run.interrupted)})
        if step == 1:
            return tree, tree
        some = {
            name: dataset.isel(draw=slice(None, None, step), missing_dims="ignore")
            for name, dataset in groups.items()
            if name in ("posterior", _STATS, "observed_data", "constant_data")
        }
        return tree, tree_of({name: d.load() for name, d in some.items()}, tree.attrs)

    def _put(self, prefix: str, part: NewDraws, which: slice, begin: int) -> None:
        """Write some draws of a part; the first is draw `begin` of its group."""
        positions = part.positions[which]
        if not len(positions):
            return
        chain, store = part.chain, self.store
        for name, values in self._density.split(positions).items():
            store.put(f"{prefix}unconstrained_posterior", name, chain, begin, values)
        stats = named_stats(part.columns[which])
        if not prefix:
            stats[INDEPENDENCE] = part.independent[which]
            stats |= {name: values[which] for name, values in part.further.items()}
            self._make_room_for(part.further)
        for name, values in stats.items():
            store.put(f"{prefix}sample_stats", name, chain, begin, values)
        first = begin // BLOCK * BLOCK
        before = self.positions(prefix, chain, first, begin)
        for name, values in self._constrained(np.concatenate([before, positions])).items():
            store.put(f"{prefix}posterior", name, chain, begin, values[begin - first :])

    def _make_room_for(self, further: Mapping[str, np.ndarray]) -> None:
        """Let the store have arrays whose shapes are not known before the warm-up has ended."""
        store, known = self.store, self.store.groups[_STATS]
        if all(
            name in known and store.shape_of_draw(_STATS, name) == values.shape[1:]
            for name, values in further.items()
        ):
            return
        options = store.description["options"]
        nothing = {
            name: np.zeros((options["chains"], 0, *values.shape[1:]), values.dtype)
            for name, values in further.items()
        }
        dataset = build_dataset(_STATS, nothing, dims={}, coords={}, attrs={}, sampled=True)
        store.add(_STATS, dataset, options["settings"]["draws"])

    def _constrained(self, positions: np.ndarray) -> dict[str, np.ndarray]:
        """Put draws (n, d), of which the first begins a block, on their own scale."""
        count = len(positions)
        spare = np.repeat(positions[-1:], -count % BLOCK, axis=0)
        found = self._density.constrain_draws(np.concatenate([positions, spare]))
        return {name: values[:count] for name, values in found.items()}


def _some(take: Callable[[int, int], np.ndarray], kept: range, width: int) -> np.ndarray:
    """Read some draws of a chain, so `width` numbers each, and never very many at a time."""
    length = kept.step * max(WAITING // (width * kept.step), 1)
    begins = range(kept.start, max(kept.stop, kept.start + 1), length)
    return np.concatenate([take(b, min(b + length, kept.stop))[:: kept.step] for b in begins])
