# SPDX-License-Identifier: Apache-2.0
"""What a page has its reader type: the simple commands of its shell blocks and code spans, and what is wrong with one.

Nothing is run: `pengpos` is read by its own argument parsers, the rest by what it names.
"""

import json
import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlsplit

import click
from click.testing import CliRunner

from terminal.cli import main

ROOT = Path(__file__).parents[2]
_SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_ENDS = re.compile(r"\||\|\||&&|;")
_ASSIGNS = re.compile(r"(\w+)=\S*")
_ELLIPSIS = "…"
_STAND_INS = {"PORT": "8491"}
"""Words in capitals stand for the reader's own; where an option takes a number, one is put in."""

FOREIGN = frozenset({"curl", "git", "jq", "pcsc_scan", "python", "pip", "ssh", "timedatectl", "kill", "chrt", "du"})
"""Programs of others that a page may name."""
_PROGRAM = rf"(?:\.venv/bin/|/opt/pengpos/bin/)?pengpos|make|{'|'.join(sorted(FOREIGN))}"
_NAMES_A_COMMAND = re.compile(rf"(?:sudo |[A-Z_]+=\S* )*(?:(?:{_PROGRAM}) |scripts/\w+(?: |$))|sudo ")
"""How a span begins that is a command, and no name of a program or a file."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A simple command; `whole`: it stands in a block, to be typed as it is. A span may only name one."""

    words: tuple[str, ...]
    whole: bool
    environment: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join(self.words)


def typed(page: str) -> Iterator[Typed]:
    """Every simple command of a page, without `sudo`, assignments and redirections."""
    for block in _SHELL.finditer(page):
        for line in block[1].replace("\\\n", " ").splitlines():
            yield from _commands(line, whole=True)
    for span in _SPAN.findall(_BLOCK.sub("", page)):
        if _NAMES_A_COMMAND.match(span):
            yield from _commands(span, whole=False)


def _commands(line: str, *, whole: bool) -> Iterator[Typed]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|;&<>")
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, ";"]:
        if not _ENDS.fullmatch(word):
            words.append(word)
            continue
        if ">" in words:
            words = words[: words.index(">")]
        environment = []
        while words and (words[0] == "sudo" or _ASSIGNS.fullmatch(words[0])):
            environment.append(words.pop(0).partition("=")[0])
        if words:
            yield Typed(tuple(words), whole, tuple(name for name in environment if name != "sudo"))
        words = []


def wrong(command: Typed) -> str | None:
    """Why it cannot be typed so; None if it can."""
    program, *arguments = command.words
    name = program.rpartition("/")[2]
    if unknown := [name for name in command.environment if not _is_read(name)]:
        return f"nothing reads {unknown[0]}"
    match name:
        case "pengpos":
            return wrong_arguments(arguments, whole=command.whole)
        case "make":
            return _wrong_target(arguments)
        case "python":
            return _wrong_module(arguments)
        case "pip":
            return _wrong_extra(arguments)
        case _ if program.startswith("scripts/"):
            return None if os.access(ROOT / program, os.X_OK) else f"{program} is no program"
        case _:
            return None if name in FOREIGN else f"{program} is no program that is known here"


def wrong_arguments(arguments: list[str], *, whole: bool = True) -> str | None:
    """What `pengpos` says of such arguments before it does anything. Behind an ellipsis anything may stand."""
    words = [_STAND_INS.get(word, word) for word in arguments]
    if _ELLIPSIS in words:
        words = [*words[: words.index(_ELLIPSIS)], "--help"]
    with patch.object(click.Command, "invoke", lambda _self, _context: None):
        done = CliRunner().invoke(main, words, input="y\n", standalone_mode=False)
    match done.exception:
        case None:
            return None
        case click.MissingParameter() | click.exceptions.NoArgsIsHelpError() if not whole:
            return None
        case click.ClickException() as error:
            return error.format_message()
        case error:
            raise error


def _wrong_target(arguments: list[str]) -> str | None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for word in arguments:
        variable, equals, value = word.partition("=")
        if equals and variable == "ARGS":
            missing = [path for path in value.split() if "/" in path and not (ROOT / path).exists()]
            if missing:
                return f"there is no {missing[0]}"
        elif equals and not _is_read(variable):
            return f"nothing reads {variable}"
        elif not equals and word not in targets:
            return f"there is no target {word}"
    return None


def _is_read(variable: str) -> bool:
    """Whether make, a script or a program of ours reads this variable of the environment."""
    if re.fullmatch(r"[A-Z]", variable):
        return True  # the shell's own, set in the same block
    sources = [ROOT / "Makefile", *(ROOT / "scripts").iterdir(), *(ROOT / "pengpos").glob("*.py"), ROOT / "ui/cli.py"]
    return any(
        re.search(rf"\b{variable}\b", path.read_text("utf-8"))
        for path in sources
        if path.is_file() and path.suffix != ".lock"
    )


def _wrong_module(arguments: list[str]) -> str | None:
    if arguments[:1] != ["-m"]:
        return None
    return None if find_spec(arguments[1]) is not None else f"there is no module {arguments[1]}"


def _wrong_extra(arguments: list[str]) -> str | None:
    extras = re.findall(r"\[([\w-]+)\]$", " ".join(arguments))
    known = re.findall(r"^([a-z]+) = \[", (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    return next((f"there is no extra {name}" for name in extras if name not in known), None)


@dataclass(frozen=True, slots=True)
class Request:
    """A call that a page makes by curl."""

    host: str
    method: str
    path: str
    body: object


def request(command: Typed) -> Request | None:
    """The call; None for any other command. A body that comes from a file is None."""
    if command.words[0] != "curl":
        return None
    words = list(command.words)
    url = urlsplit(next(word for word in words if word.startswith("http")))
    data = next((words[at + 1] for at, word in enumerate(words) if word in {"-d", "--data-binary"}), None)
    method = words[words.index("-X") + 1] if "-X" in words else "GET" if data is None else "POST"
    return Request(url.netloc, method, url.path, None if data is None or data.startswith("@") else json.loads(data))
