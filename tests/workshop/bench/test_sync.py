# SPDX-License-Identifier: Apache-2.0
"""`pengpos bench sync` measures what it says, on a small scale; how fast this machine is, is no test's business."""

import re

import pytest
from click.testing import CliRunner

from workshop.bench.cli import bench
from workshop.bench.sync import SyncFigures


@pytest.fixture(scope="module")
def said() -> str:
    done = CliRunner().invoke(bench, ["sync", "--payments", "200"])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize(
    "line",
    [
        r"^200 payments, backend 20 ms away: \d+\.\d s, 1 calls$",
        r"^  batches of 200 +\d+ payments/s   goal 500$",
        r"^  one by one +\d+ payments/s   batches are \d+ times as fast, goal 10$",
        r"^  loop blocked +\d+\.\d ms at most   goal 20$",
        r"^    of it own work +\d+\.\d ms at most$",
        r"^    an idle loop +\d+\.\d ms at most   in the same run: the machine's share$",
    ],
    ids=["what", "batches and goal", "one by one, the floor", "blocked and goal", "own work", "idle, the floor"],
)
def test_each_figure_stands_beside_its_goal_or_floor(said: str, line: str) -> None:
    assert re.search(line, said, re.MULTILINE)


def test_figures_are_written_as_they_are() -> None:
    figures = SyncFigures(
        payments=1_000,
        drained_s=2.0,
        one_by_one_per_s=50.0,
        loop_blocked_most_s=0.0123,
        loop_worked_most_s=0.004,
        idle_loop_blocked_most_s=0.0011,
        requests=5,
    )
    assert figures.per_second == 500
    assert figures.as_lines() == [
        "1000 payments, backend 20 ms away: 2.0 s, 5 calls",
        "  batches of 200        500 payments/s   goal 500",
        "  one by one             50 payments/s   batches are 10 times as fast, goal 10",
        "  loop blocked         12.3 ms at most   goal 20",
        "    of it own work      4.0 ms at most",
        "    an idle loop        1.1 ms at most   in the same run: the machine's share",
    ]
