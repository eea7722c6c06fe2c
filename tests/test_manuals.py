# SPDX-License-Identifier: Apache-2.0
"""What the pages for people say of lights, files, commands and output is so."""

import re
import signal
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import get_args

import pytest
from click.testing import CliRunner

from pengpos.home import Home
from pengpos.i18n import Language
from provisioning.finding import Probe
from terminal.cli import main
from terminal.commands import technician
from terminal.commands.queue import queue
from tests.faults.journeys import ROWS
from tests.faults.mutants import MUTANTS
from tests.support.contract_page import rows_of_words, section
from tests.support.named import sources
from tests.support.typed import typed
from ui.state.items import read_items
from ui.theme import Theme, ThemeName, Token
from workshop.shop import DEFAULT_SANDBOX_PORT, VPCD_PORTS, ReaderRoad
from workshop.words.catalogue import read
from workshop.words.program import PROGRAMS

ROOT = Path(__file__).parents[1]


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def first_spans(text: str) -> list[str]:
    """What the first cells of a section's tables name."""
    return [name for names, _ in rows_of_words(text) for name in names]


def catalogue(language: Language, *programs: str) -> dict[str, str]:
    """What people read of some programs, by key."""
    shown = [program for program in PROGRAMS if program.name in programs]
    return {str(one.id): str(one.string) for program in shown for one in read(program, language) if one.id}


# --- README ----------------------------------------------------------------------------------------------------------


class PretendedShop:
    """Opens nothing and says where it would be."""

    programs: Mapping[str, object] = MappingProxyType({})
    backend = f"http://127.0.0.1:{DEFAULT_SANDBOX_PORT}"
    road = ReaderRoad({}, (), VPCD_PORTS)

    def __init__(self, home: Home) -> None:
        self.home = home

    def enrol(self) -> bool:
        return True

    def open_counter(self, _screen: str) -> str:
        return "http://127.0.0.1:8490/yqQ0…/"

    def __getattr__(self, _name: str) -> object:
        return lambda *_, **__: ""


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_make_run_says_what_the_readme_shows(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENGPOS_HOME", str(tmp_path))
    monkeypatch.setattr("workshop.run.Shop", PretendedShop)
    monkeypatch.setattr("workshop.run.has_display", lambda: False)
    monkeypatch.setattr("workshop.run._watch", lambda _shop: None)
    monkeypatch.setattr("workshop.run.signal", SimpleNamespace(**vars(signal) | {"signal": lambda *_: None}))
    said = CliRunner().invoke(main, ["run"]).output.replace(str(tmp_path), "/root/.local/state/pengpos")
    (shown,) = re.findall(r"^```\n(pengpos: .*?)^```", page(name), re.MULTILINE | re.DOTALL)
    assert said.startswith(shown)


@pytest.mark.parametrize(("name", "language"), [("README.md", "en"), ("README.zh-CN.md", "zh-Hans")])
def test_what_the_readme_has_one_touch_stands_there(name: str, language: Language) -> None:
    (steps,) = re.findall(
        r"^\*\*(?:See it in a minute|一分钟看明白)\*\*(.*?)\n\n", page(name), re.MULTILINE | re.DOTALL
    )
    touched = re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", steps)
    assert len(touched) == 2
    shown = {text for program in ("ui", "simulator") for text in catalogue(language, program).values()}
    assert set(touched) - shown == set()


# --- the technician's pages ------------------------------------------------------------------------------------------


def lights(monkeypatch: pytest.MonkeyPatch, home: Home) -> list[str]:
    """The names of all lights beside a terminal that runs, in their order; none is looked at."""
    found: list[str] = []

    def named(probes: Mapping[str, Probe], **_: object) -> SimpleNamespace:
        found.extend(probes)
        return SimpleNamespace(as_json=dict)

    monkeypatch.setattr("terminal.commands.parts._asked", lambda _home: object())
    monkeypatch.setattr("terminal.commands.technician.examine", named)
    technician.diagnosis(home)
    return found


def test_doctor_has_exactly_the_lights_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = section(page("docs/technicians.md"), "## What is wrong?")
    assert re.findall(r"^\| \*\*(.+?)\*\* \|", written, re.MULTILINE) == lights(monkeypatch, Home(tmp_path))


def test_every_alarm_of_the_terminal_is_on_the_page() -> None:
    kinds = page("docs/spec/local-api.md").partition("\n  - until a person has seen to it, of the terminal:")[2]
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)*)`", kinds.partition("\n- **Day**")[0])) - {"standing", "locked"}
    assert len(named) > 20
    assert named - set(first_spans(section(page("docs/technicians.md"), "## Alarms"))) == set()


def test_every_file_of_a_home_is_on_the_page() -> None:
    root = Path("/home")
    named = first_spans(section(page("docs/technicians.md"), "## Enrolment"))
    found = [getattr(Home(root), name) for name, kind in vars(Home).items() if isinstance(kind, property)]
    files = {str(path.relative_to(root)) for path in found if path.is_relative_to(root)}
    assert files - {name.rstrip("/") for name in named} == {"run/parts.json"}, "that passes between our own processes"


def test_the_list_of_goods_on_the_page_is_sold_whole(tmp_path: Path) -> None:
    (written,) = re.findall(r"^```toml\n(.*?)^```", page("docs/technicians.md"), re.MULTILINE | re.DOTALL)
    (tmp_path / "items.toml").write_text(written, encoding="utf-8")
    listed = read_items(tmp_path / "items.toml")
    assert (len(listed.items), listed.spoilt) == (written.count("[[item]]"), ())


def test_the_journals_page_has_exactly_the_commands_of_the_queue() -> None:
    table = section(page("docs/journal.md"), "## When something is wrong").partition("| it says |")[0]
    assert {name.split(" ")[0] for name in first_spans(table)} - {"pengpos"} == set(queue.commands)


def test_the_journals_page_quotes_what_is_said() -> None:
    says = section(page("docs/journal.md"), "## When something is wrong").partition("| it says |")[2]
    quoted = [name for name in first_spans(says) if name != "no such table"]
    assert len(quoted) == 6
    patterns = {name: re.escape(name).replace("…", ".*").replace("N", r"\{.+\}") for name in quoted}
    english = (path.read_text("utf-8") for path in ROOT.glob("*/locale/en/LC_MESSAGES/*.po"))
    said = (*sources(), *english)
    assert [name for name, found in patterns.items() if not any(re.search(found, text) for text in said)] == []


# --- faults and looks ------------------------------------------------------------------------------------------------


def test_the_page_of_faults_has_each_journey_and_mutant() -> None:
    faults = page("docs/faults.md")
    assert f"each of {len(ROWS)} journeys" in faults
    written = re.findall(
        r"^\| ([a-z][^|`]+) \| (\w[\w ]*) \|$", section(faults, "## Who judges the judge"), re.MULTILINE
    )
    assert written[1:] == [(mutant.name, mutant.says) for mutant in MUTANTS]
    meanings = section(faults, "## Who judges")
    assert {mutant.says for mutant in MUTANTS} <= set(re.findall(r"^\| ([a-z ]+) \|", meanings, re.MULTILINE))


