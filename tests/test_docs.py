# SPDX-License-Identifier: Apache-2.0
"""The pages tell the truth: links resolve, commands, options and settings exist.

What the contract pages say of calls, fields and codes: `tests/contracts/test_pages_and_calls.py`.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click
import msgspec
import pytest
from click.testing import CliRunner

from terminal.cli import main
from terminal.device.settings import Settings
from tests.support.contract_page import Fields, Word, calls, shapes
from tests.support.named import sources, strange_names
from tests.support.typed import Request, request, typed, wrong

ROOT = Path(__file__).parents[1]
PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
}
OURS = {name: text for name, text in PAGES.items() if not name.startswith("docs/spec/")}
"""The pages about what is built; the normative ones also say what is to come."""

MANUALS = ("merchants", "technicians")
"""In English and in Chinese; compared by `tests/test_manuals.py`."""

README, README_ZH = PAGES["README.md"], PAGES["README.zh-CN.md"]
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")


def links(text: str) -> Iterator[str]:
    return (match.group(1) for match in _LINK.finditer(_FENCED.sub("", text)))


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


# --- what is typed ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", OURS)
def test_what_a_page_has_its_reader_type_can_be_typed(page: str) -> None:
    assert [f"{command}: {why}" for command in typed(OURS[page]) if (why := wrong(command)) is not None] == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (".venv/bin/pengpos doctor --json   # for programs", None),
        ("pengpos phone tap --tear 40", None),
        ("pengpos --version", None),
        ("pengpos queue …", None),
        ("pengpos queue --home /media/card export FILE", None),
        ("pengpos ui --remote PORT", None),
        ("pengpos queue set-aside", None),
        ("PENGPOS_NO_APT=1 make run && make test", None),
        ('make test ARGS="tests/pengpos/core -k refund"', None),
        ("sudo scripts/device /opt/pengpos", None),
        ("pip install '.[sandbox]'", None),
        ("python -m workshop.words --check", None),
        ("jq -r .head a.json | curl https://HOST/x > answer", None),
        ("pengpos fly", "No such command 'fly'."),
        ("pengpos doctor --quick", "No such option '--quick'."),
        ("pengpos queue forget", "No such command 'forget'. Did you mean 'free'?"),
        ("pengpos queue --home /media/card export", "Missing argument 'FILE'."),
        ("pengpos enrol", "Missing option '--backend'."),
        ("pengpos phone tap --tear much", "Invalid value for '--tear': 'much' is not a valid integer range."),
        ("pengpos ui --language fr", "Invalid value for '--language': 'fr' is not one of 'zh-Hans', 'zh-Hant', 'en'."),
        ("make coffee", "there is no target coffee"),
        ('make test ARGS="tests/pengpos/heart"', "there is no tests/pengpos/heart"),
        ("PENGPOS_LOUD=1 make run", "nothing reads PENGPOS_LOUD"),
        ("make run LOUD=1", "nothing reads LOUD"),
        ("pip install '.[coffee]'", "there is no extra coffee"),
        ("python -m workshop.coffee", "there is no module workshop.coffee"),
        ("scripts/teapot", "scripts/teapot is no program"),
        ("systemd-analyze blame", "systemd-analyze is no program that is known here"),
    ],
)
def test_what_cannot_be_typed_is_recognised(line: str, says: str | None) -> None:
    found = [why for command in typed(f"```sh\n{line}\n```\n") if (why := wrong(command)) is not None]
    assert found == ([] if says is None else [says])


def test_a_command_in_a_sentence_is_one_and_a_word_is_none() -> None:
    sentence = (
        "say `make run`, `sudo scripts/device DIR` or `pengpos queue export`; `pengpos`, `make` and `run` are names"
    )
    found = list(typed(sentence))
    assert [str(command) for command in found] == ["make run", "scripts/device DIR", "pengpos queue export"]
    assert [wrong(command) for command in found] == [None, None, None]


def test_every_command_is_on_a_page() -> None:
    told = {
        command.words[1] for text in OURS.values() for command in typed(text) if command.words[0].endswith("pengpos")
    }
    assert set(main.list_commands(click.Context(main))) - told == set()


def test_every_target_that_help_names_is_on_a_page() -> None:
    help_of_make = set(re.findall(r"@echo 'make ([a-z]+) ", (ROOT / "Makefile").read_text(encoding="utf-8")))
    told = {command.words[1] for text in OURS.values() for command in typed(text) if command.words[0] == "make"}
    assert help_of_make - told - {"clean", "format", "pictures"} == set()


BY_CURL = [found for text in OURS.values() for command in typed(text) if (found := request(command)) is not None]


@pytest.mark.parametrize("made", BY_CURL, ids=lambda made: f"{made.method} {made.path}")
def test_a_call_by_curl_is_one_of_an_api_with_a_body_that_it_takes(made: Request) -> None:
    page = PAGES["docs/spec/local-api.md" if made.host == "terminal" else "docs/spec/backend-api.md"]
    matching = [
        row for row in calls(page) if re.fullmatch(row.call.replace("{}", "[^/]+"), f"{made.method} {made.path}")
    ]
    assert len(matching) == 1
    if made.body is not None:
        written = matching[0].body
        members = shapes(page)[written.name] if isinstance(written, Word) else written
        assert isinstance(made.body, dict)
        assert isinstance(members, Fields)
        assert set(made.body) <= set(members.members)
        assert {name for name, member in members.members.items() if not member.optional} <= set(made.body)


def test_help_and_version_are_printed() -> None:
    for words in ([], *([name] for name in main.list_commands(click.Context(main)))):
        done = CliRunner().invoke(main, [*words, "--help"])
        assert done.exit_code == 0
        assert done.output.startswith(f"Usage: main {' '.join(words)}".rstrip())
    assert "version" in CliRunner().invoke(main, ["--version"]).output


# --- what is named ---------------------------------------------------------------------------------------------------


NAMES_OF_TESTS = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^ *def (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
}
"""As the security page names them: `tests/contracts/test_security_page.py`."""


@pytest.mark.parametrize("page", OURS)
def test_files_options_variables_and_fields_on_a_page_exist(page: str) -> None:
    text = OURS[page].partition("## Where it stood before")[0]
    assert sorted(set(strange_names(text)) - NAMES_OF_TESTS) == []


@pytest.mark.parametrize(
    "name",
    ["terminal/heart.py", "drivers/{readers,hope}/", "heart.toml", "--fly", "reason_of_all_things", "PENGPOS_LOUD=1"],
)
def test_a_name_of_nothing_is_recognised(name: str) -> None:
    assert len(strange_names(f"see `{name}`, `terminal/cli.py`, `journal.key`, `--json` and `amount_minor`")) == 1


def test_every_variable_that_a_program_reads_is_on_a_page() -> None:
    read = {name for text in sources() for name in re.findall(r"\bPENGPOS_[A-Z_]+", text)}
    told = {name for text in OURS.values() for name in re.findall(r"\bPENGPOS_[A-Z_]+", text)}
    assert read - told == {"PENGPOS_PARENT", "PENGPOS_SCREEN_URL"}, "these two pass between our own processes"


def settings(struct: type[msgspec.Struct], table: str = "") -> Iterator[str]:
    """Each setting as the page writes it."""
    for found in msgspec.structs.fields(struct):
        inner = [kind for kind in (found.type, *get_args(found.type)) if isinstance(kind, type)]
        tables = [kind for kind in inner if issubclass(kind, msgspec.Struct)]
        if tables:
            yield from settings(tables[0], found.encode_name)
        else:
            yield f"`[{table}]` `{found.encode_name}`" if table else f"`{found.encode_name}`"


def test_the_technicians_page_has_exactly_the_settings_there_are() -> None:
    assert re.findall(r"^\| (`\[\w+\]` `\w+`) \|", PAGES["docs/technicians.md"], re.MULTILINE) == list(
        settings(Settings)
    )


def test_both_readmes_say_the_same() -> None:
    def leads_to(text: str) -> set[str]:
        """Without pictures, each other, and in which language a manual is: its anchors are its headings."""
        found = {link for link in links(text) if not link.startswith(("docs/pictures/", "README"))}
        return {re.sub(r"^docs/(zh/)?(technicians|merchants)\.md(#.*)?$", r"docs/\2.md", link) for link in found}

    assert leads_to(README) == leads_to(README_ZH)
    assert {link for link in links(README) if link.startswith("docs/zh/")} == {f"docs/zh/{name}.md" for name in MANUALS}
    shared = list(map(str, typed(README)))
    assert ".venv/bin/pengpos phone tap --ask --yes" in shared
    assert list(map(str, typed(README_ZH))) == shared
    assert "EUPL-1.1" in README
    assert "EUPL-1.1" in README_ZH


ROOMS = ("workshop", "terminal", "sandbox", "drivers", "offline_queue", "ui", "provisioning", "pengpos")


def test_every_room_is_on_the_map() -> None:
    (rooms,) = re.findall(r"^```\n(workshop/ .*?)^```", PAGES["docs/architecture.md"], re.MULTILINE | re.DOTALL)
    inner = {path.parent for room in ROOMS for path in (ROOT / room).glob("*/__init__.py")}
    inner |= {path.parent for path in (ROOT / "sandbox" / "backend").glob("*/__init__.py")}
    drawn = {"ui/fonts", "ui/sounds"}  # files with a name, no rooms
    missing = {str(path.relative_to(ROOT)) for path in inner if not re.search(rf"\b{path.name}\b", rooms)}
    assert missing == drawn


def test_the_map_has_the_backends_floors_as_they_are_held() -> None:
    held = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    (layers,) = [contract["layers"] for contract in held if contract.get("containers") == ["sandbox.backend"]]
    (floors,) = re.findall(r"^  backend/ +(service > .*\n.*)$", PAGES["docs/architecture.md"], re.MULTILINE)
    drawn = [set(re.findall(r"\w+", floor)) for floor in re.sub(r"\(\w+\)", "", floors).split(">")]
    assert drawn == [set(re.findall(r"\w+", layer)) for layer in layers]


@pytest.mark.parametrize("readme", [README, README_ZH], ids=["en", "zh"])
def test_the_readme_names_the_rooms_of_the_device(readme: str) -> None:
    (named,) = re.findall(r"[(（](device [a-z ]+)[)）]", readme)
    rooms = {path.parent.name for path in (ROOT / "terminal").glob("*/__init__.py")}
    assert set(named.split(" ")) == rooms - {"commands", "wiring"}


def test_the_glossary_has_one_entry_for_a_word() -> None:
    words = re.findall(r"^\| \*\*(.+?)\*\* \|", PAGES["docs/glossary.md"], re.MULTILINE)
    assert len(words) > 50
    assert sorted(words) == sorted(set(words))


def test_ci_runs_the_readmes_command() -> None:
    assert "make test" in README
    assert re.search(r"^exec make test </dev/null$", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE)
