# SPDX-License-Identifier: Apache-2.0
"""Calls a payment backend for one shopper's account, over HTTP (backend API, "Shopper side").

Knows paths, members and problem documents. It verifies no signature: the wallet does.
"""

import hashlib
from collections.abc import Sequence
from typing import Annotated, Final, Self, TypeVar
from urllib.parse import quote
from uuid import UUID

import httpx
from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError

from pengpos.core.errors import MalformedError, PengposError
from pengpos.core.money import AMOUNT_LIMIT_MINOR
from pengpos.core.ports import Signer
from pengpos.whole_calls import LOST, WholeTransport, ends_within
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context, sign1
from pengpos.wire.encoding.keys import Issuers, PublicKey
from sandbox.phone.issuers import ISSUERS_MOST, Named

_TIMEOUT_S: Final = 10.0
_ANSWER_MOST_BYTES: Final = 1 << 20
A = TypeVar("A", bound="_Answer")
_Minor = Annotated[StrictInt, Field(ge=0, le=AMOUNT_LIMIT_MINOR)]
_Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class BackendUnreachableError(PengposError):
    """No answer of the backend's came that can be read; what was asked may or may not have happened."""

    def __init__(self, url: str, detail: str) -> None:
        super().__init__(f"{url}: {detail}")


class BackendRefusedError(PengposError):
    """The backend itself refused; `status` is HTTP's, `code` its problem document's (RFC 9457)."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{detail} ({status}{' ' + code if code else ''})")
        self.status = status
        self.code = code


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class SignedUp(_Answer):
    """The answer of `POST /accounts`."""

    account_id: str = Field(min_length=1, max_length=200)
    token: str = Field(pattern=r"^[!-~]{1,1000}$")
    """What goes into the header `Authorization`: visible ASCII."""


class _Credential(_Answer):
    credential: str


class _Issuers(_Answer):
    issuers: list[dict[str, object]] = Field(max_length=ISSUERS_MOST)
    documents: list[str] = Field(default=[], max_length=ISSUERS_MOST)


class _Revoked(_Answer):
    document: str


class _Renewed(_Answer):
    signed: str


class Balance(_Answer):
    """One currency of `GET /balance`, in minor units; of `amount`, `set_aside` is kept for what may be promised."""

    amount: _Minor
    currency: _Currency
    set_aside: _Minor = 0

    @property
    def available(self) -> int:
        """What can be spent."""
        return max(0, self.amount - self.set_aside)


class _Balances(_Answer):
    balances: list[Balance]
    currency: str = ""
    set_aside: _Minor = 0
    """Of the balance in `currency`."""


class _Merchant(_Answer):
    name: str


class PaymentDue(_Answer):
    """How the due of a payment stands: open, paid, refused or withdrawn."""

    state: str
    amount: _Minor


class AccountPayment(_Answer):
    """One payment of the account, by whichever way; `confirmation_code` is for the cashier of an offline terminal."""

    intent_id: UUID
    status: str
    merchant: _Merchant
    number: str = ""
    """What the shop calls the sale; a backend of page 1.1 does not say."""
    till_reference: str | None = None
    """What its till calls the order, where it says."""
    total: _Minor
    currency: _Currency
    refunded: _Minor = 0
    receipt: str | None = None
    receipt_url: str | None = None
    confirmation_code: str | None = None
    final: bool = False
    """Nothing was taken, and never will be."""
    from_set_aside: _Minor = 0
    """How much of an approved payment came from what was set aside for its key."""
    promise: str | None = None
    """An issuer's word on `final` and `from_set_aside`, over key and intent; a backend of page 1.2 gives none."""
    due: PaymentDue | None = None
    """What is asked after all of a payment accepted offline and declined when the shop came online again."""


class IntentFate(_Answer):
    """Of an intent for which nothing was delivered: `promise` is an issuer's word that nothing will be taken."""

    final: bool = False
    payment: object = None
    promise: str | None = None

    @property
    def is_over(self) -> bool:
        """As the backend says it, unsigned: nothing was taken, and nothing will be."""
        return self.final and self.payment is None


