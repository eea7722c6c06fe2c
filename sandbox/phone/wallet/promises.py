# SPDX-License-Identifier: Apache-2.0
"""Learns what became of what a wallet has signed: by an issuer's word over key, terminal and intent, and no other.

Source: backend API, *What became of a promise*. A stranger on the line who could say "nothing was taken" would have an
honest wallet promise the same money again. A backend of page 1.2 signs no such word; its own is believed until a signed
one has been seen, or an issuer has said that there are some.

Tests: tests/sandbox/phone/wallet/test_promises_heard.py, tests/vectors/test_wallet_words.py
"""

import logging
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.core.money import AMOUNT_LIMIT_MINOR
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context, Sign1
from pengpos.wire.encoding.keys import Issuers
from sandbox.phone.wallet.store import WalletStore
from sandbox.phone.wallet.wallet import Wallet

_SIGNED = "promises_are_signed"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of what a key signed for an intent: `taken` False: nothing was taken of it, and nothing will be.

    `from_set_aside_minor`: how much came from what was set aside for the key.
    """

    taken: bool
    from_set_aside_minor: int


NEVER = Fate(taken=False, from_set_aside_minor=0)


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    kid: str
    terminal_id: str
    intent_id: str
    taken: bool
    from_set_aside: Annotated[int, Field(ge=0, le=AMOUNT_LIMIT_MINOR)]


def read_fate(raw: bytes, issuers: Issuers, kid: bytes, terminal_id: str, intent_id: bytes) -> Fate:
    """What an issuer says of this key and this terminal's intent. Raises MalformedError, SignatureError."""
    read = Sign1.read_issued(raw, issuers, Context.PROMISE)
    try:
        said = _Said.model_validate_json(read.payload)
    except ValidationError as error:
        raise MalformedError(f"what became of a promise: {error.errors()[0]['msg']}") from error
    if (said.kid, said.terminal_id, said.intent_id) != (b64u(kid), terminal_id, str(UUID(bytes=intent_id))):
        raise MalformedError("what became of another promise")
    if not said.taken and said.from_set_aside:
        raise MalformedError("nothing was taken, and yet something")
    return Fate(taken=said.taken, from_set_aside_minor=said.from_set_aside)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """What one wallet hears of what it signed."""

    wallet: Wallet
    store: WalletStore

    def are_signed(self) -> None:
        """An issuer has said that what became of promises is signed: from now on nothing else is believed."""
        if not self.store.note(_SIGNED):
            self.store.write_note(_SIGNED, "1")

    def hear(self, intent_id: bytes, word: str | None, unsigned: Fate | None) -> None:
        """Take what the backend says of an intent: its signed `word`, or as 1.2 said it.

        A word that is not good is none, and so is an unsigned one where there are signed ones.
        """
        payment = self.store.signed(intent_id)
        if payment is None:
            return
        fate = unsigned if word is None and not self.store.note(_SIGNED) else None
        if word is not None:
            try:
                fate = read_fate(unb64u(word), self.wallet.issuers, payment.kid, payment.terminal_id, intent_id)
            except (MalformedError, SignatureError) as error:
                log.warning("what became of a promise is not believed: %s", error)
                return
            self.are_signed()
        if fate is None:
            return
        if fate.taken:
            self.store.record_drawn(intent_id, fate.from_set_aside_minor)
        else:
            self.wallet.release_promise(intent_id)
