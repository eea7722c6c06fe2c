# SPDX-License-Identifier: Apache-2.0
"""Every thread of ours has a name that a log or a debugger shows, and every pool of them a bound."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("drivers", "offline_queue", "pengpos", "provisioning", "sandbox", "scripts", "terminal", "ui", "workshop")
MADE_OF: dict[str, dict[str, int | None]] = {
    "Thread": {"name": 2},
    "Timer": {"name": None},  # takes none: a Timer cannot be named, so there is none
    "ThreadPoolExecutor": {"max_workers": 0, "thread_name_prefix": 1},
    "ProcessPoolExecutor": {"max_workers": 0},
    "Queue": {"maxsize": 0},
}  # fmt: skip
"""What must be said when one is made, with the place of it where it is no keyword."""


def sources() -> list[Path]:
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def unsaid(source: str) -> Iterator[tuple[int, str]]:
    """(line, what is not said) of each thread, pool and queue that a source makes."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        made = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        named = {keyword.arg for keyword in node.keywords}
        for what, place in MADE_OF.get(made, {}).items():
            if what not in named and (place is None or len(node.args) <= place):
                yield node.lineno, f"{made} without {what}"


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_threads_are_named_and_pools_and_queues_bounded(path: Path) -> None:
    assert list(unsaid(path.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("threading.Thread(target=work)", ["Thread without name"]),
        ("Thread(target=work, name='work')", []),
        ("threading.Timer(1.0, work)", ["Timer without name"]),
        ("ThreadPoolExecutor(4)", ["ThreadPoolExecutor without thread_name_prefix"]),
        ("ThreadPoolExecutor(thread_name_prefix='work')", ["ThreadPoolExecutor without max_workers"]),
        ("ThreadPoolExecutor(4, 'work')", []),
        ("futures.ProcessPoolExecutor()", ["ProcessPoolExecutor without max_workers"]),
        ("queue.Queue()", ["Queue without maxsize"]),
        ("asyncio.Queue(8)", []),
    ],
)  # fmt: skip
def test_what_is_not_said_is_found(source: str, said: list[str]) -> None:
    assert [what for _, what in unsaid(source)] == said