class _Payments(_Answer):
    payments: list[AccountPayment]


class AccountDue(_Answer):
    """What this account is or was asked to pay after all; `code` says why the payment was declined.

    `reference`: what names it to the backend, where the bare id means another terminal's intent.
    """

    intent_id: UUID
    reference: str | None = None
    merchant: _Merchant
    amount: _Minor
    currency: _Currency
    code: str
    state: str

    @property
    def name(self) -> str:
        """What `pay_due` and `refuse_due` take."""
        return self.reference or str(self.intent_id)


class _Dues(_Answer):
    dues: list[AccountDue]


class _Problem(_Answer):
    title: str = ""
    detail: str = ""
    code: str = Field(min_length=1)


class Account:
    """One shopper's access. `http` carries the backend's URL as its base; without a `token` only sign-up works.

    Every call raises BackendUnreachableError or BackendRefusedError.
    """

    def __init__(self, http: httpx.Client, token: str | None = None) -> None:
        self._http = http
        self._token = token

    @classmethod
    def at(cls, backend: str, token: str | None = None) -> Self:
        """An account at the backend with this URL."""
        try:
            return cls(_client(backend), token)
        except httpx.InvalidURL as err:
            raise BackendUnreachableError(backend, str(err)) from err

    @property
    def backend(self) -> str:
        """The backend's URL, without a slash at the end."""
        return str(self._http.base_url).rstrip("/")

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def sign_up(self, name: str, languages: list[str]) -> SignedUp:
        """Open an account, which later calls are about."""
        answer = self._call(SignedUp, "POST", "accounts", {"name": name, "languages": languages})
        self._token = answer.token
        return answer

    def issuers(self) -> Named:
        """The issuers this backend names, and the documents about them, unverified; one of page 1.1 has none."""
        answer = self._call(_Issuers, "GET", "issuers")
        return Named(
            listed=Issuers(_read_key(jwk) for jwk in answer.issuers),
            documents=[read_signed(document) for document in answer.documents],
        )

    def revoked(self) -> bytes | None:
        """The document on revoked terminals, unverified; None from a backend of page 1.1."""
        try:
            return read_signed(self._call(_Revoked, "GET", "revoked").document)
        except BackendRefusedError as error:
            if error.status == 404:
                return None
            raise

    def credential(self, account_id: str, signer: Signer) -> bytes:
        """A credential for a fresh key, whose possession the proof shows; unverified."""
        proof = sign1(signer, Context.CREDENTIAL_REQUEST, account_id.encode())
        body = {"public_key": PublicKey.of(signer).to_jwk(), "proof": b64u(proof)}
        return read_signed(self._call(_Credential, "POST", "credentials", body).credential)

    def renew_token(self, account_id: str, token: str, signer: Signer, kids: Sequence[bytes]) -> bytes:
        """Have `token` take the place of the one that this access is by; one of our keys proves that it is us.

        `kids`: all keys that are ours. What the backend signs of it, unverified; this access goes on by the token it
        had.
        """
        assert self._token is not None  # there is an account
        keys = [b64u(kid) for kid in kids]
        payload = " ".join([account_id, token_hash(self._token), token_hash(token), *keys])
        proof = b64u(sign1(signer, Context.TOKEN, payload.encode()))
        kid = b64u(PublicKey.of(signer).kid)
        body = {"token_hash": token_hash(token), "kid": kid, "keys": keys, "proof": proof}
        return read_signed(self._call(_Renewed, "POST", "token", body).signed)

    def go_by(self, token: str) -> None:
        """Go by another token from here on."""
        self._token = token

    def balances(self) -> list[Balance]:
        """What the account holds, one a currency."""
        answer = self._call(_Balances, "GET", "balance")
        kept = {"set_aside": answer.set_aside}
        return [held.model_copy(update=kept if held.currency == answer.currency else {}) for held in answer.balances]

    def payments(self) -> list[AccountPayment]:
        """The account's last two hundred payments, newest first; their receipts unverified."""
        return self._call(_Payments, "GET", "payments?limit=200").payments

    def fate(self, intent_id: bytes, terminal_id: str, kid: bytes) -> IntentFate:
        """What becomes of what our key signed for an intent and nobody delivered; of one unknown there, nothing yet."""
        path = f"intents/{b64u(intent_id)}.{quote(terminal_id, safe='')}?kid={b64u(kid)}"
        try:
            return self._call(IntentFate, "GET", path)
        except BackendRefusedError:
            return IntentFate()

    def dues(self) -> list[AccountDue]:
        """What this account is or was asked to pay after an offline payment was declined, newest first."""
        return self._call(_Dues, "GET", "dues").dues

    def pay_due(self, name: UUID | str) -> AccountDue:
        """Pay a due by its `name`; asked again, the backend takes it once."""
        return self._call(AccountDue, "POST", f"dues/{quote(str(name), safe='')}/pay")

    def refuse_due(self, name: UUID | str) -> AccountDue:
        """Refuse a due by its `name`."""
        return self._call(AccountDue, "POST", f"dues/{quote(str(name), safe='')}/refuse")

    def claim(self, reference: str, presentation: bytes | None) -> None:
        """Claim an intent for 60 s; `presentation` where the backend has not heard of it."""
        self._call(_Answer, "POST", f"intents/{reference}/claim", _referred(presentation))

    def pay(self, reference: str, presentation: bytes | None) -> AccountPayment:
        """Pay a claimed intent from this account."""
        return self._call(AccountPayment, "POST", f"intents/{reference}/pay", _referred(presentation))

    def _call(self, kind: type[A], method: str, path: str, body: object = None) -> A:
        headers = {} if self._token is None else {"Authorization": f"Bearer {self._token}"}
        request = self._http.build_request(method, f"/wallet/v1/{path}", json=body, headers=headers)
        try:
            with ends_within(_TIMEOUT_S):
                response = self._http.send(request, stream=True)
                content = _read_at_most(response, _ANSWER_MOST_BYTES)
        except (httpx.HTTPError, *LOST) as err:
            raise BackendUnreachableError(str(request.url), str(err) or type(err).__name__) from err
        if response.is_error:
            problem = _problem_of(response, content)
            if problem is None:  # of a gateway on the way, which may have passed on what it answers so
                raise BackendUnreachableError(str(request.url), f"{response.status_code}, not by the backend")
            raise BackendRefusedError(response.status_code, problem.code, problem.detail or problem.title or "refused")
        try:
            return kind.model_validate_json(content or b"{}")
        except ValidationError as err:
            raise BackendUnreachableError(str(request.url), f"an answer we cannot read: {err}") from err


