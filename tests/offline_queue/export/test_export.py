# SPDX-License-Identifier: Apache-2.0
"""The sealed export: what it carries, who can open it, and that edited rows show. Also from the command line."""

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from click.testing import CliRunner

from offline_queue.cli import queue
from offline_queue.export.export import Export, read_export, seal_unsent, write_export
from offline_queue.journal.connection import connect
from offline_queue.journal.files import load_or_create_key
from offline_queue.journal.journal import Journal
from offline_queue.journal.reader import JournalReader
from offline_queue.records.codec import decode_sale
from pengpos.core.errors import JournalCorruptError, MalformedError, SignatureError
from pengpos.core.sale import Cancel, CancelReason, Refund, RefundState, Sale, SaleState
from pengpos.home import Home
from pengpos.keys.file import FileKey
from pengpos.keys.sealed import open_sealed, seal, unseal
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context, Sign1
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.credential import Merchant, Role, issue_credential
from workshop.samples.journal import NOON, HeldClock, SaleMaker, moved, store

BACKEND = SoftwareKey.from_scalar(bytes(31) + b"\x07")
PUBLIC = PublicKey.of(BACKEND)
DEVICE = SoftwareKey.from_scalar(bytes(31) + b"\x08")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def sales(home: Path) -> list[Sale]:
    """Settled; stored offline; being cancelled without authorisation; approved with one refund of two under way."""
    maker = SaleMaker()
    with Journal.open(home / "journal.db", key=load_or_create_key(home / "journal.key"), clock=HeldClock()) as journal:
        made = []
        for n in range(4):
            sale = maker.signed(journal.next_counter(), at=NOON + n)
            store(journal, sale)
            made.append(sale)
        refunds = tuple(
            Refund(refund_id=uuid4(), idempotency_key=str(state), amount_minor=5, reason="spoilt", state=state, at=NOON)
            for state in (RefundState.DONE, RefundState.SENT)
        )
        made[0] = moved(maker.approved(maker.authorised(made[0])), SaleState.SETTLED)
        made[1] = moved(maker.authorised(made[1]), SaleState.ACCEPTED_OFFLINE)
        made[2] = moved(replace(made[2], cancel=Cancel(reason=CancelReason.CUSTOMER)), SaleState.CANCELLING)
        made[3] = replace(maker.approved(maker.authorised(made[3])), refunds=refunds)
        store(journal, *made)
    return made


def sealed(home: Path) -> str:
    with JournalReader(home / "journal.db", load_or_create_key(home / "journal.key")) as reader:
        return seal_unsent(reader, PUBLIC, DEVICE, terminal_id="T-0001", made_at=NOON)


def test_it_carries_every_unsent_sale_as_stored(home: Path, sales: list[Sale]) -> None:
    export = read_export(sealed(home), BACKEND.private)
    assert (export.terminal_id, export.seq, export.made_at) == ("T-0001", 9, NOON)
    assert [payment.sale_id for payment in export.payments] == [str(sale.sale_id) for sale in sales[1:]]
    stored, cancelling, refunding = export.payments
    assert sales[1].authorised is not None
    assert unb64u(stored.presentation) == sales[1].intent.presentation
    assert unb64u(stored.authorisation or "") == sales[1].authorised.authorisation
    assert (stored.accepted_offline, stored.occurred_at) == (True, NOON)
    assert (cancelling.authorisation, cancelling.cancel, cancelling.accepted_offline) == (None, "customer", False)
    assert [refund.refund_id for refund in refunding.refunds] == [str(sales[3].refunds[1].refund_id)]


@pytest.mark.usefixtures("sales")
def test_the_devices_key_signs_content_and_head(home: Path) -> None:
    opened = open_sealed(sealed(home), BACKEND.private)
    assert opened.statement is not None
    signed = Sign1.parse(opened.statement)
    signed.verify(PublicKey.of(DEVICE), Context.EXPORT)
    export = json.loads(opened.content)
    assert json.loads(signed.payload) == {
        "terminal_id": "T-0001", "made_at": NOON, "epoch": export["epoch"], "sequence": 9, "hash": export["hash"],
        "content": b64u(sha256(opened.content).digest()),
    }  # fmt: skip


def test_its_rows_are_the_journals_own(home: Path, sales: list[Sale]) -> None:
    export = read_export(sealed(home), BACKEND.private)
    assert [[row.seq for row in payment.rows] for payment in export.payments] == [[3, 7], [4, 8], [5, 9]]
    assert decode_sale(unb64u(export.payments[0].rows[-1].body)) == sales[1]
    assert export.payments[2].rows[-1].hash == export.hash


