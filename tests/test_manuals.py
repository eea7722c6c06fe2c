# SPDX-License-Identifier: Apache-2.0
"""What the pages for people say of lights, files, commands and output is so."""

import re
import signal
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, SimpleNamespace

import pytest
from click.testing import CliRunner

from pengpos.home import Home
from provisioning.finding import Probe
from terminal.cli import main
from terminal.commands import technician
from terminal.commands.queue import queue
from tests.support.contract_page import rows_of_words, section
from tests.support.named import sources
from ui.state.items import read_items
from workshop.shop import DEFAULT_SANDBOX_PORT, VPCD_PORTS, ReaderRoad

ROOT = Path(__file__).parents[1]


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def first_spans(text: str) -> list[str]:
    """What the first cells of a section's tables name."""
    return [name for names, _ in rows_of_words(text) for name in names]


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
    assert [name for name, found in patterns.items() if not any(re.search(found, text) for text in sources())] == []
