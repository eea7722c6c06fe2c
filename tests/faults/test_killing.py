# SPDX-License-Identifier: Apache-2.0
"""The daemon is killed, the medium fills up or fails: nothing acknowledged is lost, and selling goes on."""

import errno
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults import iotrace

Count = Callable[[str, object], None]


def test_a_killed_seller_keeps_its_promises(tmp_path: Path, record_property: Count, *, everywhere: bool) -> None:
    root, kills = Path(__file__).parents[2], 300 if everywhere else 24
    command = [sys.executable, "-m", "tests.faults.killing", str(tmp_path), str(kills), "7"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=100 + 4 * kills, check=True)
    found = json.loads(done.stdout)
    record_property("faults", {"kill -9 of a process, at random": found["kills"]})
    record_property("wrong", {"lost": len(found["wrong"])})
    assert found["wrong"] == []
    assert (found["kills"], found["acknowledged"] >= kills) == (kills, True)


@pytest.mark.parametrize(
    ("error", "count"),
    [(errno.ENOSPC, 1), (errno.ENOSPC, 30), (errno.EIO, 1), (errno.EIO, 4)],
    ids=["full for one call", "full for thirty", "one error", "four errors"],
)
def test_a_failing_medium_loses_nothing_and_selling_goes_on(
    tmp_path: Path, shim: Path, record_property: Count, error: int, count: int, *, everywhere: bool
) -> None:
    step, timeout_s = ("1", 1_800) if everywhere else ("7", 100)
    arguments = (str(tmp_path), str(error), str(count), step)
    found = json.loads(iotrace.run(shim, tmp_path, "tests.faults.failing", *arguments, timeout_s=timeout_s))
    record_property("faults", {f"{errno.errorcode[error]} below the database": found["faults"]})
    record_property("wrong", {"lost": len(found["wrong"])})
    assert found["wrong"] == []
    assert found["faults"] >= 15
    assert found["refused"] >= 5


@pytest.mark.parametrize(("count", "fails"), [(1, False), (8, True)], ids=["one read", "eight reads"])
def test_a_failed_read_is_no_damage_and_selling_goes_on(
    tmp_path: Path, shim: Path, record_property: Count, count: int, *, fails: bool, everywhere: bool
) -> None:
    """Also the advice to set a journal aside is given only where a file opened anew is damaged still."""
    arguments = (str(tmp_path), str(count), "1" if everywhere else "2")
    found = json.loads(iotrace.run(shim, tmp_path, "tests.faults.failing_reads", *arguments))
    record_property("faults", {"EIO at a read": found["faults"]})
    record_property("wrong", {"lost": len(found["wrong"])})
    assert found["wrong"] == []
    assert found["faults"] >= 5
    assert (found["failed"] > 0) == fails
