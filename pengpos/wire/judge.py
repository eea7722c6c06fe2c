# SPDX-License-Identifier: Apache-2.0
"""The terminal's checks of a reply and of a receipt, in the order of tap protocol §2.

Whether an authorisation may be accepted offline is decided afterwards, by `pengpos.core.risk`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from pengpos.core.errors import MalformedError, RefusedError, SignatureError
from pengpos.core.reasons import Reason
from pengpos.wire.encoding.cose import Sign1
from pengpos.wire.encoding.keys import Issuers
from pengpos.wire.objects.authorisation import Authorisation
from pengpos.wire.objects.credential import Credential, Role
from pengpos.wire.objects.presentation import Presentation
from pengpos.wire.objects.receipt import Outcome, Receipt
from pengpos.wire.objects.reply import AlreadyPaid, Authorises, Declines, NeedsShopper, read_reply
from pengpos.wire.soundness import Flawed, Supplements, flaw_as_of, read_supplements


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """An authorisation that passed every check but the risk policy's."""

    credential: Credential
    authorisation: Authorisation
    reply: Authorises
    supplements: Supplements


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """An issuer's receipt that this intent is already paid: approved at once."""

    receipt: Receipt


Verdict: TypeAlias = Accepted | NeedsShopper | Declines | Paid


def judge_reply(
    raw: bytes,
    *,
    presentation: Presentation,
    issuers: Issuers,
    now: int,
    denylisted: Callable[[bytes], bool],
    last_counter: Callable[[bytes], int],
    stored: Callable[[], bytes | None],
) -> Verdict:
    """Judge the answer to `presentation` at `now` (Unix seconds); raises RefusedError at the first failed check.

    `denylisted` and `last_counter` are asked by the wallet key's kid; a key never seen has the last counter −1.
    `stored` gives the authorisation already stored for this intent, if any: the same content again is no replay. It is
    asked only of a counter seen before, for looking costs an honest phone a tenth of a tap's own time.
    """
    try:
        reply = read_reply(raw)
    except MalformedError as error:
        raise RefusedError(Reason.NOT_A_WALLET, f"reply: {error}") from None
    match reply:
        case NeedsShopper() | Declines():
            return reply
        case AlreadyPaid(receipt):
            return _judge_receipt(receipt, presentation, issuers)
        case Authorises():
            accepted = _judge_authorisation(reply, presentation, issuers, now, denylisted)
        case _:
            assert_never(reply)
    _check_counter(accepted, last_counter, stored)
    return accepted


def check_receipt(
    raw: bytes, *, presentation: Presentation, issuers: Issuers, authorised_total_minor: int | None
) -> Receipt:
    """An issuer's receipt for this presentation's intent: see `check_receipt_for`."""
    claims = presentation.intent.claims
    return check_receipt_for(
        raw,
        intent_id=claims.intent_id,
        terminal_id=claims.terminal_id,
        currency=claims.currency,
        issuers=issuers,
        authorised_total_minor=authorised_total_minor,
    )


def check_receipt_for(
    raw: bytes,
    *,
    intent_id: bytes,
    terminal_id: str,
    currency: str,
    issuers: Issuers,
    authorised_total_minor: int | None,
) -> Receipt:
    """An issuer's receipt for this intent of this terminal and its currency: the caller looks at its outcome.

    `authorised_total_minor`: after an authorisation, the most that may have been taken. Raises RefusedError: 16 for
    bytes, issuer, signature or another intent, 18 for the currency or the total.
    """
    try:
        receipt = Receipt.read(raw, issuers)
    except (MalformedError, SignatureError) as error:
        raise RefusedError(Reason.NOT_A_WALLET, f"receipt: {error}") from None
    if receipt.claims.intent_id != intent_id:
        raise RefusedError(Reason.NOT_A_WALLET, "receipt: for another intent")
    if receipt.claims.terminal_id not in {None, terminal_id}:
        raise RefusedError(Reason.NOT_A_WALLET, "receipt: for another terminal's intent of the same id")
    if receipt.claims.currency != currency:
        raise RefusedError(Reason.WRONG_TOTAL, "receipt: in another currency")
    if authorised_total_minor is not None and receipt.claims.total_minor > authorised_total_minor:
        raise RefusedError(Reason.WRONG_TOTAL, "receipt: more taken than authorised")
    return receipt


def _judge_receipt(raw: bytes, presentation: Presentation, issuers: Issuers) -> Paid:
    receipt = check_receipt(raw, presentation=presentation, issuers=issuers, authorised_total_minor=None)
    if receipt.claims.outcome is not Outcome.APPROVED:
        raise RefusedError(Reason.NOT_A_WALLET, "receipt: says already paid, but nothing was")
    return Paid(receipt=receipt)


def _judge_authorisation(
    reply: Authorises,
    presentation: Presentation,
    issuers: Issuers,
    now: int,
    denylisted: Callable[[bytes], bool],
) -> Accepted:
    """Everything but the counter."""
    try:
        authorisation = Authorisation.parse(reply.authorisation)
        credential = Credential.read(reply.wallet_credential, issuers)
        _check_wallet(credential, now, denylisted)
        authorisation.verify(credential.key)
    except (MalformedError, SignatureError) as error:
        raise RefusedError(Reason.NOT_A_WALLET, str(error)) from None
    claims = authorisation.claims
    if claims.intent_digest != presentation.intent.digest:
        raise RefusedError(Reason.NOT_A_WALLET, "answers another intent")
    supplements = read_supplements(claims, issuers)
    if isinstance(supplements, Flawed):
        raise RefusedError(supplements.flaw.reason, supplements.detail)
    for at in (now, claims.authorised_at):  # the backend will judge by the second, which the wallet has chosen
        flawed = flaw_as_of(at, presentation, credential, claims, supplements)
        if flawed is not None:
            raise RefusedError(flawed.flaw.reason, flawed.detail)
    return Accepted(credential=credential, authorisation=authorisation, reply=reply, supplements=supplements)


def _check_wallet(credential: Credential, now: int, denylisted: Callable[[bytes], bool]) -> None:
    if credential.role is not Role.WALLET:
        raise RefusedError(Reason.NOT_A_WALLET, "the credential is not a wallet's")
    if credential.expired(now):
        raise RefusedError(Reason.CREDENTIAL_EXPIRED, "the wallet's credential is expired")
    if denylisted(credential.key.kid):
        raise RefusedError(Reason.CREDENTIAL_EXPIRED, "the wallet's key is on the denylist")


def _check_counter(
    accepted: Accepted, last_counter: Callable[[bytes], int], stored: Callable[[], bytes | None]
) -> None:
    if accepted.authorisation.claims.counter > last_counter(accepted.credential.key.kid):
        return
    before = stored()
    if before is None or not Sign1.parse(before).same_content(accepted.authorisation.sign1):
        raise RefusedError(Reason.ALREADY_USED, "the wallet's counter was seen before")
