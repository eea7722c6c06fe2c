# SPDX-License-Identifier: Apache-2.0
"""Every payment on which money hangs, sealed to the backend: what saves the takings of a dead or cut-off terminal.

A payment carries what `POST /payments` would (backend API), its refunds, and its rows of the journal with the hash
before each, so that a reader can see that they were not edited. The whole is JSON, sealed as a JWE
(`pengpos.keys.sealed`) with a statement of the device's key about the content and the journal's head: so nobody but
the terminal makes an export of it. `docs/journal.md` has the format. Taking it in twice changes nothing: an intent is
paid once.
"""

import os
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from offline_queue.export.unsent import ExportedSales
from offline_queue.records.chain import ChainedRow, Row
from offline_queue.records.codec import UnreadableSaleError, decode_sale
from offline_queue.records.facts import SaleFacts
from pengpos.core.errors import JournalCorruptError, MalformedError
from pengpos.core.ports import Signer
from pengpos.core.sale import RefundState, Sale
from pengpos.keys.private_file import sync_directory
from pengpos.keys.sealed import seal, unseal
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context, sign1
from pengpos.wire.encoding.keys import PublicKey

FORMAT: Literal["pengpos-export-1"] = "pengpos-export-1"


class ExportedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the journal; bytes in base64url. `previous` is the hash of the row before it."""

    seq: int
    epoch: int
    counter: int
    kind: str
    subject: str
    at_utc: int
    boot: str
    body: str
    previous: str
    hash: str


class ExportedRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund not yet done; without amount: all that was captured."""

    refund_id: str
    amount: int | None
    reason: str


class ExportedPayment(msgspec.Struct, frozen=True, kw_only=True):
    """One sale; its signed objects as they came, in base64url. Without authorisation: ask, or cancel."""

    sale_id: str
    number: str
    state: str
    intent_id: str
    epoch: int
    counter: int
    presentation: str
    wallet_credential: str | None = None
    authorisation: str | None = None
    accepted_offline: bool = False
    occurred_at: int | None = None
    """Unix seconds."""
    cancel: str | None = None
    """The reason, if a cancel was under way."""
    refunds: list[ExportedRefund] = []
    rows: list[ExportedRow] = []


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """The content of a sealed export; `head` as in a heartbeat."""

    format: Literal["pengpos-export-1"]
    terminal_id: str
    made_at: int
    epoch: int
    seq: int
    hash: str
    payments: list[ExportedPayment]


def exported_payment(sale: Sale, rows: Iterable[ChainedRow] = ()) -> ExportedPayment:
    """A sale as it is exported; `rows` in their order."""
    intent, authorised = sale.intent, sale.authorised
    return ExportedPayment(
        sale_id=str(sale.sale_id),
        number=sale.number,
        state=sale.state.value,
        intent_id=str(intent.intent_id),
        epoch=intent.epoch,
        counter=intent.counter,
        presentation=b64u(intent.presentation),
        wallet_credential=b64u(authorised.wallet_credential) if authorised else None,
        authorisation=b64u(authorised.authorisation) if authorised else None,
        accepted_offline=SaleFacts.of(sale).accepted_at is not None,
        occurred_at=authorised.occurred_at if authorised else None,
        cancel=sale.cancel.reason.value if sale.cancel else None,
        refunds=[
            ExportedRefund(refund_id=str(refund.refund_id), amount=refund.amount_minor, reason=refund.reason)
            for refund in sale.refunds
            if refund.state in {RefundState.QUEUED, RefundState.SENT, RefundState.HELD}
        ],
        rows=[_exported_row(row) for row in rows],
    )


def seal_payment(sale: Sale, recipient: PublicKey) -> str:
    """One payment alone, sealed: what the mirror keeps."""
    return seal(msgspec.json.encode(exported_payment(sale)), recipient)


def seal_unsent(
    reader: ExportedSales, recipient: PublicKey, signer: Signer | None, *, terminal_id: str, made_at: int
) -> str:
    """Everything unsent in a journal, sealed to the backend and signed by the device's key. Raises JournalError.

    `signer` None: the key is lost with the rest of the device. Then the backend takes the payments, and a person looks
    at it.
    """
    sales = reader.unsent()
    head = reader.head()
    rows = reader.rows_of(sales)
    export = Export(
        format=FORMAT,
        terminal_id=terminal_id,
        made_at=made_at,
        epoch=head.epoch,
        seq=head.seq,
        hash=b64u(head.hash),
        payments=[exported_payment(sale, rows[sale.sale_id]) for sale in sales],
    )
    content = msgspec.json.encode(export)
    return seal(content, recipient, statement=None if signer is None else _statement(export, content, signer))


def _statement(export: Export, content: bytes, signer: Signer) -> bytes:
    """COSE_Sign1, context ``PengTap1 export``, over JSON: the journal's head and the SHA-256 of the sealed content."""
    said = {
        "terminal_id": export.terminal_id,
        "made_at": export.made_at,
        "epoch": export.epoch,
        "sequence": export.seq,
        "hash": export.hash,
        "content": b64u(sha256(content).digest()),
    }
    return sign1(signer, Context.EXPORT, msgspec.json.encode(said), kid=PublicKey.of(signer).kid)


def write_export(path: Path, sealed: str) -> None:
    """Put a sealed export into a new file, durably. Raises FileExistsError rather than overwrite, OSError."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink()  # half an export is none
        raise
    sync_directory(path.parent)


def read_export(sealed: str, private: ec.EllipticCurvePrivateKey) -> Export:
    """Open a sealed export and check its rows.

    Raises MalformedError, SignatureError (another's, or changed), JournalCorruptError (a row was edited before that).
    """
    try:
        export = msgspec.json.decode(unseal(sealed, private), type=Export)
    except msgspec.MsgspecError as error:
        raise MalformedError(f"not an export of this kind: {error}") from error
    for payment in export.payments:
        _check_rows(payment)
    return export


def _check_rows(payment: ExportedPayment) -> None:
    newest = None
    for exported in payment.rows:
        row = Row(exported.seq, exported.epoch, exported.counter, exported.kind, exported.subject, exported.at_utc,
                  unb64u(exported.boot), unb64u(exported.body))  # fmt: skip
        if row.hash_after(unb64u(exported.previous)) != unb64u(exported.hash):
            raise JournalCorruptError(row.seq, "it was changed")
        newest = row
    if newest is None:
        raise MalformedError(f"payment {payment.intent_id} comes without its rows")
    try:
        sale = decode_sale(newest.body)
    except UnreadableSaleError as error:
        raise JournalCorruptError(newest.seq, str(error)) from error
    if msgspec.structs.replace(payment, rows=[]) != exported_payment(sale):
        raise JournalCorruptError(newest.seq, "the payment is not what its row says")


def _exported_row(chained: ChainedRow) -> ExportedRow:
    row = chained.row
    return ExportedRow(
        seq=row.seq,
        epoch=row.epoch,
        counter=row.counter,
        kind=row.kind,
        subject=row.subject,
        at_utc=row.at_utc,
        boot=b64u(row.boot),
        body=b64u(row.body),
        previous=b64u(chained.previous),
        hash=b64u(chained.hash),
    )
