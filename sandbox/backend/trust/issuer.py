# SPDX-License-Identifier: Apache-2.0
"""Signs what only the backend may: credentials, receipts, and its own documents as COSE_Sign1 over JSON bytes.

Source: tap protocol §1; backend API, "The backend's documents". JSON bytes are kept and sent as they were signed.

Tests: tests/sandbox/backend/terminals/test_enrolment.py, tests/sandbox/backend/terminals/test_policy.py
"""

import json
from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

from cryptography.hazmat.primitives.asymmetric import ec

from pengpos.core.ports import Signer
from pengpos.core.times import rfc3339
from pengpos.keys.sealed import Opened, open_sealed
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.cose import Context, sign1
from pengpos.wire.encoding.keys import Issuers, PublicKey
from pengpos.wire.objects.credential import Allowance, Merchant, Role, issue_credential
from pengpos.wire.objects.receipt import ReceiptClaims, sign_receipt
from sandbox.backend.records.shelf import Shelf

T = TypeVar("T")

TERMINAL_CREDENTIAL_LIFE_S = 90 * 86_400
WALLET_CREDENTIAL_LIFE_S = 7 * 86_400
ISSUERS_DOCUMENT_LIFE_S = 30 * 86_400
_ISSUERS_VERSION = 1  # this backend keeps its one issuer for ever; one that changes them signs the next version


class RememberingIssuers(Issuers):
    """Issuers whose signature on a credential is verified once for as long as it is remembered: it comes each time."""

    def __init__(self, keys: Iterable[PublicKey]) -> None:
        super().__init__(keys)
        self._known: Shelf[bytes, Any] = Shelf()

    def once(self, raw: bytes, verified: Callable[[], T]) -> T:
        """Raises what `verified` raises, and then remembers nothing."""
        known: T | None = self._known.get(raw)
        if known is None:
            known = verified()
            self._known.put(raw, known)
        return known


class IssuerKey(Signer, Protocol):
    """A key that signs, and opens what was sealed to it."""

    @property
    def private(self) -> ec.EllipticCurvePrivateKey:
        """The library's key."""


class Issuer:
    """What the issuer signs with: one `key` now; `trusted` are all the issuers whose objects we take."""

    def __init__(self, signer: IssuerKey) -> None:
        self.signer = signer
        self.key = PublicKey.of(signer)
        self.trusted = RememberingIssuers([self.key])

    def jwks(self) -> list[dict[str, str]]:
        """The trusted issuers as JWKs."""
        return [key.to_jwk() for key in self.trusted]

    def unseal(self, sealed: str) -> Opened:
        """Open what a terminal sealed to us; raises MalformedError, SignatureError (another's, or changed)."""
        return open_sealed(sealed, self.signer.private)

    def terminal_credential(self, terminal_id: str, key: PublicKey, merchant: Merchant, now: int) -> bytes:
        """A credential of role 1, for 90 days."""
        return issue_credential(
            self.signer,
            subject=terminal_id,
            key=key,
            role=Role.TERMINAL,
            issued_at=now,
            expires_at=now + TERMINAL_CREDENTIAL_LIFE_S,
            merchant=merchant,
        )

    def wallet_credential(self, pseudonym: str, key: PublicKey, allowance: Allowance | None, now: int) -> bytes:
        """A credential of role 2, for 7 days; without an allowance it is good online only."""
        return issue_credential(
            self.signer,
            subject=pseudonym,
            key=key,
            role=Role.WALLET,
            issued_at=now,
            expires_at=now + WALLET_CREDENTIAL_LIFE_S,
            allowance=allowance,
        )

    def receipt(self, claims: ReceiptClaims) -> bytes:
        """What became of an intent."""
        return sign_receipt(self.signer, claims, kid=self.key.kid)

    def document(
        self, context: Context, *, terminal_id: str, version: int, now: int, not_after: int, content: dict[str, Any]
    ) -> bytes:
        """One of the backend's documents: COSE_Sign1 over JSON with the members every document has."""
        members = {
            "terminal_id": terminal_id,
            "version": version,
            "issued_at": rfc3339(now),
            "not_after": rfc3339(not_after),
            **content,
        }
        return self._signed_json(context, members)

    def issuers_document(self, now: int) -> bytes:
        """Whom wallets trust; for those that know a present issuer and are to believe a list from it alone."""
        return self.document(
            Context.ISSUERS,
            terminal_id="*",
            version=_ISSUERS_VERSION,
            now=now,
            not_after=now + ISSUERS_DOCUMENT_LIFE_S,
            content={"issuers": self.jwks()},
        )

    def clock(self, *, nonce: str, now: int) -> str:
        """The time, signed over the nonce of the request that asked (context `PengTap1 clock`), in base64url."""
        return b64u(self._signed_json(Context.CLOCK, {"nonce": nonce, "now": rfc3339(now)}))

    def refund(self, members: dict[str, Any]) -> str:
        """What became of a refund (context `PengTap1 refund`), in base64url."""
        return b64u(self._signed_json(Context.REFUND, members))

    def settlement(self, members: dict[str, Any]) -> str:
        """What a settlement holds (context `PengTap1 settlement`), in base64url."""
        return b64u(self._signed_json(Context.SETTLEMENT, members))

    def promise(self, members: dict[str, Any]) -> str:
        """What became of what a key signed for an intent (context `PengTap1 promise`), in base64url."""
        return b64u(self._signed_json(Context.PROMISE, members))

    def account_token(self, members: dict[str, Any]) -> bytes:
        """Which token is an account's now (context `PengTap1 account-token`)."""
        return self._signed_json(Context.ACCOUNT_TOKEN, members)

    def answer(self, members: dict[str, Any]) -> str:
        """What was answered to which request (context `PengTap1 answer`), in base64url."""
        return b64u(self._signed_json(Context.ANSWER, members))

    def _signed_json(self, context: Context, members: dict[str, Any]) -> bytes:
        payload = json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()
        return sign1(self.signer, context, payload, kid=self.key.kid)
