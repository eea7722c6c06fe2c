# SPDX-License-Identifier: Apache-2.0
"""Pays by the URL of a tag or QR, with this phone's own account (tap protocol §3).

Knows the forms of the URL, and the order that keeps two ways from paying one intent: the wallet shuts taps out
before the backend is asked, and lets them in again only where the backend refused, so that nothing has begun.
"""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from pengpos.core.errors import MalformedError, RefusedError
from pengpos.core.reasons import Reason
from pengpos.origins import origin_of
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.objects.presentation import Presentation
from sandbox.phone.account import Account, AccountPayment, BackendRefusedError, read_signed
from sandbox.phone.wallet.wallet import Wallet

_MAX_URL = 1_000  # a presentation is at most 680 characters
_ID_SIZE = 16
_TERMINAL_ID = re.compile(r"[A-Za-z0-9-]{1,12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What a URL asks to be paid: an intent the backend knows, or one that comes along, which names its terminal.

    `terminal_id`: whose intent it is, where the URL says so; without it the id's first.
    """

    intent_id: bytes
    terminal_id: str | None = None
    presentation: bytes | None = None

    @property
    def reference(self) -> str:
        """What names it to the backend."""
        bare = b64u(self.intent_id)
        return bare if self.terminal_id is None else f"{bare}.{self.terminal_id}"


def read_url(url: str, *, backend: str, wallet: Wallet) -> Scanned:
    """Read `ORIGIN/t/ID`, `ORIGIN/t/ID.TERMINAL` or `ORIGIN/t#P`, the last by all the checks of a tap but the owner's.

    Raises MalformedError for another URL, SignatureError for an intent of an issuer that is not trusted, RefusedError
    for one out of time.
    """
    if len(url) > _MAX_URL:
        raise MalformedError(f"a URL longer than {_MAX_URL} characters")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise MalformedError("not a URL") from None
    if not _is_at(parts, backend):
        raise MalformedError("a URL of another payment service")
    if parts.path.startswith("/t/") and not parts.fragment:
        name, dot, terminal_id = parts.path.removeprefix("/t/").partition(".")
        intent_id = unb64u(name)
        if len(intent_id) != _ID_SIZE:
            raise MalformedError("not an intent's id")
        if dot and not _TERMINAL_ID.fullmatch(terminal_id):
            raise MalformedError("not a terminal's id")
        return Scanned(intent_id=intent_id, terminal_id=terminal_id if dot else None)
    if parts.path != "/t" or not parts.fragment:
        raise MalformedError("a URL with nothing to pay")
    raw = unb64u(parts.fragment)
    presentation = Presentation.read(raw, wallet.issuers)
    now = wallet.now()
    if presentation.credential.expired(now):
        raise RefusedError(Reason.NOT_TRUSTED, "the terminal's credential has expired")
    if not presentation.intent.claims.in_time(now):
        raise RefusedError(Reason.PHONE_CLOCK, "the intent is out of time, or this phone's clock is wrong")
    return Scanned(intent_id=presentation.intent.claims.intent_id, presentation=raw)


def _is_at(parts: SplitResult, backend: str) -> bool:
    """Whether an address is at this backend, however either is written."""
    home = urlsplit(backend)
    try:
        asked, known = (origin_of(f"{one.scheme}://{one.netloc}") for one in (parts, home))
    except ValueError:
        return False
    return asked == known


def pay(scanned: Scanned, account: Account, wallet: Wallet) -> AccountPayment:
    """Claim and pay it. Raises RefusedError if a tap has paid it, BackendRefusedError, BackendUnreachableError.

    After BackendUnreachableError the outcome is unknown: until a receipt comes, a tap gets "begun another way".
    """
    if not wallet.begin_elsewhere(scanned.intent_id):
        raise RefusedError(Reason.BEGUN_ANOTHER_WAY, "this phone has paid it by tap")
    try:
        account.claim(scanned.reference, scanned.presentation)
        paid = account.pay(scanned.reference, scanned.presentation)
    except BackendRefusedError as err:
        if 400 <= err.status < 500:
            wallet.release_elsewhere(scanned.intent_id)
        raise
    if paid.receipt is not None:
        wallet.take_receipt(read_signed(paid.receipt))
    return paid
