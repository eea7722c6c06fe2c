# SPDX-License-Identifier: Apache-2.0
"""`pengpos bench`: every bench is a command, its options reach it, and a size that measures nothing is refused."""

import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from workshop.bench import backend, queue, screen, soak, start, sync, tap, tap_beside_lists
from workshop.bench.cli import bench


class Report:
    """What a bench gives back, whichever of the shapes it has."""

    def lines(self) -> list[str]:
        return ["measured"]

    def as_lines(self) -> list[str]:
        return ["measured"]

    def __iter__(self) -> Iterator[str]:
        return iter(["measured"])


RUNS: list[tuple[Any, list[str], dict[str, Any]]] = [
    (queue, ["queue", "--operations", "10", "--rows", "7", "--no-peers"],
     {"operations": 10, "rows": 7, "with_peers": False}),
    (sync, ["sync", "--payments", "3"], {"payments": 3}),
    (tap, ["tap", "--taps", "2", "--radio-taps", "3", "--insertions", "4"],
     {"taps": 2, "radio_taps": 3, "insertions": 4}),
    (tap_beside_lists, ["lists", "--taps", "1", "--stored", "2", "--clients", "3"],
     {"taps": 1, "stored": 2, "clients": 3}),
    (soak, ["soak", "--taps", "5"], {"taps": 5}),
    (screen, ["ui", "--touches", "4", "--seconds", "0.5"], {"touches": 4, "over_s": 0.5}),
    (start, ["start", "--times", "2"], {"times": 2}),
    (backend, ["backend", "--payments", "3", "--database", "postgresql:///x"],
     {"payments": 3, "database": "postgresql:///x"}),
]  # fmt: skip


@pytest.mark.parametrize(("module", "arguments", "asked"), RUNS, ids=lambda value: getattr(value, "__name__", ""))
def test_options_reach_their_bench(
    module: Any, arguments: list[str], asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: list[dict[str, Any]] = []

    def run(*directory: Path, **options: Any) -> Report:
        assert all(path.is_dir() and list(path.iterdir()) == [] for path in directory)
        seen.append(options)
        return Report()

    monkeypatch.setattr(module, "run", run)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    for name in ("SDL_VIDEODRIVER", "SDL_AUDIODRIVER", "PYGAME_HIDE_SUPPORT_PROMPT"):
        monkeypatch.setenv(name, "dummy")  # so that what the command sets is taken back
    done = CliRunner().invoke(bench, arguments)
    assert done.exit_code == 0, done.output
    machine, figures = done.output.splitlines()
    assert machine.startswith(f"{platform.machine()}, ")
    assert machine.endswith(f"Python {platform.python_version()}")
    assert figures == "measured"
    assert seen == [asked]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["queue", "sync", "tap", "lists", "soak", "backend"])
def test_it_measures_on_the_disk_it_is_given(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[Path] = []

    def run(directory: Path, **_: Any) -> Report:
        seen.append(directory)
        return Report()

    modules = {"backend": backend, "queue": queue, "sync": sync, "tap": tap, "lists": tap_beside_lists, "soak": soak}
    monkeypatch.setattr(modules[name], "run", run)
    done = CliRunner().invoke(bench, [name, "--directory", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert [directory.parent for directory in seen] == [tmp_path]
    assert list(tmp_path.iterdir()) == []


def test_every_bench_is_run_here() -> None:
    assert set(bench.commands) == {arguments[0] for _, arguments, _ in RUNS}


@pytest.mark.parametrize(
    ("name", "option", "number"),
    [
        ("queue", "--operations", "9"),
        ("queue", "--rows", "0"),
        ("sync", "--payments", "0"),
        ("tap", "--taps", "1"),
        ("tap", "--radio-taps", "-1"),
        ("tap", "--insertions", "1"),
        ("lists", "--taps", "0"),
        ("lists", "--stored", "0"),
        ("lists", "--clients", "0"),
        ("soak", "--taps", "0"),
        ("ui", "--touches", "3"),
        ("ui", "--seconds", "0"),
        ("start", "--times", "0"),
    ],
)
def test_a_size_that_measures_nothing_is_refused(name: str, option: str, number: str) -> None:
    done = CliRunner().invoke(bench, [name, option, number])
    assert done.exit_code == 2
    assert option in done.output
