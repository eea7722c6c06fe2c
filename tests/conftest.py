# SPDX-License-Identifier: Apache-2.0
"""Fixtures for every room, and what hypothesis keeps to in all of them."""

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

settings.register_profile("no_clock", deadline=None)
settings.load_profile("no_clock")
"""An example that took long on a busy machine is no failure: no test here is one of time."""
