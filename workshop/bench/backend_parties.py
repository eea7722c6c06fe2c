# SPDX-License-Identifier: Apache-2.0
"""Terminals and wallets that pay a backend by nothing but its API, and sign all their payments beforehand.

What is measured then is the backend: a client that signs while it pays costs more than what it asks for.

Tests: tests/workshop/bench/test_backend.py
"""

import json
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from pengpos.backend_api.signing import RequestSigner
from pengpos.core.times import rfc3339
from pengpos.core.uuid7 import Uuid7Source
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context, sign1
from pengpos.wire.encoding.keys import Issuers, PublicKey
from pengpos.wire.objects.authorisation import AuthorisationClaims, sign_authorisation
from pengpos.wire.objects.intent import IntentClaims, Purpose, sign_intent
from pengpos.wire.objects.presentation import Presentation, encode_presentation

STORE_ID = "S-0001"
AMOUNT_MINOR = 100
_CURRENCY = "CNY"
_IDS = Uuid7Source(time.time_ns, secrets.randbits)


def _now() -> int:
    return int(time.time())


@dataclass(slots=True)
class PayingWallet:
    """A shopper's key and the credential that the backend gave it."""

    key: SoftwareKey
    credential: bytes
    counter: int = 0
    token: str = ""
    """Of the account."""

    @classmethod
    def sign_up(cls, http: httpx.Client) -> "PayingWallet":
        """A new account, with the money that each has at first."""
        account = _json(http.post("/wallet/v1/accounts", json={"name": "bench", "languages": ["en"]}))
        key = SoftwareKey.generate()
        proof = sign1(key, Context.CREDENTIAL_REQUEST, account["account_id"].encode())
        answer = http.post(
            "/wallet/v1/credentials",
            json={"public_key": PublicKey.of(key).to_jwk(), "proof": b64u(proof)},
            headers={"Authorization": f"Bearer {account['token']}"},
        )
        return cls(key, unb64u(_json(answer)["credential"]), token=str(account["token"]))

    def authorise(self, presentation: Presentation) -> bytes:
        """Sign a bill as it stands."""
        self.counter += 1
        return sign_authorisation(
            self.key,
            AuthorisationClaims(
                intent_digest=presentation.intent.digest,
                total_minor=presentation.intent.claims.amount_minor,
                authorised_at=_now(),
                counter=self.counter,
                offline_allowed=True,
            ),
        )


class PayingTerminal:
    """A terminal's key, its credential, and the requests that it signs."""

    def __init__(self, http: httpx.Client, activation_code: str) -> None:
        """Enrol; raises httpx.HTTPStatusError."""
        self._http = http
        self._key = SoftwareKey.generate()
        self._signer = RequestSigner(self._key, _now)
        self._epoch, self._counter = secrets.randbits(63), 0
        enrolment = _json(self.call("POST", "/v1/enrolments", {
            "activation_code": activation_code,
            "public_key": PublicKey.of(self._key).to_jwk(),
            "hardware": {"serial": "bench", "model": "bench"},
            "software_version": "0",
        }))  # fmt: skip
        self._terminal_id = str(enrolment["terminal_id"])
        self._credential = unb64u(enrolment["credential"])
        self._issuers = Issuers([PublicKey.from_jwk(jwk) for jwk in enrolment["issuers"]])

    def call(self, method: str, path: str, body: Any) -> httpx.Response:
        """A signed call, now."""
        return self._http.send(self._http.build_request(method, path, json=body), auth=self._signer)

    def payment(self, wallet: PayingWallet, *, offline: bool = False) -> dict[str, Any]:
        """A new sale that a wallet has authorised, as JSON."""
        self._counter += 1
        claims = IntentClaims(
            intent_id=_IDS.next().bytes,
            amount_minor=AMOUNT_MINOR,
            currency=_CURRENCY,
            issued_at=_now(),
            lifetime_s=120,
            purpose=Purpose.SALE,
            online=not offline,
            terminal_id=self._terminal_id,
            epoch=self._epoch,
            counter=self._counter,
        )
        raw = encode_presentation(self._credential, sign_intent(self._key, claims))
        presentation = Presentation.read(raw, self._issuers)
        return {
            "presentation": b64u(raw),
            "authorisation": b64u(wallet.authorise(presentation)),
            "wallet_credential": b64u(wallet.credential),
            "accepted_offline": offline,
            "occurred_at": rfc3339(_now()),
        }

    def signed_bytes(self, path: str, body: Any) -> bytes:
        """A whole signed POST as it goes over the wire."""
        request = self._http.build_request("POST", path, json=body)
        flow = self._signer.auth_flow(request)
        next(flow)
        head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + request.content


@dataclass(frozen=True, slots=True)
class Parties:
    """Who pays whom, in turn."""

    terminals: Sequence[PayingTerminal]
    wallets: Sequence[PayingWallet]

    @classmethod
    def of(cls, http: httpx.Client, admin_token: str, *, terminals: int, wallets: int) -> "Parties":
        """Enrol terminals and sign wallets up."""

        def code() -> str:
            headers = {"Authorization": f"Bearer {admin_token}"}
            made = http.post("/admin/v1/activation-codes", json={"store_id": STORE_ID}, headers=headers)
            return str(_json(made)["activation_code"])

        return cls(
            [PayingTerminal(http, code()) for _ in range(terminals)],
            [PayingWallet.sign_up(http) for _ in range(wallets)],
        )

    def payments(self, count: int) -> list[bytes]:
        """So many signed payments, each by another terminal and wallet than the one before."""
        return [
            terminal.signed_bytes("/v1/payments", terminal.payment(wallet)) for terminal, wallet in self._turns(count)
        ]

    def batch(self, count: int) -> bytes:
        """One signed batch of payments that one terminal accepted offline."""
        terminal = self.terminals[0]
        items = [terminal.payment(wallet, offline=True) for _, wallet in self._turns(count)]
        return terminal.signed_bytes("/v1/payments/batch", {"payments": items})

    def _turns(self, count: int) -> Iterator[tuple[PayingTerminal, PayingWallet]]:
        for turn in range(count):
            yield self.terminals[turn % len(self.terminals)], self.wallets[turn % len(self.wallets)]


def _json(answer: httpx.Response) -> Mapping[str, Any]:
    answer.raise_for_status()
    found: Mapping[str, Any] = json.loads(answer.content)
    return found
