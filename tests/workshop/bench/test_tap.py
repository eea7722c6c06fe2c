# SPDX-License-Identifier: Apache-2.0
"""`pengpos bench tap` measures what it says; how fast this machine is, is no test's business."""

import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def said() -> str:
    command = [sys.executable, "-m", "terminal", "bench", "tap"]
    options = ["--taps", "4", "--radio-taps", "3", "--insertions", "2"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "figure",
    [
        "a plain sale: 4 exchanges, 7",
        "floor: exchanges, 2 signature checks, fsync",
        "tap / floor",
        "pcscd reports a phone -> SELECT at the phone",
        "simulated radio at 106 kbit/s",
        "phone in the field -> SELECT at the phone",
        "idle polling:",
        "APDU answered in the daemon",
        "message read by the reader",
    ],
)
def test_each_figure_is_there(said: str, figure: str) -> None:
    assert figure in said
