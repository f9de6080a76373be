"""What the long checks share: the tests' settings, and the record that the page is made from."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import (  # noqa: F401  (hooks and fixtures, which pytest finds by name)
    figures_are_closed,
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_configure,
    rng,
    users_precision_is_left_alone,
)
from verification import page

VERIFIED = "aliquot/verified"


@pytest.fixture
def verified(request: pytest.FixtureRequest) -> Iterator[Callable[..., None]]:
    """Record a row of docs/verification.md; a check may have several.

    Called as ``verified(what=..., against=..., cases=<int>, worst=<str>)``: what is checked,
    against what, in how many cases, and how far off the worst of them is, in words. Best called
    before the assertion, so that the page says how far off a check was that has failed.
    """
    given = []

    def record(*, what: str, against: str, cases: int, worst: str) -> None:
        row = {"what": what, "against": against, "cases": int(cases), "worst": worst}
        request.node.user_properties.append((VERIFIED, row))
        given.append(row)

    yield record


class Rows:
    """Collect what the checks report, from the workers too, and write the page at the end."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, Any]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        check = self.found.setdefault(report.nodeid, {"rows": [], "passed": True, "seconds": 0.0})
        check["passed"] &= not report.failed
        check["seconds"] += report.duration
        if report.when == "teardown":
            check["date"] = datetime.date.today().isoformat()
            check["machine"] = page.machine()
            check["rows"] = [row for name, row in report.user_properties if name == VERIFIED]

    def pytest_sessionfinish(self) -> None:
        done = {node: check for node, check in self.found.items() if "date" in check}
        if done:
            page.write(page.kept() | done)


def pytest_sessionstart(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):
        session.config.pluginmanager.register(Rows())
