# SPDX-License-Identifier: Apache-2.0
"""Signs shoppers up, tops them up, and issues credentials, among which it divides the offline allowance.

Source: backend API, "Shopper side", *Money set aside*. At most three keys carry an allowance, whole payments first
(200.00, 200.00, 100.00 of the usual 500.00), each set aside from the free balance, so that all promises together exceed
neither what the owner set nor what there is. Which: those for the shops its owner chose, else for the shops last used,
else the first made. A key counts until its money has been given back, long after its credential has expired.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pengpos.core.money import AMOUNT_LIMIT_MINOR
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.credential import Allowance
from sandbox.backend.booking import set_aside
from sandbox.backend.errors import ConflictError, InvalidRequestError, NotPossibleError, TokenEndedError
from sandbox.backend.kernel import limits
from sandbox.backend.kernel.context import Backend
from sandbox.backend.ledger import ledger
from sandbox.backend.ledger.ledger import Account, AccountKind, PostingKind
from sandbox.backend.records import ids
from sandbox.backend.records.database import RaceLostError
from sandbox.backend.records.tables import AccountRow, WalletCredentialRow
from sandbox.backend.terminals import denylist
from sandbox.backend.trust.issuer import WALLET_CREDENTIAL_LIFE_S
from sandbox.backend.trust.proof_of_possession import check_proof

CURRENCY = "CNY"
PLAY_MONEY = 1_000_00
OFFLINE_TOTAL = 500_00
MOST_OFFLINE_TOTAL = 500_00
WHOLE_PAYMENT = 200_00
MOST_HOLDERS = 3
FIRST_KEY_S = 3_600
"""How soon after sign-up an account's first key must come to be its owner's."""
RENEWED_AFTER_S = WALLET_CREDENTIAL_LIFE_S // 2


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account and its bearer token, which is said once; only its hash is stored."""

    account_id: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountBalance:
    """All an account holds, by currency, and what its credentials may promise offline in all.

    `set_aside_minor` of it is kept for what was or may be promised, in CNY; the rest can be spent.
    """

    by_currency: dict[str, int]
    set_aside_minor: int
    offline_total_minor: int
    offline_frozen: bool


def sign_up(session: Session, name: str, languages: list[str], now: int) -> NewAccount:
    """Make an account with 1,000.00 CNY of play money."""
    token = secrets.token_urlsafe(32)
    account = AccountRow(
        id=ids.short_id("A"),
        name=name,
        languages=languages,
        token_hash=ids.token_hash(token),
        created_at=now,
        offline_total_minor=OFFLINE_TOTAL,
        offline_merchants=[],
    )
    session.add(account)
    session.flush()
    top_up(session, account.id, PLAY_MONEY, CURRENCY, now)
    return NewAccount(account.id, token)


def of_token(session: Session, token_hash: str) -> str | None:
    """Whose token has this hash, in hexadecimal; None: no account's."""
    return session.scalar(select(AccountRow.id).where(AccountRow.token_hash == token_hash))


def check_token(session: Session, token_hash: str) -> None:
    """Raise TokenEndedError if no account has this token; else it has it until the transaction ends."""
    query = select(AccountRow.id).where(AccountRow.token_hash == token_hash)
    if session.scalar(query.with_for_update(read=True, key_share=True)) is None:  # in the way of another token alone
        raise TokenEndedError("no account has this token")


def top_up(session: Session, account_id: str, amount_minor: int, currency: str, now: int) -> None:
    """More play money. Raises InvalidRequestError where a balance would be more than an amount can be."""
    shopper = Account(AccountKind.SHOPPER, account_id)
    ledger.lock(session, shopper, currency)
    kept = set_aside.of_account(session, account_id, currency)
    if ledger.balance(session, shopper, currency) + kept + amount_minor > AMOUNT_LIMIT_MINOR:
        raise InvalidRequestError("the balance would be more than an amount can be")
    ledger.transfer(
        session,
        PostingKind.TOP_UP,
        giver=Account(AccountKind.PLAY_MONEY),
        taker=shopper,
        amount_minor=amount_minor,
        currency=currency,
        at=now,
    )


def balance(session: Session, account_id: str) -> AccountBalance:
    """All an account holds."""
    account = session.get_one(AccountRow, account_id)
    kept = set_aside.of_account(session, account_id, CURRENCY)
    free = {CURRENCY: 0} | ledger.balances(session, Account(AccountKind.SHOPPER, account_id))
    return AccountBalance(
        by_currency=free | {CURRENCY: free[CURRENCY] + kept},
        set_aside_minor=kept,
        offline_total_minor=account.offline_total_minor,
        offline_frozen=account.offline_frozen_at is not None,
    )


def issue_credential(
    session: Session, backend: Backend, account_id: str, key: PublicKey, proof: str, merchant_id: str | None
) -> WalletCredentialRow:
    """Certify a fresh wallet key; the same key again gives the same credential, or a later one of the same allowance.

    Raises InvalidRequestError `bad_proof`, ConflictError for another account's key.
    """
    now = backend.clock.now()
    check_proof(proof, key, account_id)
    account = session.get_one(AccountRow, account_id, with_for_update={"key_share": True})
    row = session.get(WalletCredentialRow, b64u(key.kid), with_for_update=True, populate_existing=True)
    if row is None:
        _check_number(session, account_id, now)
        minor = _allowance(session, account, merchant_id, now)
        kid = b64u(key.kid)
        row = WalletCredentialRow(
            kid=kid,
            account_id=account_id,
            merchant_id=merchant_id,
            allowance_minor=minor,
            vouched_by=kid if _is_the_first(session, account, now) else None,
        )
        _certify(backend, row, key, now)
        session.add(row)
        session.flush()
        if minor > 0:
            _put_by(session, row, now)
    elif row.account_id != account_id:
        raise ConflictError("this key belongs to another account")
    elif _may_go_on(session, account, row, now):
        _certify(backend, row, key, now)
        row.claimable_until = row.expires_at + set_aside.CLAIMABLE_S
    return row