def token_hash(token: str) -> str:
    """What the backend is told of a new token."""
    return b64u(hashlib.sha256(token.encode()).digest())


def _referred(presentation: bytes | None) -> dict[str, str]:
    return {} if presentation is None else {"presentation": b64u(presentation)}


def _client(backend: str) -> httpx.Client:
    return httpx.Client(base_url=backend, timeout=_TIMEOUT_S, trust_env=False, transport=WholeTransport())


def _read_at_most(response: httpx.Response, limit: int) -> bytes:
    content = b""
    try:
        for part in response.iter_bytes():
            content += part
            if len(content) > limit:
                raise httpx.DecodingError(f"an answer of more than {limit} bytes", request=response.request)
    finally:
        response.close()
    return content


def _problem_of(response: httpx.Response, content: bytes) -> _Problem | None:
    """The backend's own no; None for what something between us and it says."""
    if response.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/problem+json":
        return None
    try:
        return _Problem.model_validate_json(content)
    except ValidationError:
        return None


def _read_key(jwk: dict[str, object]) -> PublicKey:
    try:
        return PublicKey.from_jwk(jwk)
    except MalformedError as err:
        raise BackendUnreachableError("issuers", str(err)) from err


def read_signed(text: str) -> bytes:
    """A signed object as the API carries it; raises BackendUnreachableError for what is no base64url."""
    try:
        return unb64u(text)
    except MalformedError as err:
        raise BackendUnreachableError("a signed object", str(err)) from err
