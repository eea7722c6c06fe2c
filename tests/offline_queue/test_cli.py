# SPDX-License-Identifier: Apache-2.0
"""`pengpos queue` on a file: what it says, in which exit code, and that all but `free` leave the file as it was."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

from offline_queue.cli import queue
from offline_queue.export.acknowledgement import uncovered
from offline_queue.journal.connection import connect
from offline_queue.journal.files import load_or_create_key
from offline_queue.journal.journal import Journal
from offline_queue.journal.reader import JournalReader
from pengpos.core.money import AMOUNT_LIMIT_MINOR
from pengpos.core.sale import Cancel, CancelReason, DueState, Refund, RefundState, Sale, SaleState
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.cose import Context, sign1
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.credential import Merchant, Role, issue_credential
from workshop.samples import sales as samples
from workshop.samples.journal import NOON, HeldClock, SaleMaker, moved, store

BACKEND = SoftwareKey.from_scalar(bytes(31) + b"\x07")
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
    with Journal.open(home / "journal.db", key=load_or_create_key(home / "journal.key"), clock=HeldClock()) as journal:
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


def test_list_adds_up_to_more_than_one_amount_can_be(ask: Ask, home: Path) -> None:
    maker = SaleMaker()
    with Journal.open(home / "journal.db", key=load_or_create_key(home / "journal.key"), clock=HeldClock()) as journal:
        for _ in range(2):
            sale = maker.authorised(maker.signed(journal.next_counter(), amount_minor=AMOUNT_LIMIT_MINOR))
            store(journal, moved(sale, SaleState.ACCEPTED_OFFLINE))
    assert ask("list").output.splitlines()[-1] == "2 sales, 20000000000.00 CNY"


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


def test_show_says_how_long_the_phone_took_for_a_command(ask: Ask, home: Path, sales: list[Sale]) -> None:
    assert "  tap        38 ms a command\n" in ask("show", sales[1].number).output
    assert json.loads(ask("show", sales[1].number, "--json").output)[0]["turnaround_ms"] == 38
    assert sales[2].authorised is not None
    before_it_was_measured = replace(sales[2], authorised=replace(sales[2].authorised, turnaround_ms=None))
    with Journal.open(home / "journal.db", key=load_or_create_key(home / "journal.key"), clock=HeldClock()) as journal:
        store(journal, before_it_was_measured)
    assert "a command" not in ask("show", sales[2].number).output


def test_show_prints_refunds(ask: Ask, sales: list[Sale]) -> None:
    assert f"{sales[2].refunds[0].refund_id}  all  queued" in ask("show", sales[2].number).output


def test_show_says_what_the_shopper_was_asked_for(ask: Ask, home: Path, sales: list[Sale]) -> None:
    assert json.loads(ask("show", sales[1].number, "--json").output)[0]["due"] is None
    asked = replace(sales[1], refusal=samples.refusal(samples.due(DueState.PAID, 18_23)))
    with Journal.open(home / "journal.db", key=load_or_create_key(home / "journal.key"), clock=HeldClock()) as journal:
        store(journal, asked)
    assert "  due        18.23 CNY  paid\n" in ask("show", sales[1].number).output
    whole = json.loads(ask("show", sales[1].number, "--json").output)[0]
    assert whole["due"] == {"state": "paid", "amount": 18_23}


def test_verify_says_how_much_it_saw(ask: Ask, sales: list[Sale]) -> None:
    result = ask("verify")
    assert (result.exit_code, result.output.splitlines()[0]) == (
        0,
        "7 rows, 3 sales: every row follows from the one before it.",
    )
    assert json.loads(ask("verify", "--json").output)["rows"] == 1 + 2 * len(sales)


@pytest.mark.usefixtures("sales")
def test_verify_names_the_first_bad_row(ask: Ask, home: Path) -> None:
    connection = connect(home / "journal.db", load_or_create_key(home / "journal.key"))
    connection.execute("DROP TRIGGER journal_is_not_updated")
    connection.execute("UPDATE journal SET body = x'00' WHERE seq IN (3, 5)")
    connection.close()
    result = ask("verify")
    assert result.exit_code == 1
    assert result.output.startswith("Error: row 3:")


def test_it_reads_while_the_daemon_has_the_journal_open(ask: Ask, home: Path, sales: list[Sale]) -> None:
    with Journal.open(home / "journal.db", key=load_or_create_key(home / "journal.key"), clock=HeldClock()) as journal:
        store(journal, moved(sales[0], SaleState.SETTLED))
        assert '"settled"' in ask("show", sales[0].number, "--json").output
        assert ask("verify").exit_code == 0
        refused = ask("set-aside", "--yes")
    assert (refused.exit_code, "in use by another program" in refused.output) == (1, True)


def settle_all(home: Path) -> None:
    with Journal.open(home / "journal.db", key=load_or_create_key(home / "journal.key"), clock=HeldClock()) as journal:
        store(journal, *(moved(replace(sale, refunds=()), SaleState.SETTLED) for sale in journal.unsent()))


@pytest.mark.usefixtures("sales")
def test_set_aside_asks_first_and_renames(ask: Ask, home: Path) -> None:
    settle_all(home)
    content = (home / "journal.db").read_bytes()
    assert ask("set-aside", typed="n\n").exit_code == 1
    assert (home / "journal.db").read_bytes() == content
    assert ask("set-aside", typed="y\n").exit_code == 0
    assert [file.read_bytes() for file in home.glob("journal.db.aside-*Z")] == [content]
    assert ask("list").exit_code == 1


@pytest.mark.usefixtures("sales")
def test_set_aside_keeps_a_good_journal_while_sales_in_it_wait(ask: Ask, home: Path) -> None:
    content = (home / "journal.db").read_bytes()
    result = ask("set-aside", "--yes")
    assert (result.exit_code, "Error: 2 sales in it wait for the backend" in result.output) == (1, True)
    assert "pengpos queue export FILE" in result.output
    assert "pengpos queue free" in result.output
    assert (home / "journal.db").read_bytes() == content


def corrupt(home: Path) -> None:
    connection = connect(home / "journal.db", load_or_create_key(home / "journal.key"))
    connection.execute("DROP TRIGGER journal_is_not_updated")
    connection.execute("UPDATE journal SET at_utc = 1 WHERE seq = 3")
    connection.close()


@pytest.mark.usefixtures("sales")
@pytest.mark.parametrize(
    "spoil",
    [
        corrupt,
        lambda home: [file.unlink() for file in home.glob("journal.key*")],
        lambda home: [(home / name).write_bytes(bytes(32)) for name in ("journal.key", "journal.key.copy")],
        lambda home: (home / "journal.db").write_bytes(b""),
    ],
    ids=["edited row", "no key", "wrong key", "empty file"],
)
def test_set_aside_is_the_way_out_of_a_bad_one(ask: Ask, home: Path, spoil: Callable[[Path], object]) -> None:
    spoil(home)
    assert ask("set-aside", "--yes").exit_code == 0
    assert len(list(home.glob("journal.db.aside-*"))) >= 1


# --- free -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def answer(home: Path, sales: list[Sale], tmp_path: Path) -> Callable[..., str]:
    """Enrols the terminal; then writes an acknowledgement of the journal as it is, but for `changes`."""
    credential = issue_credential(
        BACKEND, subject="T-0001", key=PublicKey.of(SoftwareKey.generate()), role=Role.TERMINAL, issued_at=NOON,
        expires_at=NOON + 1, merchant=Merchant(merchant_id="m", name="Noodles"),
    )  # fmt: skip
    enrolment = {"issuers": [PublicKey.of(BACKEND).to_jwk()], "credential": b64u(credential)}
    (home / "terminal.json").write_text(json.dumps(enrolment))

    def write(*, signer: SoftwareKey = BACKEND, context: Context = Context.HEAD, **changes: Any) -> str:
        with reader(home) as journal:
            head = journal.head()
        members = {
            "terminal_id": "T-0001", "version": 7, "issued_at": "2027-01-15T08:00:00Z",
            "not_after": "2099-01-01T00:00:00Z", "epoch": head.epoch, "sequence": head.seq, "hash": b64u(head.hash),
            "imported": [str(sale.intent.intent_id) for sale in sales[1:]], **changes,
        }  # fmt: skip
        payload = json.dumps({name: value for name, value in members.items() if value is not None}).encode()
        file = tmp_path / "answer"
        file.write_text(b64u(sign1(signer, context, payload, kid=PublicKey.of(signer).kid)) + "\n")
        return str(file)

    return write


def reader(home: Path) -> JournalReader:
    return JournalReader(home / "journal.db", load_or_create_key(home / "journal.key"))


def rows(home: Path) -> int:
    with reader(home) as journal:
        return journal.verify().rows


def test_free_records_the_acknowledgement_once(ask: Ask, home: Path, answer: Callable[..., str]) -> None:
    file, before = answer(), rows(home)
    for _ in range(2):
        result = ask("free", file)
        assert (result.exit_code, result.output) == (
            0,
            "The backend has all 2 unsent sales of T-0001: this device is free.\n",
        )
    with reader(home) as journal:
        assert (uncovered(journal), len(journal.unsent())) == ([], 2)
        assert list(journal.values("export_acknowledged")) == [f"{7:020}"]
    assert rows(home) == before + 1
    assert ask("set-aside", "--yes").exit_code == 0


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"signer": SoftwareKey.generate()}, "is no acknowledgement by this terminal's backend"),
        ({"context": Context.POLICY}, "is no acknowledgement by this terminal's backend"),
        ({"imported": None}, "is no acknowledgement by this terminal's backend"),
        ({"not_after": "soon"}, "is no acknowledgement by this terminal's backend"),
        ({"terminal_id": "T-0002"}, "is for T-0002, and this is T-0001"),
        ({"not_after": "2020-01-01T00:00:00Z"}, "ran out on 2020-01-01"),
        ({"hash": b64u(bytes(32))}, "no such row 7: the export came from another one"),
        ({"epoch": 1}, "no such row 7: the export came from another one"),
        ({"sequence": 2**40}, "the export came from another one"),
        ({"imported": []}, "does not cover 2 unsent sales: 0001-0002, 0001-0003"),
    ],
    ids=["stranger's", "another document", "a mere head", "no time", "other terminal's", "too old", "hash", "epoch",
         "row to come", "nothing imported"],
)  # fmt: skip
def test_free_refuses(ask: Ask, home: Path, answer: Callable[..., str], changes: dict[str, Any], says: str) -> None:
    file, before = answer(**changes), rows(home)
    result = ask("free", file)
    assert (result.exit_code, says in result.output, "Traceback" in result.output) == (1, True, False)
    assert rows(home) == before


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "No such file"), (b"", "is no acknowledgement"), (b"not base64url!", "is no acknowledgement"),
     ("好".encode(), "is no acknowledgement")],
    ids=["no file", "empty", "rubbish", "not ASCII"],
)  # fmt: skip
def test_free_names_a_bad_file(ask: Ask, answer: Callable[..., str], content: bytes | None, says: str) -> None:
    file = Path(answer())
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    result = ask("free", str(file))
    assert (result.exit_code, says in result.output) == (1, True)


def test_free_wants_the_journal_to_itself(ask: Ask, home: Path, answer: Callable[..., str]) -> None:
    file = answer()
    with Journal.open(home / "journal.db", key=load_or_create_key(home / "journal.key"), clock=HeldClock()):
        assert "in use by another program" in ask("free", file).output


def test_free_wants_an_enrolment(ask: Ask, home: Path, answer: Callable[..., str]) -> None:
    file = answer()
    (home / "terminal.json").unlink()
    assert ask("free", file).output == ("Error: This terminal is not enrolled: no acknowledgement can free it.\n")


def _refunded(sale: Sale) -> Sale:
    refund = Refund(refund_id=uuid4(), idempotency_key="new", amount_minor=5, reason="late", at=NOON)
    return replace(sale, refunds=(*sale.refunds, refund))


@pytest.mark.parametrize(
    ("which", "later", "waiting"),
    [
        (1, lambda sale: replace(moved(sale, SaleState.FORWARDING), attempts=4), 0),
        (1, lambda sale: moved(sale, SaleState.SETTLED), 0),
        (1, _refunded, 1),
        (2, _refunded, 1),
        (1, lambda sale: moved(replace(sale, cancel=Cancel(reason=CancelReason.CUSTOMER)), SaleState.CANCELLING), 1),
        (2, lambda sale: replace(sale, refunds=(replace(sale.refunds[0], state=RefundState.SENT),)), 0),
    ],
    ids=["tried again", "settled", "refund of a stored one", "another refund", "cancelled", "refund sent"],
)
def test_what_came_after_the_export_is_not_covered(
    ask: Ask, home: Path, sales: list[Sale], answer: Callable[..., str],
    which: int, later: Callable[[Sale], Sale], waiting: int,
) -> None:  # fmt: skip
    assert ask("free", answer()).exit_code == 0
    with Journal.open(home / "journal.db", key=load_or_create_key(home / "journal.key"), clock=HeldClock()) as journal:
        store(journal, later(sales[which]))
        assert len(uncovered(journal)) == waiting
    assert ask("set-aside", "--yes").exit_code == (1 if waiting else 0)


def test_a_new_sale_is_not_covered(ask: Ask, home: Path, answer: Callable[..., str]) -> None:
    assert ask("free", answer()).exit_code == 0
    with Journal.open(home / "journal.db", key=load_or_create_key(home / "journal.key"), clock=HeldClock()) as journal:
        sale = SaleMaker(9).signed(journal.next_counter())
        store(journal, sale)
        store(journal, moved(sale, SaleState.UNKNOWN))
        assert [one.sale_id for one in uncovered(journal)] == [sale.sale_id]


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
        (lambda home: [file.unlink() for file in home.glob("journal.key*")], "journal.key is missing"),
        (lambda home: [file.write_bytes(b"short") for file in home.glob("journal.key*")], "a journal key is 32 bytes"),
        (
            lambda home: [file.write_bytes(bytes(32)) for file in home.glob("journal.key*")],
            "does not open with this device's key",
        ),
        (lambda home: (home / "journal.db").write_bytes(b""), "empty or cut short"),
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
    settle_all(home)
    assert ask("list").output == "Nothing waits.\n"
