# SPDX-License-Identifier: Apache-2.0
"""A failed journey tells what a person would have seen instead."""

from collections.abc import Generator

import pytest

from tests.sandbox.simulator.browser.counter_page import CounterPage


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Function) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the page's words to the report while the page is still open."""
    report = yield
    counter = item.funcargs.get("counter")
    if report.when == "call" and report.failed and isinstance(counter, CounterPage):
        report.sections.append(("the counter's page", counter.page.inner_text("body")))
    return report
