# SPDX-License-Identifier: Apache-2.0
"""Every console takes what `pengpos` says: each command's help in each encoding, and streams that are closed."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from terminal.cli import main
from terminal.console import write_anything

ENCODINGS = ["ascii", "latin-1", "cp437", "cp1252", "gbk", "gb18030", "big5", "koi8-r", "utf-8"]


def commands(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Each command and subcommand there is, as the parser knows them."""
    yield words
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from commands(found, (*words, name))


ALL = list(commands(main))


def console(monkeypatch: pytest.MonkeyPatch, encoding: str) -> io.BytesIO:
    """Standard output and error of this encoding, as Python opens them; what is written."""
    written = io.BytesIO()
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, io.TextIOWrapper(written, encoding=encoding, write_through=True))
    return written


def ended(words: tuple[str, ...]) -> int | str | None:
    with pytest.raises(SystemExit) as raised:
        main(list(words), prog_name="pengpos")
    return raised.value.code


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_each_command_explains_itself_on_each_console(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    """Row 46 of the cases."""
    assert len(ALL) > 20
    for words in ALL:
        written = console(monkeypatch, encoding)
        assert ended((*words, "--help")) == 0, words
        assert "Usage: pengpos" in written.getvalue().decode(encoding), words


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("ascii", 'ok ... (Enter) "?" ??'),
        ("latin-1", 'ok ... (Enter) "?" ??'),
        ("gbk", "ok … (Enter) “?” 碰一"),
        ("utf-8", "✓ … ⏎ “?” 碰一"),
    ],
)
def test_what_cannot_be_written_has_a_stand_in(monkeypatch: pytest.MonkeyPatch, encoding: str, said: str) -> None:
    written = console(monkeypatch, encoding)
    write_anything()
    write_anything()
    click.echo("✓ … ⏎ “\udc80” 碰一")
    assert written.getvalue().decode(encoding) == f"{said}\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_json_is_ascii(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, encoding: str) -> None:
    monkeypatch.setenv("PENGPOS_HOME", str(tmp_path / "碰一碰"))
    written = console(monkeypatch, encoding)
    ended(("doctor", "--json"))
    assert json.loads(written.getvalue().decode("ascii"))["home"] == str(tmp_path / "碰一碰")


def test_a_closed_stream_takes_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    assert ended(("--help",)) == 0
    sys.stdout.close()
    sys.stderr.close()


FIRST_FILE = """
import sys
from terminal.console import write_anything
write_anything()
with open(sys.argv[1], "w") as first:
    first.write(str(first.fileno()))
"""


def test_where_all_streams_are_closed_no_file_takes_their_numbers(tmp_path: Path) -> None:
    """What a library says to its standard error, descriptor 2, would stand in the journal."""
    without = ["sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', sys.executable, "-c", FIRST_FILE]
    subprocess.run([*without, str(tmp_path / "first")], check=True, timeout=60)
    assert int((tmp_path / "first").read_text("ascii")) > 2


def test_a_reader_that_has_gone_gets_no_traceback() -> None:
    reading, writing = os.pipe()
    os.close(reading)  # gone before the program begins
    try:
        done = subprocess.run(
            [sys.executable, "-m", "terminal", "--help"],
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")
