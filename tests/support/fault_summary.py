# SPDX-License-Identifier: Apache-2.0
"""Prints what the fault tests of a run have injected and found: a pytest hook, for `tests/conftest.py`.

A test says what it injected by `record_property("faults", …)`, a mapping of kinds to numbers; what was wrong by
`record_property("wrong", …)`.
"""

from collections import Counter
from typing import Any

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One table for all workers; nothing where no fault was injected."""
    counts: dict[str, Counter[str]] = {"faults": Counter(), "wrong": Counter()}
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in _properties(report):
                if name in counts:
                    counts[name] += Counter(value)
    faults, wrong = counts["faults"], counts["wrong"]
    if not faults:
        return
    terminalreporter.section("faults injected")
    for kind, number in sorted(faults.items()):
        terminalreporter.line(f"{number:6,}  {kind}")
    verdicts = ", ".join(f"{wrong[kind]} {kind}" for kind in ("lost", "doubled", "shown wrongly", "unfinished"))
    terminalreporter.line(f"{faults.total():6,}  in all: {verdicts}")


def _properties(report: object) -> list[tuple[str, Any]]:
    if not isinstance(report, pytest.TestReport) or report.when != "call":
        return []
    return list(report.user_properties)
