# SPDX-License-Identifier: Apache-2.0
"""The screen's benchmark measures what it says: frames after touches and news, and a share of a core."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from workshop.bench.screen import run

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _without_a_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")


def test_every_panel_has_its_figures() -> None:
    lines = list(run(touches=6, over_s=0.2, rests_after_s=0.05))
    assert [line for line in lines if line.endswith(":")] == ["800 × 480:", "1280 × 720:"]
    assert [re.findall(r"n (\d+)", line) for line in lines if "touch →" in line] == [["12"], ["12"]]
    assert sum("% of a core" in line for line in lines) == 6


def test_a_starting_screen_says_when_its_first_frame_is_out() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "workshop.bench.screen"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
        env={**os.environ, "PYGAME_HIDE_SUPPORT_PROMPT": "1"},
    ).stdout  # fmt: skip
    assert said == "frame\n"