def _is_the_first(session: Session, account: AccountRow, now: int) -> bool:
    """Whether the next key is taken for its owner's: later, who read the token on the line may be the one that asks."""
    any_key = select(WalletCredentialRow.kid).where(WalletCredentialRow.account_id == account.id).limit(1)
    return now <= account.created_at + FIRST_KEY_S and session.scalar(any_key) is None


def _check_number(session: Session, account_id: str, now: int) -> None:
    """Raise TooManyError if this account has had too many new keys of late.

    Those that were blocked as a stranger's count apart: who has read a token leaves its owner enough.
    """
    of_late = (WalletCredentialRow.account_id == account_id, WalletCredentialRow.issued_at > now - limits.DAY_S)
    counted = select(func.count(), func.count(WalletCredentialRow.blocked_at)).where(*of_late)
    made, blocked = session.execute(counted).one()
    limits.CREDENTIALS.check(made - blocked, retry_after_s=3_600)
    limits.CREDENTIALS_IN_ALL.check(made, retry_after_s=3_600)


def set_offline_allowance(session: Session, account_id: str, total_minor: int, merchants: list[str]) -> None:
    """Set how much credentials issued from now on may promise in all.

    Raises NotPossibleError `offline_frozen`, and `over_allowance` for more than anybody may set aside.
    """
    account = session.get_one(AccountRow, account_id, with_for_update={"key_share": True})
    if account.offline_frozen_at is not None:
        raise NotPossibleError("offline_frozen", "the offline allowance is frozen: a key of this account was copied")
    if total_minor > MOST_OFFLINE_TOTAL:
        raise NotPossibleError("over_allowance", f"at most {MOST_OFFLINE_TOTAL} may be set aside for offline payments")
    account.offline_total_minor, account.offline_merchants = total_minor, merchants


def _certify(backend: Backend, row: WalletCredentialRow, key: PublicKey, now: int) -> None:
    """Sign a credential from now on, with the allowance that the row says."""
    allowance = None
    if row.allowance_minor > 0:
        per_payment = min(row.allowance_minor, WHOLE_PAYMENT)
        allowance = Allowance(currency=CURRENCY, per_payment_minor=per_payment, total_minor=row.allowance_minor)
    row.credential = backend.issuer.wallet_credential(ids.short_id("w", 12), key, allowance, now)
    row.issued_at, row.expires_at = now, now + WALLET_CREDENTIAL_LIFE_S


def _put_by(session: Session, row: WalletCredentialRow, now: int) -> None:
    try:
        set_aside.put_by(session, row, CURRENCY, now)
    except ledger.InsufficientFundsError as error:
        raise RaceLostError from error  # it was there when the allowance was worked out


def _may_go_on(session: Session, account: AccountRow, row: WalletCredentialRow, now: int) -> bool:
    """Whether a key gets a later credential: half of its life is over, and its money is set aside, whole.

    And its owner still wants it so: all keys together within the total, and this one's shop, if shops were chosen.
    """
    if row.claimable_until is None or account.offline_frozen_at is not None or now < row.issued_at + RENEWED_AFTER_S:
        return False
    if row.blocked_at is not None or denylist.listed_at(session, row.kid, now):
        return False
    if account.offline_merchants and row.merchant_id not in account.offline_merchants:
        return False
    if sum(holder.allowance_minor for holder in _holders(session, account, now)) > account.offline_total_minor:
        return False
    return ledger.balance(session, set_aside.of_key(row.kid), CURRENCY) == row.allowance_minor


def _allowance(session: Session, account: AccountRow, merchant_id: str | None, now: int) -> int:
    """What one more key may promise offline, in minor units; 0: online only."""
    if account.offline_frozen_at is not None:
        return 0
    holders = _holders(session, account, now)
    left = account.offline_total_minor - sum(row.allowance_minor for row in holders)
    if len(holders) >= MOST_HOLDERS or left <= 0 or not _preferred(session, account, merchant_id):
        return 0
    share = min(left, WHOLE_PAYMENT) if len(holders) < MOST_HOLDERS - 1 else left
    return min(share, ledger.balance(session, Account(AccountKind.SHOPPER, account.id), CURRENCY))


def _holders(session: Session, account: AccountRow, now: int) -> Sequence[WalletCredentialRow]:
    """The keys that have a part of an account's allowance."""
    return session.scalars(
        select(WalletCredentialRow).where(
            WalletCredentialRow.account_id == account.id,
            WalletCredentialRow.allowance_minor > 0,
            (WalletCredentialRow.expires_at > now) | WalletCredentialRow.claimable_until.is_not(None),
        )
    ).all()


def _preferred(session: Session, account: AccountRow, merchant_id: str | None) -> bool:
    if account.offline_merchants:
        return merchant_id in account.offline_merchants
    used = session.scalars(
        select(WalletCredentialRow)
        .where(WalletCredentialRow.account_id == account.id, WalletCredentialRow.last_used_at.is_not(None))
        .order_by(WalletCredentialRow.last_used_at.desc())
    ).all()
    recent = list(dict.fromkeys(row.merchant_id for row in used))[:MOST_HOLDERS]
    return len(recent) < MOST_HOLDERS or merchant_id in recent
