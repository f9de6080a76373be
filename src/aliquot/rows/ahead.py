"""What comes next is worked out in a thread, while its user is at what came before."""

from __future__ import annotations

import atexit
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from queue import SimpleQueue

from aliquot.background import Background

_running: weakref.WeakSet[_Ahead] = weakref.WeakSet()


def ahead[Thing](
    numbers: Sequence[int], make: Callable[[int], Thing], ended: Callable[[bool], None]
) -> Iterator[Thing]:
    """Give what is made of each number, the next one being made meanwhile, and no more than one.

    Parameters
    ----------
    numbers : sequence of int
    make : callable
        Called in a thread of its own, which ends when the iterator is closed, or with what is being
        made at that time.
    ended : callable
        Called last, in the same thread, with whether all went well to the end.

    Raises
    ------
    BaseException
        What `make` raises.

    Examples
    --------
    >>> list(ahead(range(3), lambda number: number**2, lambda well: None))
    [0, 1, 4]
    """
    work = _Ahead()
    _running.add(work)
    results: SimpleQueue[tuple[Thing | None, BaseException | None, bool]] = SimpleQueue()

    def run() -> None:
        failed: BaseException | None = None
        well = False
        try:
            for number in numbers:
                work.room.acquire()
                if work.stopped:
                    return
                made = make(number)
                results.put((made, None, False))
                # The user alone holds it from now on.
                del made
            well = True
        except BaseException as error:
            failed = error
        finally:
            try:
                ended(well)
            except BaseException as error:
                failed = failed or error
            results.put((None, failed, True))

    thread = Background(target=run, name="aliquot-rows")
    try:
        thread.start()
        while True:
            made, failed, last = results.get()
            if failed is not None:
                raise failed
            if last:
                return
            work.room.release()
            yield made  # type: ignore[misc]
            del made
    finally:
        work.stop()
        if thread.ident is None:  # it could not begin
            ended(False)
        # Not where the iterator is thrown away by that very thread, in a collection of garbage.
        elif threading.current_thread() is not thread:
            thread.join()


class _Ahead:
    """Whether there is room for one more, and whether nothing more is wanted."""

    def __init__(self) -> None:
        self.room = threading.Semaphore(1)
        self.stopped = False

    def stop(self) -> None:
        self.stopped = True
        self.room.release()


@atexit.register
def _stop() -> None:
    """Have none wait for a user that is no more; `Background` then waits for their ends."""
    for work in list(_running):
        work.stop()