def test_the_page_of_looks_has_the_themes_colours() -> None:
    told = set(re.findall(r"`#([0-9A-F]{6})`", page("docs/look.md")))
    drawn = {"{:02X}{:02X}{:02X}".format(*Theme(name).rgb(token)) for name in get_args(ThemeName) for token in Token}
    assert told <= drawn
    assert len(told) > 30


# --- the manuals in two languages ------------------------------------------------------------------------------------

MANUALS = {"docs/merchants.md": "docs/zh/merchants.md", "docs/technicians.md": "docs/zh/technicians.md"}
QUOTES = {"en": re.compile("“([^”]+)”"), "zh-Hans": re.compile("「([^」]+)」")}
"""Words that stand on the screen. Other quotation marks are an author's own."""
_LINK = re.compile(r"\]\(([^)#\s]*)")
_SPAN = re.compile(r"`([^`\n]+)`")


def sections(name: str) -> list[tuple[int, str]]:
    """Rank of each heading, and what stands under it until the next; a fence's comments are no headings."""
    parts = re.split(
        r"^(#+) .*$", "\n" + re.sub(r"^# \d", "  \\g<0>", page(name), flags=re.MULTILINE), flags=re.MULTILINE
    )
    return [(len(rank), body) for rank, body in zip(parts[1::2], parts[2::2], strict=True)]


def keys_of(quoted: str, language: Language) -> frozenset[str]:
    """The messages of the screen that may read so; an ellipsis stands for any value."""
    return frozenset(key for key, pattern in PATTERNS[language] if pattern.fullmatch(quoted))


SAID: dict[Language, dict[str, str]] = {
    "en": catalogue("en", "ui", "terminal"),
    "zh-Hans": catalogue("zh-Hans", "ui", "terminal"),
}
_VALUE = re.compile(r"\{\w+\}")
PATTERNS = {
    language: [
        (key, re.compile(".+".join(map(re.escape, _VALUE.split(text)))))
        for key, text in said.items()
        if any(sign.isalpha() for sign in _VALUE.sub("", text))
    ]
    for language, said in SAID.items()
}


