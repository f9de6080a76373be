"""Programs kept for their owners: each is made once, and nobody waits for another owner's."""

from __future__ import annotations

import threading

from aliquot.compilation import kept


class Owner:
    pass


def test_another_owner_s_program_is_not_waited_for() -> None:
    slow, quick = Owner(), Owner()
    begun, done = threading.Event(), threading.Event()

    def take_long() -> bool:
        begun.set()
        return done.wait(60)

    found: list[tuple[bool, bool]] = []
    thread = threading.Thread(target=lambda: found.append(kept(slow, "f", [], take_long)))
    thread.start()
    try:
        assert begun.wait(60)
        # Were this to wait for the other, that one would end without its event.
        assert kept(quick, "f", [], lambda: 1) == (1, True)
    finally:
        done.set()
        thread.join()
    assert found == [(True, True)]


def test_of_threads_that_ask_for_the_same_one_makes_it() -> None:
    owner, begun, go = Owner(), threading.Barrier(4), threading.Event()
    made: list[int] = []

    def make() -> int:
        go.wait(0.2)
        made.append(1)
        return len(made)

    def ask() -> None:
        begun.wait(60)
        found.append(kept(owner, "f", [0.0], make))

    found: list[tuple[int, bool]] = []
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [(1, False)] * 3 + [(1, True)]


def test_two_programs_of_one_owner_are_made_at_the_same_time():
    """Each waits for the other to have begun: in turns neither would end."""

    def owner() -> None: ...

    both = threading.Barrier(2, timeout=60)
    found = []
    threads = [
        threading.Thread(target=lambda key=key: found.append(kept(owner, key, [], both.wait)))
        for key in ("f", "g")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [(0, True), (1, True)]
