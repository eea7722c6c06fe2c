# SPDX-License-Identifier: Apache-2.0
"""What the code spans of a page name: files, variables of the environment, options, fields. Each must exist."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path

import click

from terminal.cli import main

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_ROOMS = ("pengpos", "terminal", "drivers", "ui", "offline_queue", "provisioning", "sandbox", "workshop", "scripts")
_TREES = (*_ROOMS, "tests", "docs", ".ci")
_KINDS = "py|js|html|css|md|json|toml|lock|db|key|po|mo|pem|crt|copy|head|ttf|otf|txt"
_BRACES = re.compile(r"\{([^{}]*)\}")
_A_FILE = re.compile(rf"[\w./*{{}},-]*(\w\.({_KINDS})|/)$")
_FIELD = re.compile(r"[a-z]\w*_\w+\*?")
_OPTION = re.compile(r"(--[a-z-]+)( [A-Z]+)?$")
_VARIABLE = re.compile(r"\bPENGPOS_\w+")
_SOURCES = {".py", ".js", ".html", ".toml", ".in", ".po", ""}


def spans(page: str) -> Iterator[str]:
    """Every code span outside blocks."""
    return (match[1] for match in _SPAN.finditer(_BLOCK.sub("", page)))


def strange_names(page: str) -> list[str]:
    """Names in spans, and variables anywhere, that are nothing of ours; sorted."""
    found = {name for span in spans(page) for name in _strange(span)}
    return sorted(found | {name for name in _VARIABLE.findall(page) if name not in words_of_the_code()})


def _strange(span: str) -> Iterator[str]:
    if (option := _OPTION.fullmatch(span)) and option[1] not in options():
        yield span
    if _FIELD.fullmatch(span) and not _is_a_word(span):
        yield span
    if _A_FILE.fullmatch(span) and not span.startswith(("/", "~", "$", "PENGPOS_HOME")):
        yield from (one for one in _unfolded(span) if not _is_a_file(one))


def _unfolded(path: str) -> Iterator[str]:
    """``a/{b,c}.py`` as ``a/b.py`` and ``a/c.py``."""
    parts = _BRACES.split(path)
    return (
        "".join(choice) for choice in product(*(part.split(",") if at % 2 else [part] for at, part in enumerate(parts)))
    )


def _is_a_file(path: str) -> bool:
    """In the tree, from its root or from a room; else one that the code makes, by its name or last ending."""
    path = path.rstrip("/").replace("PROGRAM", "*")
    if any(ROOT.glob(path)):
        return True
    if path.split("/")[0] in _TREES and "/" in path:
        return False
    name = path.rpartition("/")[2]
    literal = {name, name[name.rfind(".") :]} if name.count(".") > 1 else {name}
    return any(any((ROOT / tree).rglob(path)) for tree in _TREES) or any(
        f'"{each}"' in text for text in sources() for each in literal
    )


def _is_a_word(name: str) -> bool:
    words = words_of_the_code()
    return any(word.startswith(name[:-1]) for word in words) if name.endswith("*") else name in words


@cache
def sources() -> tuple[str, ...]:
    """All program text, what it says to people too, but for the tests, which name what must not be."""
    files = [path for room in _ROOMS for path in (ROOT / room).rglob("*") if path.is_file() and path.suffix in _SOURCES]
    return tuple(path.read_text("utf-8") for path in [*files, ROOT / "Makefile", ROOT / "pyproject.toml"])


@cache
def words_of_the_code() -> frozenset[str]:
    """Every word in it, and of the names of its modules."""
    words = {word for text in sources() for word in re.findall(r"\w+", text)}
    return frozenset(words | {path.stem for room in _ROOMS for path in (ROOT / room).rglob("*.py")})


@cache
def options() -> frozenset[str]:
    """The options of every command."""
    return frozenset(_options(main, click.Context(main)))


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    for parameter in command.get_params(context):
        yield from (*parameter.opts, *parameter.secondary_opts)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _options(inner, click.Context(inner, parent=context))
