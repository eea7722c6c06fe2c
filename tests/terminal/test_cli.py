# SPDX-License-Identifier: Apache-2.0
"""`pengpos`: which commands it lists with and without the extra `sandbox`, and what it imports to do so."""

import errno
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from pengpos import console
from terminal import cli

DEVICE = ["daemon", "ui", "enrol", "doctor", "queue"]
SANDBOX = ["run", "demo", "sandbox", "backend", "simulator", "phone", "bench"]


@pytest.fixture(params=cli._NEEDS)
def without(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """An installation that lacks one package of the extra."""
    missing = str(request.param)
    monkeypatch.setattr(cli, "find_spec", lambda name: None if name == missing else object())
    return missing


def listed(text: str) -> list[str]:
    return [line.split()[0] for line in text.splitlines() if line.startswith("  ") and line[2].isalpha()][1:]


def test_a_checkout_lists_everything() -> None:
    result = CliRunner().invoke(cli.main, ["--help"])
    assert (result.exit_code, listed(result.output)) == (0, SANDBOX + DEVICE)


def test_a_device_lists_what_a_device_can_do(without: str) -> None:
    result = CliRunner().invoke(cli.main, ["--help"])
    assert (result.exit_code, listed(result.output)) == (0, DEVICE), without


@pytest.mark.parametrize("command", SANDBOX)
@pytest.mark.parametrize("argument", [[], ["--help"]], ids=["called", "its help"])
def test_a_command_that_is_not_installed_says_how_to_get_it(without: str, command: str, argument: list[str]) -> None:
    result = CliRunner().invoke(cli.main, [command, *argument])
    assert result.exit_code == 2, without
    assert result.output == (
        f"Error: pengpos {command} is for development and not installed here; "
        "in a checkout of pengpos, pip install '.[sandbox]' brings it.\n"
    )


def test_a_word_that_is_no_command_is_refused() -> None:
    result = CliRunner().invoke(cli.main, ["fly"])
    assert result.exit_code == 2
    assert "No such command 'fly'" in result.output


@pytest.mark.parametrize("command", SANDBOX + DEVICE)
def test_each_command_is_there(command: str) -> None:
    result = CliRunner().invoke(cli.main, [command, "--help"])
    assert result.exit_code == 0, result.output


SPOKEN = [*DEVICE, "phone"]


def parts_of(command: click.Command) -> Iterator[click.Command | click.Option]:
    """A command, its options, and those below it."""
    yield command
    yield from (param for param in command.params if isinstance(param, click.Option) and param.name != "version")
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        yield from parts_of(below)


@pytest.mark.parametrize("name", SPOKEN)
def test_each_command_of_a_device_has_its_help_in_each_language(name: str) -> None:
    command = cli.main.get_command(click.Context(cli.main), name)
    assert command is not None
    english = [
        part.name for part in parts_of(command) if not isinstance(part, console.SpokenCommand | console.SpokenOption)
    ]
    assert english == []


@pytest.mark.parametrize(
    ("language", "parts"),
    [
        ("zh-Hans", ["用法: ", "激活这台收款机", "在收款机上:", "[默认"]),
        ("zh-Hant", ["用法: ", "啟用這台收款機", "在收款機上:"]),
        ("en", ["Usage: ", "Enrol this terminal", "On a device:"]),
    ],
)
def test_the_list_is_in_the_language_that_is_asked_for(language: str, parts: list[str]) -> None:
    said = CliRunner().invoke(cli.main, ["--language", language, "--help"]).output
    said += CliRunner().invoke(cli.main, ["--language", language, "daemon", "--help"]).output
    assert [part for part in parts if part not in said] == [], said


def test_a_command_that_is_not_installed_says_so_in_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "find_spec", lambda _name: None)
    assert "是开发用的，这里没有安装" in CliRunner().invoke(cli.main, ["--language", "zh-Hans", "run"]).output


def test_listing_imports_no_command() -> None:
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom terminal.cli import main\n"
        "assert CliRunner().invoke(main, ['--help']).exit_code == 0\n"
        "print(sorted({'ui', 'sandbox', 'workshop', 'httpx', 'fastapi', 'sqlalchemy'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert said.stdout == "[]\n"


def test_an_output_that_takes_nothing_more_is_said(tmp_path: Path) -> None:
    """A list that was written to a full card ended in a traceback."""
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "terminal", "--help"],
            stdout=full, stderr=subprocess.PIPE, text=True, cwd=tmp_path, timeout=60, check=False,
        )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (1, "Error: what this says cannot be written: No space left on device\n")


@pytest.mark.parametrize("command", ["doctor", "queue", "daemon"])
def test_as_another_user_it_says_whose_terminal_it_is(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A technician signs in as another user than the service's: `doctor` ended in a traceback."""

    def denied() -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "device.key"))

    monkeypatch.setenv("PENGPOS_HOME", str(tmp_path))
    monkeypatch.setattr(cli.main, "get_command", lambda _ctx, name: click.Command(name, callback=denied))
    said = CliRunner().invoke(cli.main, [command])
    assert said.exit_code == 1
    assert said.stderr == (
        f"Error: {tmp_path}/device.key: Permission denied. "
        f"Run this as the user of the terminal: sudo -u {tmp_path.owner()} pengpos …\n"
    )
