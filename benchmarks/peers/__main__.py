"""The command line: ``python -m benchmarks.peers run | reference | loop | page``."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from benchmarks.peers.cases import CASES

ROOT = Path(__file__).parents[2]


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="measure, and add to results/")
    run.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES), metavar="CASE")
    run.add_argument("--libraries", nargs="+", metavar="LIBRARY")
    run.add_argument("--repeats", type=int, default=3)
    run.add_argument("--fresh", action="store_true", help="replace older rows of these libraries")
    reference = commands.add_parser("reference", help="make a long run of a case to judge by")
    reference.add_argument("case", nargs="+", choices=CASES, metavar="CASE")
    commands.add_parser("loop", help="time the loop in C++ (needs g++)")
    page = commands.add_parser("page", help="write docs/benchmarks.md and its pictures")
    run.add_argument(
        "--python",
        nargs="+",
        default=[],
        metavar="LIBRARY=PATH",
        help="the Python that runs a library, or the peers: aliquot=..., peers=..., stan=...",
    )
    page.add_argument("--results", type=Path)
    given = parser.parse_args(arguments)
    if given.command == "page":
        from benchmarks.peers.page import write_page

        write_page(given.results)
        return
    if given.command == "loop":
        from benchmarks.peers.loop import measure

        print(f"{measure():.1f} ns a row")
        return
    if given.command == "reference":
        from benchmarks.peers.reference import make

        for case in given.case:
            make(CASES[case])
        return
    from benchmarks.peers.run import run as run_all

    # Asked to end, it ends what it has started, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    run_all(
        given.cases,
        given.libraries,
        given.repeats,
        fresh=given.fresh,
        pythons=dict(pair.split("=", 1) for pair in given.python),
    )


if __name__ == "__main__":
    main(sys.argv[1:])
