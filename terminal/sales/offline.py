# SPDX-License-Identifier: Apache-2.0
"""The newest risk policy put to the rules of `pengpos.core.risk`, with what the journal says is used of it.

The policy is an issuer's COSE_Sign1 over JSON (backend API, "The backend's documents"); without a valid one there is
no offline. It is held in memory: no payment and no snapshot waits for the disk to know it.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from offline_queue.port import UsageReads
from offline_queue.values import QueueTotals, WalletUsage
from pengpos.backend_api.limits import limits_in
from pengpos.backend_api.messages import DocumentContent, read_message
from pengpos.backend_api.operators import operators_in
from pengpos.core.authority.limits import NO_LIMITS, NOTHING_ALLOWED, Limits
from pengpos.core.authority.roles import NOBODY, Operators
from pengpos.core.currencies.currency import digits, is_listed
from pengpos.core.errors import MalformedError, SignatureError
from pengpos.core.risk import (
    CapsLeft,
    OfflineAllowed,
    OfflineRefused,
    RiskPolicy,
    Usage,
    caps_left,
    decide,
)
from pengpos.core.sale import Authorised
from pengpos.core.times import parse_rfc3339
from pengpos.wire.encoding.cose import Context, Sign1
from pengpos.wire.judge import Accepted
from pengpos.wire.objects.authorisation import Authorisation, Funding
from pengpos.wire.objects.credential import Credential
from terminal.device.clock import DeviceClock
from terminal.device.identity import Identity

log = logging.getLogger(__name__)

DOCUMENT_SIZE_MOST = 262_144
POLICY = "policy"
DEFAULT_CURRENCY = "CNY"


def read_document(
    raw: bytes, identity: Identity, context: Context, *, size_most: int = DOCUMENT_SIZE_MOST
) -> dict[str, Any]:
    """Open an issuer's document for this terminal. Raises MalformedError, SignatureError."""
    sign1 = Sign1.read_issued(raw, identity.issuers, context, max_size=size_most)
    content: dict[str, Any] = read_message(sign1.payload, dict)
    if content.get("terminal_id") not in ("*", identity.terminal_id):
        raise SignatureError("the document is for another terminal")
    try:
        msgspec.convert(content, DocumentContent)
    except msgspec.ValidationError as error:
        raise MalformedError(f"document: {error}") from error
    return content


