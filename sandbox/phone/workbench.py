# SPDX-License-Identifier: Apache-2.0
"""A wallet on a workbench: beside it a till that asks for money and an issuer both trust, all in this process.

For tests, and for authors of wallets who want to see what this one answers. No reader, no network, time stands.
"""

import weakref
from dataclasses import dataclass, field, replace
from typing import Any

from pengpos.core.money import Money
from pengpos.core.ports import Signer
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.keys import Issuers, PublicKey
from pengpos.wire.objects.authorisation import Authorisation, AuthorisationClaims
from pengpos.wire.objects.credential import Allowance, Credential, Merchant, Role, issue_credential
from pengpos.wire.objects.intent import IntentClaims, Purpose, SignedIntent, sign_intent
from pengpos.wire.objects.presentation import encode_presentation
from pengpos.wire.objects.receipt import Outcome, ReceiptClaims, sign_receipt
from pengpos.wire.objects.reply import Authorises, Reply, read_reply
from sandbox.phone.clocks import HeldClock
from sandbox.phone.field.manners import Honest, Manner, Move
from sandbox.phone.wallet.applet import Applet
from sandbox.phone.wallet.events import Event
from sandbox.phone.wallet.owner import Owner
from sandbox.phone.wallet.store import WalletStore
from sandbox.phone.wallet.wallet import Wallet

NOW = 1_767_225_605
CNY_200 = Allowance(currency="CNY", per_payment_minor=20_000, total_minor=50_000)
"""An allowance as the sandbox gives one: 200.00 a payment, 500.00 in all."""
PAYS_UNASKED = Owner(tap_limits=(Money(10**12, "CNY"),), unasked=None)


@dataclass(kw_only=True)
class Till:
    """A terminal that signs any intent a test asks for."""

    issuer: Signer
    signer: Signer = field(default_factory=SoftwareKey.generate)
    merchant: Merchant = field(default_factory=lambda: Merchant(merchant_id="M-42", name="晨光咖啡"))
    terminal_id: str = "T-0001"
    lifetime_s: int = 120

    def intent(self, number: int = 1, **changes: Any) -> bytes:
        """A signed intent over 18.80 CNY, or with `changes` to its claims; `number` stands for its id."""
        claims = IntentClaims(
            intent_id=number.to_bytes(16, "big"),
            amount_minor=1880,
            currency="CNY",
            issued_at=NOW - 5,
            lifetime_s=self.lifetime_s,
            purpose=Purpose.SALE,
            online=True,
            terminal_id=self.terminal_id,
            epoch=1,
            counter=number,
        )
        return sign_intent(self.signer, replace(claims, **changes))

    def presentation(self, number: int = 1, **changes: Any) -> bytes:
        """The same beside this terminal's credential, which holds for about four months."""
        credential = issue_credential(
            self.issuer,
            subject=self.terminal_id,
            key=PublicKey.of(self.signer),
            role=Role.TERMINAL,
            issued_at=NOW - 5,
            expires_at=NOW + 10**7,
            merchant=self.merchant,
        )
        return encode_presentation(credential, self.intent(number, **changes))

    def digest(self, number: int = 1, **changes: Any) -> bytes:
        """SHA-256 of the intent: what its owner confirms."""
        return SignedIntent.read(self.intent(number, **changes), PublicKey.of(self.signer)).digest

    def receipt(self, outcome: Outcome, number: int = 1, *, total_minor: int = 1880, **changes: Any) -> bytes:
        """A receipt, signed by this till for accepted offline, else by the issuer."""
        by_till = outcome is Outcome.ACCEPTED_OFFLINE
        claims = ReceiptClaims(
            intent_id=number.to_bytes(16, "big"), outcome=outcome, total_minor=total_minor, currency="CNY", at=NOW
        )
        kid = None if by_till else PublicKey.of(self.issuer).kid
        return sign_receipt(self.signer if by_till else self.issuer, replace(claims, **changes), kid=kid)


class Bench:
    """A wallet, its clock and its till; `events` is what its screen showed, the newest last.

    Without `store` the wallet forgets with this object. A bench over a store that was used before finds what is in it.
    """

    def __init__(
        self,
        store: WalletStore | None = None,
        *,
        issuer: Signer | None = None,
        owner: Owner = PAYS_UNASKED,
    ) -> None:
        self.issuer = issuer or SoftwareKey.generate()
        self.store = store or WalletStore(":memory:")
        if store is None:
            weakref.finalize(self, self.store.close)
        self.clock = HeldClock(NOW)
        self.till = Till(issuer=self.issuer)
        self.events: list[Event] = []
        self.signers: dict[bytes, Signer] = {}
        self.wallet = Wallet(
            self.store,
            issuers=Issuers([PublicKey.of(self.issuer)]),
            signer_of=self.signers.__getitem__,
            clock=self.clock,
            owner=owner,
            listener=self.events.append,
        )

    def give(self, raw: bytes, signer: Signer) -> Credential:
        """Put a credential into the wallet, with its key."""
        credential = Credential.read(raw, self.wallet.issuers)
        self.store.add_credential(credential)
        self.signers[credential.key.kid] = signer
        return credential

    def give_new(self, *, allowance: Allowance | None = None, expires_at: int = NOW + 7 * 86_400) -> Credential:
        """Have a credential issued for a new key, and put it into the wallet."""
        signer = SoftwareKey.generate()
        raw = issue_credential(
            self.issuer,
            subject="w-bench",
            key=PublicKey.of(signer),
            role=Role.WALLET,
            issued_at=NOW - 5,
            expires_at=expires_at,
            allowance=allowance,
        )
        return self.give(raw, signer)

    def set_owner(self, **changes: Any) -> None:
        """Change some of what the owner set."""
        self.wallet.owner = replace(self.wallet.owner, **changes)

    def card(self) -> Applet:
        """The wallet's card, just come into the field."""
        return Applet(self.wallet)

    def present(self, number: int = 1, **changes: Any) -> bytes:
        """The wallet's reply to the till's intent."""
        return self.wallet.answer(self.till.presentation(number, **changes))

    def reply(self, number: int = 1, **changes: Any) -> Reply:
        """The same, read."""
        return read_reply(self.present(number, **changes))

    def authorised(self, number: int = 1, **changes: Any) -> AuthorisationClaims:
        """What the wallet authorises, verified; raises AssertionError if it does not."""
        reply = self.reply(number, **changes)
        assert isinstance(reply, Authorises), reply
        credential = Credential.read(reply.wallet_credential, self.wallet.issuers)
        return Authorisation.read(reply.authorisation, credential.key).claims

    def phone(self, manner: Manner | None = None) -> "BenchPhone":
        """The wallet as a phone that can be brought into a field or held to a reader."""
        return BenchPhone(self.card(), manner or Honest())


class BenchPhone:
    """A card held in some manner."""

    def __init__(self, card: Applet, manner: Manner) -> None:
        self._card = card
        self._manner = manner

    def power_cycle(self) -> None:
        """The phone comes into a field."""
        self._card.power_cycle()
        self._manner.start()

    def exchange(self, command: bytes) -> Move:
        """What the reader gets for one command."""
        return self._manner.move(command, self._card.respond)
