# SPDX-License-Identifier: Apache-2.0
"""What the fault tests share: the shim below SQLite, compiled once."""

from pathlib import Path

import pytest

from tests.faults import iotrace


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`iotrace.c` as a library to preload."""
    return iotrace.build(tmp_path_factory.mktemp("iotrace"))