@pytest.mark.parametrize(
    ("name", "language"), [*((name, "en") for name in MANUALS), *((name, "zh-Hans") for name in MANUALS.values())]
)
def test_a_quoted_word_stands_on_the_screen(name: str, language: Language) -> None:
    assert [quoted for quoted in QUOTES[language].findall(page(name)) if not keys_of(quoted, language)] == []


_OF_ITS_OWN = re.compile(
    r"(notice|alarm|result|present|progress)\.[\w.]+|reason\.\w+\.cashier"  # what may stand on the screen …
)
_BESIDE_IT = re.compile(
    r".*(_what|_means|_do|_sale|_kept|_sent|_to_send|_short|_or_tap|cure|waited)"  # … but for what explains it,
    r"|present\.(scan_[cnt]\w+|time_left|number)|result\.(line|stored|phone|more)_\w+|result\.(payer|paid_at|helpdesk)"
    r"|alarm\.\w+\.(asked_\w+|borne_\w+|money)|alarm\.second_copy\.text"  # is put behind another, or is all values
)
SITUATIONS = {key for key in SAID["en"] if _OF_ITS_OWN.fullmatch(key) and not _BESIDE_IT.fullmatch(key)}


def test_most_that_the_screen_says_is_a_situation() -> None:
    assert len(SITUATIONS) > 90
    assert {
        "result.expired",
        "present.unlock",
        "notice.locked",
        "alarm.restored.text",
        "reason.held.cashier",
    } <= SITUATIONS


@pytest.mark.parametrize(("name", "language"), [("docs/merchants.md", "en"), ("docs/zh/merchants.md", "zh-Hans")])
def test_each_situation_is_in_the_merchants_manual(name: str, language: Language) -> None:
    told = {key for quoted in QUOTES[language].findall(page(name)) for key in keys_of(quoted, language)}
    assert sorted(SITUATIONS - told) == []


@pytest.mark.parametrize(("english", "chinese"), MANUALS.items())
def test_both_manuals_have_the_same_sections(english: str, chinese: str) -> None:
    ours, theirs = sections(english), sections(chinese)
    assert [rank for rank, _ in ours] == [rank for rank, _ in theirs]
    for (_, one), (_, other) in zip(ours, theirs, strict=True):
        assert sorted(_SPAN.findall(one)) == sorted(_SPAN.findall(other))
        assert len(re.findall(r"^\|", one, re.MULTILINE)) == len(re.findall(r"^\|", other, re.MULTILINE))
        assert len(re.findall(r"^(-|\d+\.) ", one, re.MULTILINE)) == len(
            re.findall(r"^(-|\d+\.) ", other, re.MULTILINE)
        )


@pytest.mark.parametrize(("english", "chinese"), MANUALS.items())
def test_both_manuals_have_the_same_commands_links_and_pictures(english: str, chinese: str) -> None:
    assert sorted(map(str, typed(page(english)))) == sorted(map(str, typed(page(chinese))))
    home = ROOT / "docs"

    def targets(name: str) -> list[str]:
        folder = (ROOT / name).parent
        found = [str((folder / link).resolve().relative_to(home)) for link in _LINK.findall(page(name)) if link]
        return sorted(target.removeprefix("zh/").replace(".zh-Hans", "") for target in found)

    assert targets(english) == targets(chinese)


@pytest.mark.parametrize(("english", "chinese"), MANUALS.items())
def test_both_manuals_quote_the_same_words(english: str, chinese: str) -> None:
    for (_, one), (_, other) in zip(sections(english), sections(chinese), strict=True):
        ours = [keys_of(quoted, "en") for quoted in QUOTES["en"].findall(one)]
        theirs = [keys_of(quoted, "zh-Hans") for quoted in QUOTES["zh-Hans"].findall(other)]
        assert [sorted(keys) for keys in ours if not any(keys & others for others in theirs)] == []
        assert [sorted(keys) for keys in theirs if not any(keys & others for others in ours)] == []


@pytest.mark.parametrize("name", MANUALS.values())
def test_no_space_parts_chinese_from_figures_and_latin(name: str) -> None:
    assert re.findall(r"[一-鿿] [A-Za-z0-9]\S*|\S*[A-Za-z0-9] [一-鿿]", QUOTES["zh-Hans"].sub("", page(name))) == []
