# SPDX-License-Identifier: Apache-2.0
"""A child ends with its parent. That the kernel ends it: `tests/workshop/test_processes.py`."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

ASKED_TWICE = """
import os
from terminal.parent import end_with_parent
end_with_parent()
end_with_parent()
print("PENGPOS_PARENT" in os.environ)
"""


def test_a_child_does_not_pass_its_parent_on() -> None:
    environment = {**os.environ, "PENGPOS_PARENT": str(os.getpid())}
    said = subprocess.run(
        [sys.executable, "-c", ASKED_TWICE], env=environment, capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert said.stdout.strip() == "False"


def test_a_child_whose_parent_has_gone_already_does_not_begin() -> None:
    gone = subprocess.run(
        [sys.executable, "-m", "terminal", "--version"],
        env={**os.environ, "PENGPOS_PARENT": "1"}, capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert (gone.returncode, gone.stdout) == (1, "")
