# SPDX-License-Identifier: Apache-2.0
"""Issues vouchers for an account, signs each for one key at a time, spends it once, gives it back in proportion.

Source: tap protocol §1 (voucher); backend API, refunds ("vouchers and points in proportion").
"""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from pengpos.wire.encoding.base64url import unb64u
from pengpos.wire.objects.voucher import VoucherClaims, sign_voucher
from sandbox.backend.bill import lines as bill_lines
from sandbox.backend.bill.lines import LineKind
from sandbox.backend.bill.pricing import VoucherOffer
from sandbox.backend.errors import NotFoundError, NotPossibleError
from sandbox.backend.kernel.context import Backend
from sandbox.backend.records import ids
from sandbox.backend.records.database import RaceLostError, insert_if_new
from sandbox.backend.records.tables import (
    AccountRow,
    IntentRow,
    MerchantRow,
    PaymentRow,
    SpentVoucherRow,
    TerminalRow,
    VoucherRow,
    WalletCredentialRow,
)
from sandbox.backend.terminals import bounds

SHOWN_MOST = 20
"""How many vouchers a shopper is offered for one bill; a payment takes four."""


def offer(session: Session, row: VoucherRow) -> str:
    """Give an account a merchant's voucher; returns its id. Raises NotFoundError, InvalidRequestError."""
    bounds.check("value", row.value_minor)
    if session.get(AccountRow, row.account_id) is None:
        raise NotFoundError("account")
    if session.get(MerchantRow, row.merchant_id) is None:
        raise NotFoundError("merchant")
    return issue(session, row)


def issue(session: Session, row: VoucherRow) -> str:
    """Give a voucher a name and store it; returns its id."""
    row.id = ids.token_128()
    session.add(row)
    session.flush()
    return row.id


def vouchers_of(session: Session, account_id: str) -> list[tuple[VoucherRow, bool]]:
    """An account's vouchers, the first to run out first, and whether each is spent."""
    rows = session.scalars(
        select(VoucherRow).where(VoucherRow.account_id == account_id).order_by(VoucherRow.not_after, VoucherRow.id)
    ).all()
    return [(row, session.get(SpentVoucherRow, row.id) is not None) for row in rows]


def signed_voucher(backend: Backend, row: VoucherRow, kid: str) -> bytes:
    """A voucher bound to one key of its holder."""
    claims = VoucherClaims(
        voucher_id=unb64u(row.id),
        merchant_id=row.merchant_id,
        value_minor=row.value_minor,
        currency=row.currency,
        minimum_minor=row.minimum_minor,
        not_before=row.not_before,
        not_after=row.not_after,
        holder_kid=unb64u(kid),
    )
    return sign_voucher(backend.issuer.signer, claims)


def check_own_key(session: Session, account_id: str, kid: str) -> None:
    """Raise NotFoundError unless `kid` is a key of this account."""
    row = session.get(WalletCredentialRow, kid)
    if row is None or row.account_id != account_id:
        raise NotFoundError("key")


def for_page(
    session: Session, intent: IntentRow, account_id: str, voucher_ids: list[str], at: int
) -> list[VoucherOffer]:
    """The vouchers that an account wants to pay with by the page; raises NotPossibleError."""
    found, merchant_id = list[VoucherOffer](), session.get_one(TerminalRow, intent.terminal_id).merchant_id
    for voucher_id in voucher_ids:
        row = session.get(VoucherRow, voucher_id)
        if row is None or row.account_id != account_id or voucher_ids.count(voucher_id) > 1:
            raise NotPossibleError("wrong_voucher", "not a voucher of this account, or one twice")
        fits = row.merchant_id == merchant_id and row.currency == intent.currency
        if not fits or not row.not_before <= at <= row.not_after or intent.amount_minor < row.minimum_minor:
            raise NotPossibleError("wrong_voucher", "the voucher is not for this bill")
        if session.get(SpentVoucherRow, voucher_id) is not None:
            raise NotPossibleError("voucher_spent", "the voucher is spent")
        found.append(VoucherOffer(row.id, row.value_minor))
    return found


def fitting(session: Session, intent: IntentRow, account_id: str, at: int) -> list[VoucherRow]:
    """An account's vouchers that take something off an intent, the first to run out first, at most `SHOWN_MOST`."""
    if not intent.online:
        return []
    rows = session.scalars(
        select(VoucherRow)
        .join(TerminalRow, TerminalRow.merchant_id == VoucherRow.merchant_id)
        .outerjoin(SpentVoucherRow, SpentVoucherRow.voucher_id == VoucherRow.id)
        .where(TerminalRow.id == intent.terminal_id, VoucherRow.account_id == account_id)
        .where(SpentVoucherRow.voucher_id.is_(None), VoucherRow.not_before <= at, VoucherRow.not_after >= at)
        .where(VoucherRow.currency == intent.currency, VoucherRow.minimum_minor <= intent.amount_minor)
        .order_by(VoucherRow.not_after, VoucherRow.id)
        .limit(SHOWN_MOST)
    )
    return list(rows)


def value_used(payment: PaymentRow) -> int:
    """How much vouchers took off a payment."""
    return payment.amount_minor + payment.tip_minor - payment.total_minor


