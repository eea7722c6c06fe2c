# SPDX-License-Identifier: Apache-2.0
"""A stand-in for the payment backend: takes an enrolment as the sandbox does, verifies its signature, can misbehave."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from pengpos.home import Home
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context, sign1
from pengpos.wire.encoding.keys import Issuers, PublicKey
from pengpos.wire.objects.credential import Credential, Merchant, Role, issue_credential
from sandbox.backend.trust.request_signature import SignedRequest, verify
from tests.vectors import ISSUER

NOW = 1_767_225_605
DAY_S = 86_400
ORIGIN = "https://pay.example"
CODE = "ABCD-2345"
MERCHANT = Merchant(merchant_id="M-42", name="晨光咖啡 Dawn Café")
_KID = PublicKey.of(ISSUER).kid


def clock() -> float:
    """A clock that stands still."""
    return float(NOW)


def credential(
    key: PublicKey, *, subject: str = "T-0001", role: Role = Role.TERMINAL, life_s: int = 30 * DAY_S
) -> bytes:
    """A terminal's credential, or another subject's."""
    return issue_credential(
        ISSUER,
        subject=subject,
        key=key,
        role=role,
        issued_at=NOW - DAY_S,
        expires_at=NOW - DAY_S + life_s,
        merchant=MERCHANT if role is Role.TERMINAL else None,
    )


def answer_for(key: PublicKey, **changed: Any) -> dict[str, Any]:
    """The answer to an enrolment; any member can be changed."""
    return {
        "terminal_id": "T-0001",
        "credential": b64u(credential(key)),
        "issuers": [PublicKey.of(ISSUER).to_jwk()],
        "confirmation_secret": b64u(bytes(range(32))),
        "policy": b64u(sign1(ISSUER, Context.POLICY, b'{"version": 1}', kid=_KID)),
    } | changed


def problem(status: int, code: str, **headers: str) -> httpx.Response:
    """An RFC 9457 refusal."""
    body = {"type": "about:blank", "title": "No", "status": status, "detail": "because", "code": code}
    return httpx.Response(status, json=body, headers={"content-type": "application/problem+json", **headers})


@dataclass
class StandIn:
    """Answers `POST /v1/enrolments`; `answer` makes the answer from the key that asked."""

    answer: Callable[[PublicKey], httpx.Response] = lambda key: httpx.Response(201, json=answer_for(key))
    asked: list[dict[str, Any]] = field(default_factory=list)

    def transport(self) -> httpx.MockTransport:
        """What a client is given in the network's place."""
        return httpx.MockTransport(self._handle)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        key = PublicKey.from_jwk(body["public_key"])
        signed = SignedRequest(
            method=request.method, url=str(request.url), fields=tuple(request.headers.items()), body=request.content
        )
        assert verify(signed, lambda keyid: key if unb64u(keyid) == key.kid else None).created == NOW
        assert (request.method, request.url.path) == ("POST", "/v1/enrolments")
        self.asked.append(body)
        return self.answer(key)


@dataclass(frozen=True)
class Present:
    """An enrolment as the daemon would read it."""

    backend: str
    credential: Credential


def read_back(home: Home) -> Present | None:
    """The enrolment file, read by nothing but what is written about it."""
    if not home.enrolment.exists():
        return None
    stored = json.loads(home.enrolment.read_bytes())
    issuers = Issuers(PublicKey.from_jwk(jwk) for jwk in stored["issuers"])
    return Present(stored["backend"], Credential.read(unb64u(stored["credential"]), issuers))
