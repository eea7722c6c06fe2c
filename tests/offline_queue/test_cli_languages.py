# SPDX-License-Identifier: Apache-2.0
"""`pengpos queue` in each language: the same facts in the same columns; for programs, English keys in ASCII."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from offline_queue import words
from offline_queue.cli import _second_copy, queue
from offline_queue.journal.files import load_or_create_key
from offline_queue.journal.journal import Journal
from pengpos.console import click_speaks, width
from pengpos.core.sale import SaleState
from pengpos.home import Home
from pengpos.i18n import LANGUAGES, Language
from workshop.samples.journal import HeldClock, SaleMaker, moved, store

Ask = Callable[..., Result]
HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An approved sale, and one that was stored offline."""
    home, maker = tmp_path_factory.mktemp("home"), SaleMaker()
    with Journal.open(home / "journal.db", key=load_or_create_key(home / "journal.key"), clock=HeldClock()) as journal:
        for index in range(2):
            sale = maker.authorised(maker.signed(journal.next_counter(), amount_minor=1_880))
            store(journal, sale)
            sale = maker.approved(sale) if index else moved(sale, SaleState.ACCEPTED_OFFLINE)
            store(journal, replace(sale, reference="5号桌"))
    return home


@pytest.fixture
def ask(home: Path) -> Ask:
    def run(language: Language, *arguments: str, home: Path = home) -> Result:
        return CliRunner().invoke(queue, ["--home", str(home), "--language", language, *arguments])

    return run


def test_a_list_says_state_and_sum_in_each_language(ask: Ask) -> None:
    said = {language: ask(language, "list").output.splitlines() for language in LANGUAGES}
    assert [said[language][1].split()[1] for language in LANGUAGES] == ["离线收下", "離線收下", "accepted_offline"]
    assert [said[language][-1] for language in LANGUAGES] == [
        "1笔收款，18.80 CNY",
        "1筆收款，18.80 CNY",
        "1 sales, 18.80 CNY",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_its_columns_stand_under_each_other(ask: Ask, language: Language) -> None:
    head, row = ask(language, "list").output.splitlines()[:2]
    amount = words.AMOUNT.in_language(language)
    assert width(head.partition(amount)[0]) == width(row.partition("18.80")[0])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sale_is_shown_whole_in_each_language(ask: Ask, language: Language) -> None:
    number = ask(language, "list").output.splitlines()[1].split()[0]
    lines = ask(language, "show", number).output.splitlines()
    details = [line for line in lines[1:] if not line.startswith("  2")]
    history = [line for line in lines[1:] if line.startswith("  2")]
    assert words.STATES[SaleState.ACCEPTED_OFFLINE].in_language(language) in lines[0]
    assert "5号桌" in lines[2]
    assert len({width(line) - width(line[2:].lstrip().partition("  ")[2].lstrip()) for line in details}) == 1
    assert len(history) == 3
    assert all(bool(HAN.search(line)) == (language != "en") for line in history)


@pytest.mark.parametrize("arguments", [["list", "--json"], ["verify", "--json"]], ids=lambda words: words[0])
def test_for_programs_it_is_the_same_in_every_language(ask: Ask, arguments: list[str]) -> None:
    said = {ask(language, *arguments).output for language in LANGUAGES}
    assert len(said) == 1
    assert (one := said.pop()).isascii()
    assert {"state", "rows"} & json.loads(one.splitlines()[0]).keys()


REFUSED = [["show", "99"], ["free", "nothing"], ["export", "f"], ["verify"], ["set-aside", "--yes"]]


@pytest.mark.parametrize("arguments", REFUSED, ids=lambda words: words[0])
def test_a_refusal_is_in_the_language_too(ask: Ask, tmp_path: Path, arguments: list[str]) -> None:
    home = tmp_path if arguments[0] in {"verify", "set-aside"} else None
    chinese, english = (ask(each, *arguments, **({} if home is None else {"home": home})) for each in ("zh-Hans", "en"))
    assert (chinese.exit_code, english.exit_code) == (1, 1)
    assert HAN.search(chinese.output.partition(": ")[2] or chinese.output), chinese.output
    assert not HAN.search(english.output), english.output


def test_damage_is_told_in_the_language(ask: Ask, tmp_path: Path) -> None:
    for name in ("journal.db", "journal.key"):
        (tmp_path / name).write_bytes(b"not a journal at all, but as long as one begins" * 100)
    (tmp_path / "journal.key").write_bytes(bytes(32))
    output = ask("zh-Hant", "verify", home=tmp_path).output
    assert "用這台裝置的金鑰打不開" in output
    assert "journal.key放在旁邊" in output


def test_what_is_asked_before_a_journal_is_set_aside(home: Path) -> None:
    said = CliRunner().invoke(queue, ["--home", str(home), "--language", "zh-Hans", "set-aside"], input="n\n")
    assert (said.exit_code, "确定移到一边吗？" in said.output, (home / "journal.db").exists()) == (1, True, True)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (b'[mirror]\ndirectory = "/media/usb"\n', "/media/usb"),
        (b'\xef\xbb\xbf[mirror]\r\ndirectory = "/media/usb"\r\n', "/media/usb"),
        (b"[readers]\n", None),
        ('[mirror]\ndirectory = "/média"'.encode("latin-1"), None),
        (b"a = " + b"[" * 5_000, None),
    ],
    ids=["as named", "begun by an editor's mark", "none", "another encoding", "brackets without end"],
)
def test_the_second_copy_is_the_one_of_the_settings(tmp_path: Path, settings: bytes, named: str | None) -> None:
    home = Home(tmp_path)
    home.settings.write_bytes(settings)
    assert _second_copy(home) == named


@pytest.mark.parametrize(("typed", "is_yes"), [("1\nn", False), ("否", False), ("是", True), ("ｙ", True)])
def test_an_answer_is_taken_as_it_is_typed_in_chinese(home: Path, typed: str, *, is_yes: bool) -> None:
    arguments = ["--home", str(home), "--language", "zh-Hans", "set-aside"]
    with click_speaks():
        said = CliRunner().invoke(queue, arguments, input=f"{typed}\n")
    assert ("笔收款待上传" in said.output, "Error" in said.output) == (is_yes, False), said.output
