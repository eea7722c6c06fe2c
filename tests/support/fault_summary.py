# SPDX-License-Identifier: Apache-2.0
"""Prints what the fault tests of a run have injected and found: pytest hooks, for `tests/conftest.py`.

A test says what it injected by `record_property("faults", …)`, a mapping of kinds to numbers; what was wrong by
`record_property("wrong", …)`. `--everywhere` asks for the long form; `--faults-at-least N` fails a run that injected
fewer.
"""

from collections import Counter
from typing import Any

import pytest

WRONG = ("lost", "doubled", "shown wrongly", "unfinished")


def pytest_addoption(parser: pytest.Parser) -> None:
    """What `make faults` adds."""
    group = parser.getgroup("faults")
    group.addoption("--everywhere", action="store_true", help="the long form of the fault campaign: every place")
    group.addoption("--faults-at-least", type=int, default=0, help="fail if fewer faults were injected")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One table for all workers; nothing where no fault was injected."""
    faults, wrong = _counted(terminalreporter)
    if not faults:
        return
    terminalreporter.section("faults injected")
    for kind, number in sorted(faults.items()):
        terminalreporter.line(f"{number:6,}  {kind}")
    verdicts = ", ".join(f"{wrong[kind]} {kind}" for kind in (*WRONG, *sorted(set(wrong) - set(WRONG))))
    terminalreporter.line(f"{faults.total():6,}  in all: {verdicts}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Too few is a failure: a campaign that quietly shrank proves nothing."""
    least: int = session.config.getoption("--faults-at-least")
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if least and reporter is not None and not hasattr(session.config, "workerinput"):
        injected = _counted(reporter)[0].total()
        if injected < least:
            reporter.line(f"only {injected:,} of {least:,} faults were injected")
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _counted(reporter: pytest.TerminalReporter) -> tuple[Counter[str], Counter[str]]:
    faults: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for reports in reporter.stats.values():
        for report in reports:
            properties = dict(_properties(report))
            faults += Counter(properties.get("faults", {}))
            wrong += Counter(properties.get("wrong", {}))
    return faults, wrong


def _properties(report: object) -> list[tuple[str, Any]]:
    if not isinstance(report, pytest.TestReport) or report.when != "call":
        return []
    return list(report.user_properties)