def policy_of(document: dict[str, Any]) -> RiskPolicy:
    """The offline part of a policy document (backend API, *Risk policy*). Raises MalformedError."""
    try:
        risk = document["risk"]
        return RiskPolicy(
            version=int(document["version"]),
            issued_at=parse_rfc3339(document["issued_at"]),
            currency=str(risk["currency"]),
            per_payment_minor=int(risk["per_payment"]),
            per_key_count=int(risk["per_wallet_count"]),
            per_key_total_minor=int(risk["per_wallet_total"]),
            stored_count=int(risk["stored_count"]),
            stored_total_minor=int(risk["stored_total"]),
            max_age_s=int(risk["stored_age_s"]),
            doubtful_clock_s=int(risk["clock_doubt_s"]),
            guaranteed_minor=int(risk["guaranteed"]),
            not_after=parse_rfc3339(document["not_after"]),
            turnaround_ms=None if (most_ms := risk.get("apdu_turnaround_ms")) is None else int(most_ms),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedError(f"policy lacks or mistypes {error}") from error


def currency_of(document: dict[str, Any]) -> str:
    """The currency of a policy document's merchant, in which the terminal sells (of a backend before 1.3: its risk's).

    Raises MalformedError where it is none of ours, or the backend counts other decimals in it: each amount would be
    wrong, and a hundredfold.
    """
    try:
        code = document.get("currency") or document["risk"]["currency"]
        known = is_listed(code) and document.get("currency_digits", digits(code)) == digits(code)
    except (KeyError, TypeError) as error:
        raise MalformedError(f"policy lacks or mistypes {error}") from error
    if not known:
        raise MalformedError(f"policy in {code} with {document.get('currency_digits', 'no')} decimals, not as ISO 4217")
    return str(code)


@dataclass(frozen=True, slots=True)
class _Read:
    """A policy document as it was read; both None: it is not good, or there is none."""

    document: dict[str, Any] | None = None
    risk: RiskPolicy | None = None
    operators: Operators | None = NOBODY
    """None: it names none, and no action needs a role."""
    limits: Limits = NOTHING_ALLOWED


class NewestPolicy:
    """The newest policy, read once when it comes. Written on the loop, read in any thread."""

    def __init__(self, identity: Callable[[], Identity]) -> None:
        self._identity = identity
        self._raw: bytes | None = None
        self._read = _Read(operators=None, limits=NO_LIMITS)
        self.signs_endings = False
        """The backend signs every ending, so none is believed unsigned; until a good policy says otherwise."""
        self.signs_settlements = False
        """The backend signs every settlement, likewise."""
        self.signs_answers = False
        """The backend signs every answer over its request, likewise."""
        self.public_origin: str | None = None
        """Where phones reach the backend, if not where the terminal does."""
        self.currency = DEFAULT_CURRENCY
        """In which the terminal sells: the merchant's, by the last good policy."""

    def take(self, raw: bytes | None) -> None:
        """Put this document in the place of the one before; one that is not good ends what is taken offline.

        Nor does it open what needs a role, or has a limit: then nobody has one, and it is nothing.
        """
        if raw is None or raw == self._raw:
            return
        self._raw = raw
        readable = _Read()
        try:
            document = read_document(raw, self._identity(), Context.POLICY)
            self.signs_endings = document.get("signs_endings") is True
            self.signs_settlements = document.get("signs_settlements") is True
            self.signs_answers = document.get("signs_answers") is True
            currency = currency_of(document)
            readable = _Read(operators=operators_in(document), limits=limits_in(document))
            origin = document.get("public_origin")
            self.public_origin = origin if isinstance(origin, str) else None
            self._read = replace(readable, document=document, risk=policy_of(document))
            self.currency = currency
        except (MalformedError, SignatureError) as error:
            self._read = readable
            log.error("policy not usable, nothing is taken offline: %s", error)

    @property
    def risk(self) -> RiskPolicy | None:
        """What it says of payments offline."""
        return self._read.risk

    @property
    def operators(self) -> Operators | None:
        """Whom it names, also after its end; None: it names none, or there is none."""
        return self._read.operators

    @property
    def limits(self) -> Limits:
        """What no role goes beyond, also after its end."""
        return self._read.limits

    @property
    def document(self) -> dict[str, Any] | None:
        """All that it says: campaigns, languages, business day."""
        return self._read.document


class OfflinePolicy:
    """What may be taken without the backend now, and what is left of each cap."""

    def __init__(
        self,
        newest: NewestPolicy,
        identity: Callable[[], Identity],
        clock: DeviceClock,
        suspended: Callable[[], bool] = lambda: False,
    ) -> None:
        """`suspended`: nothing at all is taken offline, whatever the policy says (a restored card, a terminal that
        must not sell). In any thread.
        """
        self.deciding = asyncio.Lock()
        """Held from the decision until what was decided is in the journal: two payments never fit into one cap."""
        self._suspended = suspended
        self._newest = newest
        self._identity = identity
        self._clock = clock

    def current(self) -> RiskPolicy | None:
        """What payments are judged by now. None: no offline."""
        return None if self._suspended() else self.newest

    @property
    def newest(self) -> RiskPolicy | None:
        """The newest policy stored; the one that came with the enrolment until then. None: none that is good."""
        return self._newest.risk

    @property
    def limits(self) -> Limits:
        """What no role goes beyond."""
        return self._newest.limits

    @property
    def currency(self) -> str:
        """The one currency this terminal takes: its merchant's."""
        return self._newest.currency

    @property
    def document(self) -> dict[str, Any] | None:
        """All that the newest policy says: campaigns, languages, business day. None: none that is good."""
        return self._newest.document

    def decide(
        self, reads: UsageReads, authorised: Authorised, currency: str, accepted: Accepted | None = None
    ) -> OfflineAllowed | OfflineRefused:
        """Put one authorised payment to the policy as of now; `accepted`: what it was read from, if that was just now.

        Reads the journal: not on the loop. Raises JournalError; without `accepted` MalformedError, SignatureError.
        """
        if accepted is None:
            credential = Credential.read(authorised.wallet_credential, self._identity().issuers)
            funding = Authorisation.parse(authorised.authorisation).claims.funding
        else:  # a tap: nothing is read twice
            credential, funding = accepted.credential, accepted.authorisation.claims.funding
        return decide(
            self.current(),
            self._usage(reads.queue_totals(currency), reads.wallet_usage(authorised.wallet_kid, currency)),
            total_minor=authorised.total_minor,
            currency=currency,
            authorised_at=authorised.authorised_at,
            from_own_balance=funding is Funding.BALANCE,
            offline_allowed=authorised.offline_allowed,
            allowance=credential.allowance,
            turnaround_ms=authorised.turnaround_ms,
            now=self._clock.now(),
        )

    def left(self, stored: QueueTotals) -> CapsLeft | None:
        """What is left of the terminal's own caps when so much is stored; None: no policy, no offline."""
        policy = self.current()
        return caps_left(policy, self._usage(stored, None), now=self._clock.now()) if policy else None

    def _usage(self, stored: QueueTotals, wallet: WalletUsage | None) -> Usage:
        return Usage(
            stored_count=stored.count + stored.by_code_count,
            stored_total_minor=stored.total_minor + stored.by_code_minor,
            key_count=wallet.count if wallet else 0,
            key_total_minor=wallet.total_minor if wallet else 0,
            key_blocked=wallet.blocked if wallet else False,
            oldest_age_s=self._clock.now() - oldest if (oldest := oldest_at(stored)) is not None else None,
            clock_doubtful_for_s=self._clock.doubtful_for_s,
        )


def oldest_at(stored: QueueTotals) -> int | None:
    """When the oldest was taken of what the backend has not been heard of: stored payments, approvals by code."""
    return min((at for at in (stored.oldest_at, stored.by_code_oldest_at) if at is not None), default=None)
