# SPDX-License-Identifier: Apache-2.0
"""A terminal and wallets that play their parts against a backend by nothing but the wire API.

They keep no rules of their own: whatever a test wants signed, claimed or sent twice, they do.
"""

import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from pengpos.core.ports import Clock
from pengpos.core.times import rfc3339
from pengpos.core.uuid7 import Uuid7Source
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context, sign1
from pengpos.wire.encoding.keys import Issuers, PublicKey
from pengpos.wire.objects.authorisation import AuthorisationClaims, sign_authorisation
from pengpos.wire.objects.intent import IntentClaims, Purpose, SignedIntent, sign_intent
from pengpos.wire.objects.presentation import Presentation, encode_presentation
from tests.support.request_signing import Signing

MERCHANT_ID = "M-0001"
STORE_ID = "S-0001"
_IDS = Uuid7Source(time.time_ns, secrets.randbits)


@dataclass(slots=True)
class HeldClock:
    """A clock that tests move by hand; `pengpos.core.ports.Clock`."""

    unix_s: int = 1_800_000_000

    def now(self) -> int:
        return self.unix_s

    def monotonic_s(self) -> float:
        return float(self.unix_s)

    def advance(self, seconds: int) -> None:
        self.unix_s += seconds


@dataclass(slots=True)
class Operator:
    """The operator, who holds the admin token."""

    http: httpx.Client
    token: str

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.http.request(method, f"/admin/v1{path}", json=body, headers=headers)

    def activation_code(self, store_id: str = STORE_ID) -> str:
        return str(self.call("POST", "/activation-codes", {"store_id": store_id}).json()["activation_code"])

    def ledger_is_balanced(self) -> bool:
        """It adds up to zero, and no merchant has given back what it did not have."""
        owed = [minor for merchant in self.call("GET", "/merchants").json() for minor in merchant["balances"].values()]
        return self.call("GET", "/ledger/check").json()["balanced"] is True and min(owed, default=0) >= 0

    def payments(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", "/payments").json()["payments"]
        return found

    def alarms(self) -> list[str]:
        return [alarm["kind"] for alarm in self.call("GET", "/alarms").json()]

    def takings(self) -> int:
        """What is owed to the demo merchant, in CNY."""
        merchants = self.call("GET", "/merchants").json()
        return int(next(m for m in merchants if m["id"] == MERCHANT_ID)["balances"].get("CNY", 0))


@dataclass(slots=True, kw_only=True)
class Sale:
    """One signed intent."""

    intent_id: str
    presentation: bytes
    intent: SignedIntent

    @property
    def text(self) -> str:
        """The presentation as it goes into JSON."""
        return b64u(self.presentation)


@dataclass(slots=True, kw_only=True)
class Wallet:
    """A shopper with one account and one key."""

    http: httpx.Client
    clock: Clock
    account_id: str
    token: str
    key: SoftwareKey
    credential: bytes = b""
    counter: int = 0

    @classmethod
    def sign_up(cls, http: httpx.Client, clock: Clock, *, with_credential: bool = True) -> "Wallet":
        made = http.post("/wallet/v1/accounts", json={"name": "小鹏", "languages": ["zh-Hans"]}).json()
        wallet = cls(
            http=http, clock=clock, account_id=made["account_id"], token=made["token"], key=SoftwareKey.generate()
        )
        if with_credential:
            wallet.credential = unb64u(wallet.certify(wallet.key).json()["credential"])
        return wallet

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.http.request(method, f"/wallet/v1{path}", json=body, headers=headers)

    def certify(self, key: SoftwareKey, merchant_id: str | None = None) -> httpx.Response:
        proof = sign1(key, Context.CREDENTIAL_REQUEST, self.account_id.encode())
        body = {"public_key": PublicKey.of(key).to_jwk(), "proof": b64u(proof), "merchant_id": merchant_id}
        return self.call("POST", "/credentials", body)

    def balance(self) -> int:
        return int(self.call("GET", "/balance").json()["amount"])

    def authorise(self, sale: Sale, **changes: Any) -> bytes:
        """Sign the sale; `changes` are claims that differ from what an honest wallet would say."""
        self.counter += 1
        tip = int(changes.get("tip_minor", 0))
        claims = {
            "intent_digest": sale.intent.digest,
            "total_minor": sale.intent.claims.amount_minor + tip,
            "authorised_at": self.clock.now(),
            "counter": self.counter,
            "offline_allowed": not changes.get("vouchers"),
            **changes,
        }
        return sign_authorisation(self.key, AuthorisationClaims(**claims))


@dataclass(slots=True, kw_only=True)
class Till:
    """An enrolled terminal."""

    http: httpx.Client
    clock: Clock
    key: SoftwareKey
    terminal_id: str = ""
    credential: bytes = b""
    confirmation_secret: bytes = b""
    enrolment: dict[str, Any] = field(default_factory=dict)
    epoch: int = field(default_factory=lambda: secrets.randbits(63))
    counter: int = 0
    knows: str | None = "dues"
    """What it says that it knows (backend API, `Pengpos-Knows`); None: it was written against version 1.0."""

    @classmethod
    def enrol(cls, http: httpx.Client, clock: Clock, code: str) -> "Till":
        till = cls(http=http, clock=clock, key=SoftwareKey.generate())
        answer = till.ask_to_enrol(code)
        answer.raise_for_status()
        till.adopt(answer.json())
        return till

    def ask_to_enrol(self, code: str) -> httpx.Response:
        body = {
            "activation_code": code,
            "public_key": PublicKey.of(self.key).to_jwk(),
            "hardware": {"serial": "10000000abcdef01", "model": "Raspberry Pi 4"},
            "software_version": "0.1.0",
        }
        return self.call("POST", "/enrolments", body)

    def adopt(self, enrolment: dict[str, Any]) -> None:
        self.enrolment = enrolment
        self.terminal_id = enrolment["terminal_id"]
        self.credential = unb64u(enrolment["credential"])
        self.confirmation_secret = unb64u(enrolment["confirmation_secret"])

    @property
    def issuers(self) -> Issuers:
        return Issuers([PublicKey.from_jwk(jwk) for jwk in self.enrolment["issuers"]])

    def request(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> httpx.Request:
        """An unsigned request; a body of bytes goes out as it is."""
        content = {"content": body} if isinstance(body, bytes) else {} if body is None else {"json": body}
        return self.http.build_request(method, f"/v1{path}", headers=headers, **content)

    def call(self, method: str, path: str, body: Any = None, **spoilt: Any) -> httpx.Response:
        """A signed call; `spoilt` are members of `Signing` that differ from what is right."""
        headers = {} if self.knows is None else {"Pengpos-Knows": self.knows}
        request = self.request(method, path, body, headers)
        Signing(**{"signer": self.key, "created": self.clock.now(), **spoilt}).apply(request)
        return self.http.send(request)

    def sale(self, amount_minor: int, **changes: Any) -> Sale:
        """Sign a new intent; `changes` are claims that differ from the usual."""
        self.counter += 1
        claims: dict[str, Any] = {
            "intent_id": _IDS.next().bytes,
            "amount_minor": amount_minor,
            "currency": "CNY",
            "issued_at": self.clock.now(),
            "lifetime_s": 120,
            "purpose": Purpose.SALE,
            "online": True,
            "terminal_id": self.terminal_id,
            "epoch": self.epoch,
            "counter": self.counter,
            **changes,
        }
        signed = sign_intent(self.key, IntentClaims(**claims))
        presentation = encode_presentation(self.credential, signed)
        return Sale(
            intent_id=str(UUID(bytes=claims["intent_id"])),
            presentation=presentation,
            intent=Presentation.read(presentation, self.issuers).intent,
        )

    def item(self, sale: Sale, wallet: Wallet, authorisation: bytes, *, offline: bool = False) -> dict[str, Any]:
        """A payment as JSON."""
        return {
            "presentation": sale.text,
            "authorisation": b64u(authorisation),
            "wallet_credential": b64u(wallet.credential),
            "accepted_offline": offline,
            "occurred_at": rfc3339(self.clock.now()),
        }

    def pay(
        self, sale: Sale, wallet: Wallet, authorisation: bytes | None = None, *, offline: bool = False
    ) -> httpx.Response:
        signed = wallet.authorise(sale) if authorisation is None else authorisation
        return self.call("POST", "/payments", self.item(sale, wallet, signed, offline=offline))

    def put(self, sale: Sale) -> httpx.Response:
        return self.call("PUT", f"/intents/{sale.intent_id}", {"presentation": sale.text})

    def status(self, sale: Sale) -> str:
        answer = self.call("GET", f"/intents/{sale.intent_id}")
        return str(answer.json()["status"]) if answer.status_code == 200 else str(answer.status_code)

    def cancel(self, sale: Sale, reason: str = "customer", **more: object) -> httpx.Response:
        body = {"presentation": sale.text, "reason": reason} | more
        return self.call("POST", f"/intents/{sale.intent_id}/cancel", body)

    def refund(self, sale: Sale, amount: int | None = None, refund_id: str | None = None) -> httpx.Response:
        body: dict[str, Any] = {"refund_id": refund_id or str(_IDS.next()), "reason": "returned"}
        if amount is not None:
            body["amount"] = amount
        return self.call("POST", f"/payments/{sale.intent_id}/refunds", body)