def test_nothing_unsent_is_an_empty_export(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.db", key=bytes(32), clock=HeldClock()) as journal:
        text = seal_unsent(journal, PUBLIC, None, terminal_id="T-0001", made_at=NOON)
    assert read_export(text, BACKEND.private).payments == []


@pytest.mark.usefixtures("sales")
def test_only_the_backend_opens_it(home: Path) -> None:
    with pytest.raises(SignatureError):
        read_export(sealed(home), SoftwareKey.generate().private)


@pytest.mark.usefixtures("sales")
@pytest.mark.parametrize(
    "statement",
    ["UPDATE journal SET body = (SELECT body FROM journal WHERE seq = 3) WHERE seq = 7",
     "UPDATE journal SET at_utc = 1 WHERE seq = 3", "UPDATE journal SET hash = zeroblob(32) WHERE seq = 6"],
    ids=["body", "time", "hash before"],
)  # fmt: skip
def test_a_row_edited_before_the_sealing_shows(home: Path, statement: str) -> None:
    connection = connect(home / "journal.db", load_or_create_key(home / "journal.key"))
    connection.execute("DROP TRIGGER journal_is_not_updated")
    connection.execute(statement)
    connection.close()
    with pytest.raises((JournalCorruptError, MalformedError)):
        read_export(sealed(home), BACKEND.private)


@pytest.mark.usefixtures("sales")
@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda export: export["payments"][0].update(presentation=b64u(b"another")), JournalCorruptError),
        (lambda export: export["payments"][0].update(accepted_offline=False), JournalCorruptError),
        (lambda export: export["payments"][0].update(rows=[]), MalformedError),
        (lambda export: export.update(format="pengpos-export-9"), MalformedError),
        (lambda export: export.pop("payments"), MalformedError),
    ],
    ids=["presentation", "acceptance", "no rows", "format", "no payments"],
)
def test_a_payment_that_is_not_its_rows_is_refused(
    home: Path, change: Callable[[dict[str, object]], object], error: type[Exception]
) -> None:
    content = json.loads(unseal(sealed(home), BACKEND.private))
    change(content)
    with pytest.raises(error):
        read_export(seal(json.dumps(content).encode(), PUBLIC), BACKEND.private)


def test_the_content_is_plain_json(home: Path, sales: list[Sale]) -> None:
    content = msgspec.json.decode(unseal(sealed(home), BACKEND.private), type=Export)
    assert len(content.payments) == len(sales) - 1


def test_an_export_never_overwrites(tmp_path: Path) -> None:
    write_export(tmp_path / "export", "one")
    with pytest.raises(FileExistsError):
        write_export(tmp_path / "export", "two")
    assert (tmp_path / "export").read_text() == "one"


def enrol(home: Path) -> None:
    credential = issue_credential(
        BACKEND, subject="T-0001", key=PublicKey.of(SoftwareKey.generate()), role=Role.TERMINAL, issued_at=NOON,
        expires_at=NOON + 1, merchant=Merchant(merchant_id="m", name="Noodles"),
    )  # fmt: skip
    (home / "terminal.json").write_text(json.dumps({"issuers": [PUBLIC.to_jwk()], "credential": b64u(credential)}))


def test_a_device_that_has_lost_its_key_loses_no_takings(home: Path, sales: list[Sale], tmp_path: Path) -> None:
    enrol(home)
    file = tmp_path / "to-the-backend"
    result = CliRunner().invoke(queue, ["--home", str(home), "export", str(file)])
    assert result.exit_code == 0
    assert "The export is not signed" in result.output
    assert len(read_export(file.read_text(), BACKEND.private).payments) == len(sales) - 1
    assert open_sealed(file.read_text(), BACKEND.private).statement is None


def test_from_the_command_line(home: Path, sales: list[Sale], tmp_path: Path) -> None:
    enrol(home)
    FileKey.load_or_create(Home(home).device_key)
    file = tmp_path / "to-the-backend"
    result = CliRunner().invoke(queue, ["--home", str(home), "export", str(file)])
    assert (result.exit_code, result.output.split()[:2]) == (0, ["3", "sales"])
    export = read_export(file.read_text(), BACKEND.private)
    assert (export.terminal_id, len(export.payments)) == ("T-0001", len(sales) - 1)
    again = CliRunner().invoke(queue, ["--home", str(home), "export", str(file)])
    assert (again.exit_code, "File exists" in again.output) == (1, True)


@pytest.mark.usefixtures("sales")
@pytest.mark.parametrize(
    ("enrolment", "says"),
    [(None, "not enrolled"), ("{", "damaged"), ("{}", "damaged"), ('{"issuers": [], "credential": "AA"}', "damaged")],
    ids=["none", "no JSON", "empty", "no issuer"],
)
def test_without_a_backend_to_seal_to_it_says_so(home: Path, tmp_path: Path, enrolment: str | None, says: str) -> None:
    if enrolment is not None:
        (home / "terminal.json").write_text(enrolment)
    result = CliRunner().invoke(queue, ["--home", str(home), "export", str(tmp_path / "file")])
    assert (result.exit_code, says in result.output) == (1, True)
    assert not (tmp_path / "file").exists()
