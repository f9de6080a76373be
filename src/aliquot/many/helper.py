"""The program of a process that does tasks for another: it reads them, and writes what they give.

It ends with the one that it works for, whose end is the end of its input.
"""

from __future__ import annotations

import gc
import os
import pickle
import sys
from typing import Any, BinaryIO

from aliquot.blas import one_thread


def main() -> None:
    """Do tasks until there are no more."""
    asked = os.fdopen(os.dup(0), "rb")
    told = os.fdopen(os.dup(1), "wb")
    # What anything prints is for people.
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    # Programs and traces live as long as this does: to look through them takes some percent.
    gc.set_threshold(50_000, 20, 100)
    with one_thread():
        serve(asked, told)


def serve(asked: BinaryIO, told: BinaryIO) -> None:
    """Read a task, and then what it is to be done with, again and again."""
    try:
        written = pickle.load(asked)
    except EOFError:
        return
    task: Any = None
    while True:
        try:
            content = pickle.load(asked)
        except EOFError:
            return
        try:
            task = task or pickle.loads(written)
            job, seed = pickle.loads(content)
            answer = pickle.dumps((True, task(job, seed, 1)))
        except Exception as error:  # a function, say, that is not to be found here
            answer = pickle.dumps((False, f"{type(error).__name__}: {error}"))
        try:
            told.write(answer)
            told.flush()
        except OSError:  # nobody listens any more
            os._exit(0)


if __name__ == "__main__":
    main()
