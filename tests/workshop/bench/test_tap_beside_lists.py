# SPDX-License-Identifier: Apache-2.0
"""`pengpos bench lists` measures what it says; how fast this machine is, is no test's business."""

import subprocess
import sys


def test_each_figure_is_there() -> None:
    command = [sys.executable, "-m", "terminal", "bench", "lists", "--taps", "2", "--stored", "230", "--clients", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    said = done.stdout
    assert "accepted offline, durable, receipt signed; 230 payments stored:" in said
    assert "idle terminal" in said
    assert "1 clients page through all sales" in said
    assert "beside lists / idle" in said
    assert "goal p99 2" in said
