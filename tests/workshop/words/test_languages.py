# SPDX-License-Identifier: Apache-2.0
"""Every place that lists the languages lists all of them, in their order: a new one is named where it lacks."""

import re

import click
import msgspec
import pytest

from pengpos.client import Sentences
from pengpos.i18n import LANGUAGES
from terminal.cli import main
from ui.i18n.cldr import CONVENTIONS
from workshop.words.program import PROGRAMS, ROOT, SpeakingProgram


def test_the_local_api_gives_a_sentence_in_each() -> None:
    assert tuple(found.encode_name for found in msgspec.structs.fields(Sentences)) == LANGUAGES


def test_money_and_days_are_written_in_each() -> None:
    assert tuple(CONVENTIONS) == LANGUAGES


@pytest.mark.parametrize("name", ["daemon", "ui"])
def test_a_program_can_be_told_each(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    (option,) = [found for found in command.params if found.name == "language"]
    assert isinstance(option.type, click.Choice)
    assert tuple(option.type.choices) == LANGUAGES


@pytest.mark.parametrize("room", ["pages", "simulator"])
def test_a_page_in_a_browser_knows_each(room: str) -> None:
    script = (ROOT / "sandbox" / room / "static" / "words.js").read_text(encoding="utf-8")
    (listed,) = re.findall(r"^export const LANGUAGES = \[(.*?)\];", script, re.MULTILINE | re.DOTALL)
    assert tuple(re.findall(r'"(\w\w(?:-\w+)?)"', re.sub(r'name: "[^"]*"', "", listed))) == LANGUAGES


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_a_catalogue_is_there_for_each(program: SpeakingProgram) -> None:
    assert {path.name.replace("_", "-") for path in program.locale.iterdir()} == set(program.languages)
    assert set(program.languages) in ({"en"}, set(LANGUAGES))
