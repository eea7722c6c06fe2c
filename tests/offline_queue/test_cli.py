# SPDX-License-Identifier: Apache-2.0
"""`pengpos queue` on a file: what it says, in which exit code, and that it leaves the file as it was."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

from offline_queue.cli import queue
from offline_queue.connection import connect
from offline_queue.files import DATABASE_NAME, KEY_NAME, load_or_create_key
from offline_queue.journal import Journal
from offline_queue.samples import NOON, HeldClock, SaleMaker, moved, store
from terminal.core.sale import Refund, Sale, SaleState

Ask = Callable[..., Result]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def ask(home: Path) -> Ask:
    def run(*words: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(queue, ["--home", str(home), *words], input=typed)

    return run


@pytest.fixture
def sales(home: Path) -> list[Sale]:
    """An approved sale, one stored offline with tries behind it, and one with a refund under way."""
    maker = SaleMaker()
    with Journal.open(home / DATABASE_NAME, key=load_or_create_key(home / KEY_NAME), clock=HeldClock()) as journal:
        made = []
        for n in range(3):
            sale = maker.authorised(maker.signed(journal.next_counter(), amount_minor=1_000 + n))
            store(journal, sale)
            made.append(sale)
        refund = Refund(refund_id=uuid4(), idempotency_key="r", amount_minor=None, reason="spoilt", at=NOON)
        made[0] = replace(maker.approved(made[0]), reference="table 4")
        made[1] = replace(moved(made[1], SaleState.ACCEPTED_OFFLINE), attempts=3, retry_at=NOON + 60)
        made[2] = replace(maker.approved(made[2]), refunds=(refund,))
        store(journal, *made)
    return made


def test_list_shows_what_money_hangs_on(ask: Ask, sales: list[Sale]) -> None:
    lines = ask("list").output.splitlines()
    assert lines[0].split() == ["number", "state", "amount", "age", "tries", "next", "try", "id"]
    assert [line.split()[0] for line in lines[1:-1]] == [sales[1].number, sales[2].number]
    assert lines[-1] == "2 sales, 20.03 CNY"
    assert "2027-01-15T08:01:00Z" in lines[1]


def test_list_as_json_is_one_object_a_line(ask: Ask, sales: list[Sale]) -> None:
    listed = [json.loads(line) for line in ask("list", "--json").output.splitlines()]
    assert [(one["id"], one["total"], one["attempts"]) for one in listed] == [
        (str(sales[1].sale_id), 1_001, 3),
        (str(sales[2].sale_id), 1_002, 0),
    ]


@pytest.mark.parametrize(
    "word",
    [lambda s: str(s.sale_id), lambda s: s.number, lambda s: str(s.intent.intent_id)],
    ids=["id", "no", "intent"],
)
def test_show_finds_a_sale_by(ask: Ask, sales: list[Sale], word: Callable[[Sale], str]) -> None:
    text = ask("show", word(sales[0])).output
    assert text.startswith(f"{sales[0].number}  10.00 CNY  approved\n")
    assert "table 4" in text
    assert [line.split()[1] for line in text.splitlines()[-3:]] == ["signed", "authorised", "approved"]
    whole = json.loads(ask("show", word(sales[0]), "--json").output)
    assert whole[0]["history"][-1]["state"] == "approved"


def test_show_prints_refunds(ask: Ask, sales: list[Sale]) -> None:
    assert f"{sales[2].refunds[0].refund_id}  all  queued" in ask("show", sales[2].number).output


def test_verify_says_how_much_it_saw(ask: Ask, sales: list[Sale]) -> None:
    result = ask("verify")
    assert (result.exit_code, result.output.splitlines()[0]) == (
        0,
        "7 rows, 3 sales: every row follows from the one before it.",
    )
    assert json.loads(ask("verify", "--json").output)["rows"] == 1 + 2 * len(sales)


@pytest.mark.usefixtures("sales")
def test_verify_names_the_first_bad_row(ask: Ask, home: Path) -> None:
    connection = connect(home / DATABASE_NAME, load_or_create_key(home / KEY_NAME))
    connection.execute("DROP TRIGGER journal_is_not_updated")
    connection.execute("UPDATE journal SET body = x'00' WHERE seq IN (3, 5)")
    connection.close()
    result = ask("verify")
    assert result.exit_code == 1
    assert result.output.startswith("Error: row 3:")


def test_it_reads_while_the_daemon_has_the_journal_open(ask: Ask, home: Path, sales: list[Sale]) -> None:
    with Journal.open(home / DATABASE_NAME, key=load_or_create_key(home / KEY_NAME), clock=HeldClock()) as journal:
        store(journal, moved(sales[0], SaleState.SETTLED))
        assert '"settled"' in ask("show", sales[0].number, "--json").output
        assert ask("verify").exit_code == 0
        refused = ask("set-aside", "--yes")
    assert (refused.exit_code, "in use by another program" in refused.output) == (1, True)


def test_set_aside_asks_first_and_renames(ask: Ask, home: Path, sales: list[Sale]) -> None:
    assert len(sales) == 3
    content = (home / DATABASE_NAME).read_bytes()
    assert ask("set-aside", typed="n\n").exit_code == 1
    assert (home / DATABASE_NAME).read_bytes() == content
    assert ask("set-aside", typed="y\n").exit_code == 0
    assert [file.read_bytes() for file in home.glob("journal.db.aside-*")] == [content]
    assert ask("list").exit_code == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [(("list",), "There is no journal at"), (("verify",), "There is no journal at"),
     (("show", "x"), "There is no journal at"), (("set-aside", "--yes"), "There is no journal at")],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)  # fmt: skip
def test_without_a_journal_it_says_so(ask: Ask, home: Path, words: tuple[str, ...], says: str) -> None:
    result = ask(*words)
    assert (result.exit_code, result.output.startswith(f"Error: {says}")) == (1, True)
    assert not home.exists()


@pytest.mark.usefixtures("sales")
@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda home: (home / KEY_NAME).unlink(), "journal.key is missing"),
        (lambda home: (home / KEY_NAME).write_bytes(b"short"), "a journal key is 32 bytes"),
        (lambda home: (home / KEY_NAME).write_bytes(bytes(32)), "does not open with this device's key"),
        (lambda home: (home / DATABASE_NAME).write_bytes(b""), "empty or cut short"),
    ],
    ids=["no key", "short key", "wrong key", "empty file"],
)
def test_bad_files_are_named_in_a_sentence(ask: Ask, home: Path, spoil: Callable[[Path], object], says: str) -> None:
    spoil(home)
    result = ask("list")
    assert result.exit_code == 1
    assert says in result.output
    assert "Traceback" not in result.output


@pytest.mark.usefixtures("sales")
@pytest.mark.parametrize("wanted", ["0001-9999", str(uuid4()), "' OR 1=1"], ids=["number", "id", "quote"])
def test_an_unknown_sale_is_named(ask: Ask, wanted: str) -> None:
    result = ask("show", wanted)
    assert (result.exit_code, result.output) == (1, f"Error: There is no sale {wanted} in this journal.\n")


@pytest.mark.usefixtures("sales")
def test_an_empty_queue_says_so(ask: Ask, home: Path) -> None:
    with Journal.open(home / DATABASE_NAME, key=load_or_create_key(home / KEY_NAME), clock=HeldClock()) as journal:
        store(journal, *(moved(replace(sale, refunds=()), SaleState.SETTLED) for sale in journal.unsent()))
    assert ask("list").output == "Nothing waits.\n"
