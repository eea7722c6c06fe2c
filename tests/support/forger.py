# SPDX-License-Identifier: Apache-2.0
"""A card that answers like a wallet and is false in one point, whichever a test names."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from pengpos.core.ports import Clock, Signer
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.authorisation import AuthorisationClaims, sign_authorisation
from pengpos.wire.objects.credential import Role, issue_credential
from pengpos.wire.objects.presentation import Presentation
from pengpos.wire.objects.reply import Authorises, encode_reply
from sandbox.backend.trust.issuer import Issuer
from sandbox.phone.field.manners import Move, Says
from sandbox.phone.wallet.applet import Applet


@dataclass(kw_only=True)
class Forger:
    """A wallet with a key of its own that `issuer` vouches for, unless a test wants a false one."""

    issuer: Issuer
    clock: Clock
    key: SoftwareKey = field(default_factory=SoftwareKey.generate)
    counter: int = 1
    locked: bool = False
    credential: dict[str, Any] = field(default_factory=dict)
    """What its credential says differently; `issuer` and `kid` say who signs it."""
    claims: dict[str, Any] = field(default_factory=dict)
    """What its authorisation says differently."""
    signs_with: Signer | None = None
    edit: Callable[[bytes], bytes] = bytes
    """What becomes of the whole reply."""

    def __post_init__(self) -> None:
        self._card = Applet(self)

    # --- as `FieldPhone` ----------------------------------------------------------------------------------------------

    def power_cycle(self) -> None:
        self._card.power_cycle()

    def exchange(self, command: bytes) -> Move:
        return Says(data=self._card.respond(command))

    # --- as `Wallet` --------------------------------------------------------------------------------------------------

    def answer(self, presentation: bytes) -> bytes:
        intent = Presentation.read(presentation, self.issuer.trusted).intent
        honest = AuthorisationClaims(
            intent_digest=intent.digest,
            total_minor=intent.claims.amount_minor,
            authorised_at=self.clock.now(),
            counter=self.counter,
            offline_allowed=False,
        )
        authorisation = sign_authorisation(self.signs_with or self.key, replace(honest, **self.claims))
        return self.edit(encode_reply(Authorises(self._credential(), authorisation)))

    def take_receipt(self, _receipt: bytes) -> None:
        """It does not care."""

    def _credential(self) -> bytes:
        said: dict[str, Any] = {
            "issuer": self.issuer.signer,
            "subject": "forger",
            "key": PublicKey.of(self.key),
            "role": Role.WALLET,
            "issued_at": self.clock.now() - 10,
            "expires_at": self.clock.now() + 1_000,
        }
        said |= self.credential
        return issue_credential(said.pop("issuer"), **said)
