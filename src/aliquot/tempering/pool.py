"""Threads that move the blocks of all chains, whichever is ready."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from aliquot.background import Background
from aliquot.mcmc.recorder import Recording
from aliquot.mcmc.result import ChainProgress
from aliquot.precision import float64
from aliquot.tempering.chain import TemperedChain
from aliquot.tempering.program import RungBlock, Scanned

OnProgress = Callable[[list[ChainProgress]], None]
# Moves a block: the rungs of a chain from the first to before the last.
Move = Callable[[TemperedChain, RungBlock, int, int], Scanned]
_PROGRESS_SECONDS = 0.1


class BlockPool:
    """The work of a round: blocks that wait, and threads that take them.

    The worker that brings back the last block of a scan swaps and puts the next scan's blocks into
    the queue. Which worker does what makes no difference to what is computed.
    """

    def __init__(
        self,
        chains: Sequence[TemperedChain],
        move: Move,
        blocks: Sequence[tuple[int, int]],
        workers: int,
        stop: threading.Event | None,
        recording: Recording,
    ) -> None:
        self._chains = chains
        self._recording = recording
        self._move = move
        self._workers = workers
        self._stop = stop
        self._ready = threading.Condition()
        self._halt = False
        self._error: BaseException | None = None
        self._left = {chain.number: 0 for chain in chains}
        self._blocks = blocks
        self._waiting: deque[tuple[TemperedChain, int, int]] = deque()

    def run(self, on_progress: OnProgress | None) -> bool:
        """Do what there is to do before the pause, and return whether it was interrupted."""
        for chain in self._chains:
            if not chain.paused:
                chain.scan()
            self._enqueue(chain)
        threads = [Background(target=self._guard) for _ in range(self._workers)]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                while thread.is_alive():
                    thread.join(_PROGRESS_SECONDS)
                    if on_progress is not None and thread.is_alive():
                        on_progress([chain.progress() for chain in self._chains])
                    self._recording.record(always=False, dropping=True)
        except KeyboardInterrupt:
            pass
        finally:
            self._end()
            for thread in threads:
                if thread.ident is not None:
                    thread.join()
        interrupted = not all(chain.paused for chain in self._chains)
        drawing = all(chain.done > chain.tune for chain in self._chains)
        self._recording.record(always=interrupted or drawing, dropping=True)
        if self._error is not None:
            raise self._error
        if on_progress is not None:
            on_progress([chain.progress() for chain in self._chains])
        return interrupted

    def _guard(self) -> None:
        try:
            with float64():
                self._work()
        except BaseException as error:
            self._error = self._error or error
            self._end()

    def _work(self) -> None:
        while (job := self._take()) is not None:
            chain, first, last = job
            made = self._move(chain, chain.block(first, last), first, last)
            chain.absorb(first, last, made)
            with self._ready:
                self._left[chain.number] -= 1
                over = self._left[chain.number] == 0
            if over:
                self._wait_for_room()
                with chain.lock:
                    chain.swap()
                if not chain.paused:
                    chain.scan()
                self._enqueue(chain)

    def _wait_for_room(self) -> None:
        """Let the recorder catch up where chains draw faster than it writes."""
        while self._recording.behind and not self._ended():
            time.sleep(_PROGRESS_SECONDS / 10)

    def _enqueue(self, chain: TemperedChain) -> None:
        with self._ready:
            if not chain.paused:
                self._left[chain.number] = len(self._blocks)
                self._waiting.extend((chain, first, last) for first, last in self._blocks)
            self._ready.notify_all()

    def _take(self) -> tuple[TemperedChain, int, int] | None:
        with self._ready:
            while True:
                if self._ended() or all(chain.paused for chain in self._chains):
                    self._ready.notify_all()
                    return None
                if self._waiting:
                    return self._waiting.popleft()
                self._ready.wait(_PROGRESS_SECONDS)

    def _ended(self) -> bool:
        return self._halt or (self._stop is not None and self._stop.is_set())

    def _end(self) -> None:
        with self._ready:
            self._halt = True
            self._ready.notify_all()
