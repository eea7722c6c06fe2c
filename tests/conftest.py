# SPDX-License-Identifier: Apache-2.0
"""Fixtures for every room, and what hypothesis keeps to in all of them."""

import os

from hypothesis import settings

from tests.support.fault_summary import pytest_addoption, pytest_sessionfinish, pytest_terminal_summary
from tests.support.pcscd import _service_of_the_process, reader_service, slot, slots

__all__ = [
    "_service_of_the_process",
    "pytest_addoption",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "reader_service",
    "slot",
    "slots",
]

for _name in ("LANGUAGE", "PENGPOS_LANGUAGE"):
    os.environ.pop(_name, None)
os.environ["LC_ALL"] = "C.UTF-8"
"""Consoles speak English here, whoever runs the tests."""

settings.register_profile("no_clock", deadline=None)
settings.load_profile("no_clock")
"""An example that took long on a busy machine is no failure: no test here is one of time."""
