# SPDX-License-Identifier: Apache-2.0
"""`docs/browsers.md` names what is tested, no more and no less."""

import re
from pathlib import Path

import pytest

from sandbox.pages import STATIC
from tests.sandbox.pages import test_old_browsers as old
from tests.sandbox.pages.test_languages import BROWSERS

PAGE = (Path(__file__).parents[3] / "docs" / "browsers.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The rows of the table under a heading, by their cells."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_oldest_browsers_are_those_of_the_list_for_tools() -> None:
    listed = dict(re.findall(r"^(\w+) >= ([\d.]+)$", (STATIC.parent / "browserslist").read_text("utf-8"), re.MULTILINE))
    assert {name.strip("`"): version for name, version in rows("The oldest")} == listed


def test_what_may_be_missing_is_what_the_tests_take_away() -> None:
    named = {found for missing, _ in rows("What may be missing") for found in re.findall("`([^`]+)`", missing)}
    deleted = set(re.findall(r"delete ([\w.]+);", old.MISSING + old.NO_INTL + old.NO_ABORT))
    kept_nothing = set(re.findall(r'window, "(\w+)"', old.NOTHING_KEPT))
    assert named == deleted | kept_nothing | set(old.CSS_MISSING)


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant", "en"])
def test_the_languages_are_those_of_the_test(language: str) -> None:
    named = {
        tag for asked, page in rows("Languages") if page == f"`{language}`" for tag in re.findall("`([^`]+)`", asked)
    }
    first = {asked.split(",")[0] for asked, chosen in BROWSERS.items() if chosen == language}
    assert named - {"zh"} <= first
    assert len(named) >= 4
