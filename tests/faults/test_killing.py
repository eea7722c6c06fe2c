# SPDX-License-Identifier: Apache-2.0
"""The daemon is killed, the medium fills up or fails: nothing acknowledged is lost, and selling goes on."""

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import iotrace


def test_a_killed_seller_keeps_its_promises(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.faults.killing", str(tmp_path), "24", "7"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=100, check=True)
    found = json.loads(done.stdout)
    assert found["wrong"] == []
    assert (found["kills"], found["acknowledged"] >= 24) == (24, True)


@pytest.mark.parametrize(
    ("error", "count"),
    [(errno.ENOSPC, 1), (errno.ENOSPC, 30), (errno.EIO, 1), (errno.EIO, 4)],
    ids=["full for one call", "full for thirty", "one error", "four errors"],
)
def test_a_failing_medium_loses_nothing_and_selling_goes_on(tmp_path: Path, shim: Path, error: int, count: int) -> None:
    found = json.loads(iotrace.run(shim, tmp_path, "tests.faults.failing", str(tmp_path), str(error), str(count), "11"))
    assert found["wrong"] == []
    assert found["faults"] >= 15
    assert found["refused"] >= 5
