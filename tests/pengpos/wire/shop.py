# SPDX-License-Identifier: Apache-2.0
"""One shop, one wallet and one sale of 18.80 CNY, each part changeable by keyword, signed by the vectors' keys."""

from dataclasses import replace
from typing import Any

from pengpos.wire.encoding.cbor import encode
from pengpos.wire.encoding.cose import Context, sign1
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.authorisation import AuthorisationClaims, sign_authorisation
from pengpos.wire.objects.credential import Allowance, Credential, Merchant, Role, issue_credential
from pengpos.wire.objects.intent import IntentClaims, Purpose, sign_intent
from pengpos.wire.objects.membership import MembershipClaims, sign_membership
from pengpos.wire.objects.presentation import Presentation, encode_presentation
from pengpos.wire.objects.receipt import Outcome, ReceiptClaims
from pengpos.wire.objects.reply import Authorises, encode_reply
from pengpos.wire.objects.voucher import VoucherClaims, sign_voucher
from tests.vectors import ISSUER, ISSUERS, STRANGER, TERMINAL, VECTORS, WALLET

__all__ = ["ISSUER", "ISSUERS", "STRANGER", "TERMINAL", "VECTORS", "WALLET", "encode_presentation"]

NOW = 1_767_225_605
DAY_S = 86_400
ISSUER_KID = PublicKey.of(ISSUER).kid
WALLET_KID = PublicKey.of(WALLET).kid
MERCHANT = Merchant(merchant_id="M-42", name="晨光咖啡 Dawn Café")

INTENT = IntentClaims(
    intent_id=bytes.fromhex("019b76daa80070008000000000000000"),
    amount_minor=18_80,
    currency="CNY",
    issued_at=NOW - 5,
    lifetime_s=120,
    purpose=Purpose.SALE,
    online=True,
    terminal_id="T-0001",
    epoch=1,
    counter=1000,
    reference="桌 7",
)
VOUCHER = VoucherClaims(
    voucher_id=bytes(15) + b"\x77",
    merchant_id="M-42",
    value_minor=5_00,
    currency="CNY",
    minimum_minor=10_00,
    not_before=NOW - DAY_S,
    not_after=NOW + DAY_S,
    holder_kid=WALLET_KID,
)
MEMBERSHIP = MembershipClaims(
    member_id=bytes(15) + b"\x66", merchant_id="M-42", tier="金卡会员", not_after=NOW + DAY_S, holder_kid=WALLET_KID
)
RECEIPT = ReceiptClaims(
    intent_id=INTENT.intent_id,
    outcome=Outcome.APPROVED,
    total_minor=18_80,
    currency="CNY",
    at=NOW,
    url="https://pay.example/r/1",
)


def terminal_credential(**changes: Any) -> bytes:
    fields: dict[str, Any] = {
        "subject": "T-0001",
        "key": PublicKey.of(TERMINAL),
        "role": Role.TERMINAL,
        "issued_at": NOW - DAY_S,
        "expires_at": NOW + 30 * DAY_S,
        "merchant": MERCHANT,
    }
    return issue_credential(ISSUER, **{**fields, **changes})


def read_credential(raw: bytes) -> Credential:
    """A credential of our issuer."""
    return Credential.read(raw, ISSUERS)


def wallet_credential(**changes: Any) -> bytes:
    fields: dict[str, Any] = {
        "subject": "w-5f1c9a",
        "key": PublicKey.of(WALLET),
        "role": Role.WALLET,
        "issued_at": NOW - DAY_S,
        "expires_at": NOW + 7 * DAY_S,
        "allowance": Allowance(currency="CNY", per_payment_minor=200_00, total_minor=500_00),
    }
    return issue_credential(ISSUER, **{**fields, **changes})


def presentation_bytes(**changes: Any) -> bytes:
    return encode_presentation(terminal_credential(), sign_intent(TERMINAL, replace(INTENT, **changes)))


def presentation(**changes: Any) -> Presentation:
    return Presentation.read(presentation_bytes(**changes), ISSUERS)


def voucher(**changes: Any) -> bytes:
    return sign_voucher(ISSUER, replace(VOUCHER, **changes))


def membership(**changes: Any) -> bytes:
    return sign_membership(ISSUER, replace(MEMBERSHIP, **changes))


def authorisation_claims(to: Presentation, **changes: Any) -> AuthorisationClaims:
    fields: dict[str, Any] = {
        "intent_digest": to.intent.digest,
        "total_minor": to.intent.claims.amount_minor,
        "authorised_at": NOW,
        "counter": 1,
        "offline_allowed": not changes.get("vouchers"),
    }
    return AuthorisationClaims(**{**fields, **changes})


def reply(to: Presentation, *, credential: bytes | None = None, **changes: Any) -> bytes:
    authorisation = sign_authorisation(WALLET, authorisation_claims(to, **changes))
    return encode_reply(Authorises(credential or wallet_credential(), authorisation))


LEFT_OUT = ...


def changed(content: dict[int, Any], changes: dict[int, Any]) -> dict[int, Any]:
    """A claims map with some keys changed, or taken away where the change is LEFT_OUT."""
    return {key: value for key, value in {**content, **changes}.items() if value is not LEFT_OUT}


def signed(context: Context, content: object) -> bytes:
    """Sign any content as whoever signs such objects, unchecked."""
    signer, kid = {
        Context.INTENT: (TERMINAL, None),
        Context.AUTHORISATION: (WALLET, None),
    }.get(context, (ISSUER, ISSUER_KID))
    return sign1(signer, context, encode(content), kid=kid)