def spent_elsewhere(session: Session, intent: IntentRow, payment: PaymentRow) -> bool:
    """Whether one of a payment's vouchers has been used up by another sale: since it was held, say."""
    if not payment.vouchers:
        return False
    taken = SpentVoucherRow.voucher_id.in_(payment.vouchers), SpentVoucherRow.intent_key != intent.key
    return session.scalar(select(SpentVoucherRow.voucher_id).where(*taken).limit(1)) is not None


def spend(session: Session, intent: IntentRow, payment: PaymentRow) -> None:
    """Use a booked payment's vouchers up; raises RaceLostError if one has just been spent elsewhere."""
    for voucher_id in payment.vouchers:
        if not insert_if_new(session, SpentVoucherRow, voucher_id=voucher_id, intent_key=intent.key):
            raise RaceLostError


def use_up(session: Session, payment: PaymentRow) -> None:
    """Its due is paid, less the vouchers: they are gone; one that was spent elsewhere meanwhile stays spent there."""
    for voucher_id in payment.vouchers:
        insert_if_new(session, SpentVoucherRow, voucher_id=voucher_id, intent_key=payment.intent_key)


def unspend(session: Session, payment: PaymentRow) -> None:
    """A cancelled payment has spent nothing. Of a voucher whose rest has come back already, what was used does too."""
    if not payment.vouchers:
        return
    if _came_back(session, payment):
        give_back(session, payment, payment.taken_minor, payment.taken_minor)
    else:
        session.execute(delete(SpentVoucherRow).where(SpentVoucherRow.intent_key == payment.intent_key))


def give_rest(session: Session, payment: PaymentRow) -> None:
    """What a booked payment's vouchers are worth beyond the bill comes back at once, each like it."""
    used = _used(payment)
    for voucher in _spent_on(session, payment) if used else ():
        rest = voucher.value_minor - used.get(voucher.id, 0)
        if rest > 0:
            _issue_part(session, payment, voucher, rest)


def give_back(session: Session, payment: PaymentRow, taken: int, refunded: int) -> None:
    """After a refund: vouchers come back in proportion to the money, each as it was: its minimum, its validity.

    Parts of one voucher have its whole minimum: on one bill they are worth no more than it was.
    """
    if value_used(payment) == 0 or payment.account_id is None:
        return
    spent, back, used = _spent_on(session, payment), _came_back(session, payment), _used(payment)
    if not used:
        _give_back_of_all(session, payment, spent, back, taken=taken, refunded=refunded)
    for voucher in spent if used else ():
        minor = used.get(voucher.id, 0)
        rest = voucher.value_minor - minor
        came_back = _value([row for row in back if row.given_back_of == voucher.id]) - rest
        value = _part(minor, refunded, taken) - came_back
        if value > 0:
            _issue_part(session, payment, voucher, value)


def _give_back_of_all(
    session: Session,
    payment: PaymentRow,
    spent: Sequence[VoucherRow],
    back: Sequence[VoucherRow],
    *,
    taken: int,
    refunded: int,
) -> None:
    """Of a payment whose lines do not name its vouchers: from before they did, or declined and paid as a due."""
    left = _part(_value(spent), refunded, taken) - _value(back)
    for voucher in spent:
        came_back = [row for row in back if row.given_back_of == voucher.id]
        value = min(left, _part(voucher.value_minor, refunded, taken) - _value(came_back))
        if value > 0:
            left -= value
            _issue_part(session, payment, voucher, value)


def _used(payment: PaymentRow) -> dict[str, int]:
    """What each voucher took off a booked payment, by its id; empty where its lines do not say."""
    lines = bill_lines.read(payment.lines)
    return {line.source: -line.amount_minor for line in lines if line.kind is LineKind.VOUCHER and line.source}


def _came_back(session: Session, payment: PaymentRow) -> Sequence[VoucherRow]:
    return session.scalars(select(VoucherRow).where(VoucherRow.given_back_for == payment.intent_key)).all()


def _part(value_minor: int, refunded: int, taken: int) -> int:
    return value_minor if refunded == taken else value_minor * refunded // taken


def _value(rows: Sequence[VoucherRow]) -> int:
    return sum(row.value_minor for row in rows)


def _issue_part(session: Session, payment: PaymentRow, voucher: VoucherRow, value_minor: int) -> None:
    part = VoucherRow(
        account_id=voucher.account_id,
        merchant_id=voucher.merchant_id,
        value_minor=value_minor,
        currency=voucher.currency,
        minimum_minor=voucher.minimum_minor,
        not_before=voucher.not_before,
        not_after=voucher.not_after,
        given_back_for=payment.intent_key,
        given_back_of=voucher.id,
    )
    issue(session, part)


def _spent_on(session: Session, payment: PaymentRow) -> Sequence[VoucherRow]:
    """Of a payment's vouchers those that it has used up; of one that was declined another sale may have spent some."""
    return session.scalars(
        select(VoucherRow)
        .join(SpentVoucherRow, SpentVoucherRow.voucher_id == VoucherRow.id)
        .where(SpentVoucherRow.intent_key == payment.intent_key, VoucherRow.id.in_(payment.vouchers))
        .order_by(VoucherRow.id)
    ).all()
