# SPDX-License-Identifier: Apache-2.0
"""`pengpos demo`, once, as its reader runs it: every step is named, and holds."""

import os
import re
import subprocess
import sys
from pathlib import Path

from workshop.demo import STEPS

ROOT = Path(__file__).parents[2]
LIMIT_S = 300.0
"""For a machine that does much besides; alone it takes half a minute."""


def test_every_step_of_the_scripted_day_holds(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PCSCLITE_CSOCK_NAME"}
    done = subprocess.run(
        [sys.executable, "-m", "terminal", "demo", "--home", str(tmp_path / "home")],
        env=environment, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    lines = done.stdout.splitlines()
    for number, step in enumerate(STEPS, 1):
        told = lines.index(f"{number}. {(step.__doc__ or '').splitlines()[0]}")
        assert re.fullmatch(r"   ✓ .+ \(\d+\.\d s\)", lines[told + 1]), lines[told + 1]
    assert lines[-1] == "Every step held."
