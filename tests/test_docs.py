# SPDX-License-Identifier: Apache-2.0
"""The pages tell the truth: links resolve, commands, options and settings exist.

What the contract pages say of calls, fields and codes: `tests/contracts/test_pages_and_calls.py`.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click
import msgspec
import pytest

from terminal.cli import main
from terminal.device.settings import Settings

ROOT = Path(__file__).parents[1]
PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
}
OURS = {name: text for name, text in PAGES.items() if not name.startswith("docs/spec/")}
"""The pages about what is built; the normative ones also say what is to come."""

README, README_ZH = PAGES["README.md"], PAGES["README.zh-CN.md"]
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")


def links(text: str) -> Iterator[str]:
    return (match.group(1) for match in _LINK.finditer(_FENCED.sub("", text)))


def code(text: str) -> Iterator[str]:
    """Every line of a code block and every code span."""
    for block in _FENCED.finditer(text):
        yield from block.group(1).splitlines()
    yield from (match.group(1) for match in _SPAN.finditer(_FENCED.sub("", text)))


def anchors(text: str) -> set[str]:
    """Headings as they are linked to."""
    headings = re.findall(r"^#+ (.+)$", _FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_two_versions_of_a_page_were_merged(page: str) -> None:
    assert re.findall(r"^(?:<{7}|>{7}) .*$", PAGES[page], re.MULTILINE) == []


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    broken = []
    for link in links(PAGES[page]):
        if link.startswith("https://"):
            continue
        target, _, anchor = link.partition("#")
        path = (ROOT / page).parent / target if target else ROOT / page
        if not path.exists() or (anchor and anchor not in anchors(path.read_text(encoding="utf-8"))):
            broken.append(link)
    assert broken == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, waiting = set(), ["README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        for link in links(PAGES[page]):
            target = ((ROOT / page).parent / link.partition("#")[0]).resolve()
            name = str(target.relative_to(ROOT)) if target.is_relative_to(ROOT) else ""
            if name in PAGES and name not in reached:
                waiting.append(name)
    assert set(PAGES) - reached == set()


def commands(text: str) -> Iterator[list[str]]:
    """What is typed after `pengpos`, word by word."""
    for line in code(text):
        match = re.search(r"(?:^|[\s/])pengpos +([a-z-][^#|;&]*)", line)
        if match and not line.startswith(("pengpos:", "PENGPOS")):
            yield match.group(1).split()


def unknown_word(words: list[str]) -> str | None:
    """The first word that `pengpos` would not understand; arguments and an ellipsis end the search."""
    command: click.Command = main
    context = click.Context(main)
    waiting = iter(words)
    for word in waiting:
        if word.startswith("-"):
            name = word.split("=")[0]
            options = [found for found in command.get_params(context) if name in found.opts]
            if not options:
                return word
            if isinstance(options[0], click.Option) and not options[0].is_flag and "=" not in word:
                next(waiting, None)
        elif isinstance(command, click.Group) and word != "…":
            found = command.get_command(context, word)
            if found is None:
                return word
            command, context = found, click.Context(found, parent=context)
        else:
            break
    return None


@pytest.mark.parametrize(
    ("words", "unknown"),
    [
        (["doctor", "--json"], None),
        (["phone", "tap", "--tear", "40"], None),
        (["--version"], None),
        (["fly"], "fly"),
        (["doctor", "--quick"], "--quick"),
        (["queue", "forget"], "forget"),
        (["queue", "…"], None),
        (["queue", "--home", "/media/card", "export", "FILE"], None),
        (["queue", "--home", "/media/card", "burn"], "burn"),
    ],
)
def test_unknown_words_are_recognised(words: list[str], unknown: str | None) -> None:
    assert unknown_word(words) == unknown


@pytest.mark.parametrize("page", OURS)
def test_every_command_on_a_page_exists(page: str) -> None:
    assert [words for words in commands(OURS[page]) if unknown_word(words) is not None] == []


def test_every_command_is_on_a_page() -> None:
    told = {words[0] for text in OURS.values() for words in commands(text)}
    assert set(main.list_commands(click.Context(main))) - told == set()


@pytest.mark.parametrize("page", OURS)
def test_every_make_target_on_a_page_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    told = {match.group(1) for line in code(OURS[page]) if (match := re.search(r"(?:^|\s)make ([a-z]+)", line))}
    assert told - targets == set()


def settings(struct: type[msgspec.Struct], table: str = "") -> Iterator[str]:
    """Each setting as the page writes it."""
    for found in msgspec.structs.fields(struct):
        inner = [kind for kind in (found.type, *get_args(found.type)) if isinstance(kind, type)]
        tables = [kind for kind in inner if issubclass(kind, msgspec.Struct)]
        if tables:
            yield from settings(tables[0], found.encode_name)
        else:
            yield f"`[{table}]` `{found.encode_name}`" if table else f"`{found.encode_name}`"


def test_every_setting_is_on_the_technicians_page() -> None:
    known = list(settings(Settings))
    assert "`[mirror]` `directory`" in known
    assert [name for name in known if f"| {name} |" not in PAGES["docs/technicians.md"]] == []


def test_both_readmes_say_the_same() -> None:
    def without_pictures_and_each_other(text: str) -> list[str]:
        return [link for link in links(text) if not link.startswith(("docs/pictures/", "README"))]

    assert sorted(set(without_pictures_and_each_other(README))) == sorted(
        set(without_pictures_and_each_other(README_ZH))
    )

    def typed(text: str) -> list[str]:
        return [line.split("#")[0].strip() for block in _FENCED.finditer(text) for line in block.group(1).splitlines()]

    shared = [line for line in typed(README) if line.startswith(("make", ".venv", "pengpos "))]
    assert shared
    assert [line for line in typed(README_ZH) if line.startswith(("make", ".venv", "pengpos "))] == shared
    assert "EUPL-1.1" in README
    assert "EUPL-1.1" in README_ZH


def test_the_glossary_has_one_entry_for_a_word() -> None:
    words = re.findall(r"^\| \*\*(.+?)\*\* \|", PAGES["docs/glossary.md"], re.MULTILINE)
    assert len(words) > 50
    assert sorted(words) == sorted(set(words))


def test_ci_runs_the_readmes_command() -> None:
    assert "make test" in README
    assert re.search(r"^exec make test </dev/null$", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE)
