# SPDX-License-Identifier: Apache-2.0
"""Every case of vectors.json, as the terminal sees it. The card's side is held to it by the phone's own tests."""

from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from pengpos.core.errors import CardProtocolError, MalformedError, RefusedError, SignatureError
from pengpos.core.reasons import Reason
from pengpos.core.risk import OfflineAllowed, OfflineRefused, RiskPolicy, Usage, decide
from pengpos.keys.software import SoftwareKey
from pengpos.wire import apdu
from pengpos.wire.confirmation_code import confirmation_code
from pengpos.wire.encoding.cbor import encode
from pengpos.wire.encoding.cose import MAX_OBJECT_SIZE, Sign1
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.judge import Accepted, Paid, Verdict, check_receipt, judge_reply
from pengpos.wire.objects.authorisation import AuthorisationClaims, Funding, sign_authorisation
from pengpos.wire.objects.credential import Allowance, Credential, Merchant, Role, issue_credential
from pengpos.wire.objects.intent import IntentClaims, Purpose, sign_intent
from pengpos.wire.objects.presentation import Presentation, encode_presentation
from pengpos.wire.objects.receipt import Receipt, sign_receipt
from pengpos.wire.objects.reply import Authorises, Declines, NeedsShopper, encode_reply, read_reply
from pengpos.wire.session import CardSession, Fci
from tests.vectors import ISSUER, ISSUERS, TERMINAL, VECTORS, WALLET, cases, each, named_receipts, unasked

Case = dict[str, Any]
T = TypeVar("T")

TERMINAL_CREDENTIAL = bytes.fromhex(VECTORS["terminal_credential"])
WALLET_CREDENTIAL = bytes.fromhex(VECTORS["wallet_credential"])
PLAIN = VECTORS["cases"][0]

# "policy: 200.00 CNY a payment", the rest as the backend's default
POLICY = RiskPolicy(
    version=1,
    issued_at=1_767_000_000,
    currency="CNY",
    per_payment_minor=200_00,
    per_key_count=10,
    per_key_total_minor=500_00,
    stored_count=50,
    stored_total_minor=2_000_00,
    max_age_s=86_400,
    doubtful_clock_s=7_200,
    guaranteed_minor=2_000_00,
    not_after=2_000_000_000,
)


def constantly(answer: T) -> Callable[..., T]:
    """A callback that gives the same answer to whatever it is asked."""
    return lambda *_: answer


def read(presentation: str) -> Presentation:
    return Presentation.read(bytes.fromhex(presentation), ISSUERS)


def judge(case: Case, presentation: Presentation, *, last_counter: int = 0, denylisted: bool = False) -> Verdict:
    """Judge as a terminal does that holds nothing stored; offline, the risk policy decides as well."""
    verdict = judge_reply(
        bytes.fromhex(case["reply"]),
        presentation=presentation,
        issuers=ISSUERS,
        now=case["clock"],
        denylisted=constantly(denylisted),
        last_counter=constantly(last_counter),
        stored=constantly(None),
    )
    if isinstance(verdict, Accepted) and not presentation.intent.claims.online:
        decision = offline(verdict, presentation, case["clock"])
        if isinstance(decision, OfflineRefused):
            raise RefusedError(Reason.OFFLINE_NOT_POSSIBLE, decision.detail)
    return verdict


def offline(accepted: Accepted, presentation: Presentation, now: int) -> OfflineAllowed | OfflineRefused:
    return decide(
        POLICY,
        Usage(),
        total_minor=accepted.authorisation.claims.total_minor,
        currency=presentation.intent.claims.currency,
        authorised_at=accepted.authorisation.claims.authorised_at,
        from_own_balance=accepted.authorisation.claims.funding is Funding.BALANCE,
        offline_allowed=accepted.authorisation.claims.offline_allowed,
        allowance=accepted.credential.allowance,
        now=now,
    )


@pytest.mark.parametrize("case", each("keys"))
def test_key(case: Case) -> None:
    key = PublicKey.of(SoftwareKey.from_scalar(bytes.fromhex(case["d"])))
    assert encode(key.to_cose()).hex() == case["cose_key"]
    assert key.kid.hex() == case["kid"]


@pytest.mark.parametrize("case", each("terminal_credential"))
def test_terminal_credential_reproduces(case: Case) -> None:
    read_back = Credential.read(bytes.fromhex(case["value"]), ISSUERS)
    issued = issue_credential(
        ISSUER,
        subject="T-0001",
        key=PublicKey.of(TERMINAL),
        role=Role.TERMINAL,
        issued_at=read_back.issued_at,
        expires_at=read_back.expires_at,
        merchant=Merchant(merchant_id="M-42", name="晨光咖啡 Dawn Café"),
    )
    assert issued.hex() == case["value"]


@pytest.mark.parametrize("case", each("wallet_credential"))
def test_wallet_credential_reproduces(case: Case) -> None:
    read_back = Credential.read(bytes.fromhex(case["value"]), ISSUERS)
    issued = issue_credential(
        ISSUER,
        subject="w-5f1c9a",
        key=PublicKey.of(WALLET),
        role=Role.WALLET,
        issued_at=read_back.issued_at,
        expires_at=read_back.expires_at,
        allowance=Allowance(currency="CNY", per_payment_minor=200_00, total_minor=2_000_00),
    )
    assert issued.hex() == case["value"]


@pytest.mark.parametrize("case", each("cases"))
def test_case_is_signed_byte_for_byte(case: Case) -> None:
    inputs = case["inputs"]
    presented = read(case["presentation"]).intent.claims
    intent = sign_intent(
        TERMINAL,
        IntentClaims(
            intent_id=bytes.fromhex(case["intent_id"]),
            amount_minor=inputs["amount"],
            currency="CNY",
            issued_at=presented.issued_at,
            lifetime_s=120,
            purpose=Purpose(inputs["purpose"]),
            online=inputs["online"],
            terminal_id="T-0001",
            epoch=1,
            counter=presented.counter,
            reference=inputs.get("reference"),
        ),
    )
    assert intent.hex() == case["intent"]
    assert encode_presentation(TERMINAL_CREDENTIAL, intent).hex() == case["presentation"]


@pytest.mark.parametrize("case", each("cases"))
def test_case_is_answered_byte_for_byte(case: Case) -> None:
    inputs = case["inputs"]
    reply = read_reply(bytes.fromhex(case["reply"]))
    assert isinstance(reply, Authorises)
    presentation = read(case["presentation"])
    verdict = judge_reply(
        bytes.fromhex(case["reply"]),
        presentation=presentation,
        issuers=ISSUERS,
        now=case["clock"],
        denylisted=constantly(False),
        last_counter=constantly(inputs["wallet_counter"] - 1),
        stored=constantly(None),
    )
    assert isinstance(verdict, Accepted)
    off = verdict.supplements.value_minor
    tip = inputs.get("tip", 0)
    claims = AuthorisationClaims(
        intent_digest=presentation.intent.digest,
        total_minor=max(0, inputs["amount"] - off) + tip,
        authorised_at=case["clock"],
        counter=inputs["wallet_counter"],
        offline_allowed=verdict.authorisation.claims.offline_allowed,
        tip_minor=tip,
        vouchers=tuple(bytes.fromhex(voucher) for voucher in inputs.get("vouchers", ())),
        membership=bytes.fromhex(inputs["membership"]) if "membership" in inputs else None,
        funding=Funding(inputs.get("funding", 0)),
    )
    assert verdict.authorisation.claims == claims
    authorisation = sign_authorisation(WALLET, claims)
    assert authorisation.hex() == case["authorisation"]
    assert encode_reply(Authorises(WALLET_CREDENTIAL, authorisation)).hex() == case["reply"]


@pytest.mark.parametrize("case", each("cases"))
def test_case_goes_over_the_air_byte_for_byte(case: Case) -> None:
    script = [(bytes.fromhex(one["command"]), bytes.fromhex(one["response"])) for one in case["apdus"]]
    sent = 0

    def transceive(command: bytes, timeout_s: float) -> bytes:
        nonlocal sent
        expected, response = script[sent]
        sent += 1
        assert command.hex() == expected.hex()
        assert 0 < timeout_s <= 8
        return response

    session = CardSession(transceive, lambda: 0.0)
    assert session.select() == Fci(version=1, locked=False)
    assert session.present(bytes.fromhex(case["presentation"])).hex() == case["reply"]
    assert sent == len(script)


def test_a_plain_sale_is_four_exchanges_within_800_bytes() -> None:
    assert len(PLAIN["apdus"]) == 4
    assert sum(len(bytes.fromhex(one["command"] + one["response"])) for one in PLAIN["apdus"]) <= 800


@pytest.mark.parametrize("case", each("confirmation_codes"))
def test_confirmation_code(case: Case) -> None:
    code = confirmation_code(bytes.fromhex(case["secret"]), bytes.fromhex(case["intent_id"]), case["total"])
    assert code == case["code"]


@pytest.mark.parametrize("case", each("receipts"))
def test_receipt_reproduces(case: Case) -> None:
    raw = bytes.fromhex(case["receipt"])
    signer = {"issuer": ISSUER, "terminal": TERMINAL}[case["by"]]
    receipt = Receipt.read(raw, ISSUERS, terminal_key=PublicKey.of(TERMINAL))
    assert receipt.by_issuer is (case["by"] == "issuer")
    kid = PublicKey.of(ISSUER).kid if receipt.by_issuer else None
    assert sign_receipt(signer, receipt.claims, kid=kid).hex() == case["receipt"]


@pytest.mark.parametrize("case", each("bad_receipts"))
def test_bad_receipt(case: Case) -> None:
    answered = VECTORS["cases"][case["to_case"]]
    with pytest.raises(RefusedError) as refused:
        check_receipt(
            bytes.fromhex(case["receipt"]),
            presentation=read(answered["presentation"]),
            issuers=ISSUERS,
            authorised_total_minor=answered["inputs"]["amount"],
        )
    assert refused.value.reason in {Reason.NOT_A_WALLET, Reason.WRONG_TOTAL}


@pytest.mark.parametrize("case", each("named_receipts"))
def test_whose_authorisation_a_receipt_answers(case: Case) -> None:
    answered = VECTORS["cases"][VECTORS["named_receipts"]["to_case"]]
    raw, presentation = bytes.fromhex(case["receipt"]), read(answered["presentation"])
    means = {True: named_receipts.OURS, False: named_receipts.ANOTHERS, None: named_receipts.UNSAID}
    try:
        receipt = check_receipt(raw, presentation=presentation, issuers=ISSUERS, authorised_total_minor=None)
    except RefusedError:
        assert case["terminal"] == named_receipts.REFUSED
        return
    assert means[receipt.claims.answers(PublicKey.of(WALLET).kid)] == case["terminal"]
    assert sign_receipt(ISSUER, receipt.claims, kid=PublicKey.of(ISSUER).kid) == raw


@pytest.mark.parametrize("case", each("bad_presentations"))
def test_bad_presentation(case: Case) -> None:
    """A wallet reads with these very functions: what is left to its clock must be out of time, the rest unreadable."""
    assert wallets_answer(case["presentation"], case["clock"]).hex() == case["reply"]


def wallets_answer(presentation: str, now: int) -> bytes:
    try:
        found = read(presentation)
    except (MalformedError, SignatureError):
        return encode_reply(Declines(Reason.NOT_TRUSTED))
    if found.credential.expired(now):
        return encode_reply(Declines(Reason.NOT_TRUSTED))
    if not found.intent.claims.in_time(now):
        return encode_reply(Declines(Reason.PHONE_CLOCK, now))
    return b"would pay"


@pytest.mark.parametrize("case", each("good_presentations"))
def test_good_presentation(case: Case) -> None:
    assert wallets_answer(case["presentation"], case["clock"]) == b"would pay"
    verdict = judge(case, read(case["presentation"]))
    assert isinstance(verdict, Accepted)
    assert verdict.authorisation.claims.counter == 1


@pytest.mark.parametrize("case", each("bad_replies"))
def test_bad_reply(case: Case) -> None:
    presentation = read(VECTORS["cases"][case["to_case"]]["presentation"])
    last_counter = 9 if "last seen 9" in case["name"] else 0
    with pytest.raises(RefusedError) as refused:
        judge(case, presentation, last_counter=last_counter, denylisted="denylist" in case["name"])
    assert refused.value.reason == case["reason"]


@pytest.mark.parametrize("case", each("conversations"))
def test_conversation(case: Case) -> None:
    """Each reply of a wallet's conversation is judged as what it is; the same again is no replay.

    A terminal signs an intent once: where the phone was shown the other s, it is still judged by the first.
    """
    signed: list[Presentation] = []
    stored: dict[bytes, bytes] = {}
    last_counter = 0
    for step in case["steps"]:
        shown = read(step["presentation"])
        found = next((one for one in signed if one.intent.sign1.same_content(shown.intent.sign1)), shown)
        signed.append(found)
        verdict = judge_reply(
            bytes.fromhex(step["reply"]),
            presentation=found,
            issuers=ISSUERS,
            now=step["clock"],
            denylisted=constantly(False),
            last_counter=constantly(last_counter),
            stored=constantly(stored.get(found.intent.claims.intent_id)),
        )
        assert type(verdict) is {0: Accepted, 1: NeedsShopper, 2: Declines, 3: Paid}[bytes.fromhex(step["reply"])[1]]
        if isinstance(verdict, Accepted):
            stored[found.intent.claims.intent_id] = verdict.authorisation.raw
            last_counter = max(last_counter, verdict.authorisation.claims.counter)


@pytest.mark.parametrize("case", each("conversations"))
def test_conversation_over_the_air(case: Case) -> None:
    """Every FCI of a conversation is read, and says "locked" exactly when the owner's phone is."""
    for step in case["steps"]:
        assert CardSession(constantly(bytes.fromhex(step["fci"])), lambda: 0.0).select() == Fci(
            version=1, locked=step["owner"] == "locked"
        )


@pytest.mark.parametrize("case", each("unasked"))
def test_a_phone_that_pays_unasked(case: Case) -> None:
    """A terminal takes what was signed, and reads the question where the phone has signed enough."""
    last_counter = 0
    stored: dict[bytes, bytes] = {}
    for step in case["steps"]:
        assert CardSession(constantly(bytes.fromhex(step["fci"])), lambda: 0.0).select() == Fci(
            version=1, locked=step["locked"]
        )
        presentation = read(step["presentation"])
        verdict = judge_reply(
            bytes.fromhex(step["reply"]),
            presentation=presentation,
            issuers=ISSUERS,
            now=step["clock"],
            denylisted=constantly(False),
            last_counter=constantly(last_counter),
            stored=constantly(stored.get(presentation.intent.digest)),
        )
        assert type(verdict) is {0: Accepted, 1: NeedsShopper, 2: Declines}[bytes.fromhex(step["reply"])[1]]
        if isinstance(verdict, Accepted):
            stored[presentation.intent.digest] = verdict.authorisation.raw
            last_counter = max(last_counter, verdict.authorisation.claims.counter)


def test_they_are_what_an_encoder_that_is_not_ours_makes_of_the_page() -> None:
    assert VECTORS[unasked.SECTION] == unasked.section()
    assert VECTORS[named_receipts.SECTION] == named_receipts.section()


@pytest.mark.parametrize("case", each("card_edges"))
def test_card_edge_commands_parse_as_a_card_needs_them(case: Case) -> None:
    """What a card answers 6700 for its lengths, parse refuses; every other command it takes apart whole."""
    for one in case["apdus"]:
        raw, response = bytes.fromhex(one["command"]), apdu.Response.parse(bytes.fromhex(one["response"]))
        assert response.encode().hex() == one["response"]
        if len(raw) < apdu.HEADER_SIZE:
            assert response.sw == apdu.SW_WRONG_LENGTH
            with pytest.raises(apdu.WrongLengthError):
                apdu.Command.parse(raw)
        else:
            assert apdu.Command.parse(raw).encode() == raw


def _refusals() -> list[Any]:
    """Every status word of card_edges that is no answer to a reader."""
    answers = {bytes.fromhex(one["response"]) for case in cases("card_edges") for one in case["apdus"]}
    return sorted(raw for raw in answers if len(raw) == 2 and raw != b"\x90\x00")


@pytest.mark.parametrize("raw", _refusals(), ids=bytes.hex)
def test_a_refusing_card_is_passed_over_and_never_taken_for_a_reply(raw: bytes) -> None:
    session = CardSession(constantly(raw), lambda: 0.0)
    assert session.select() is None
    with pytest.raises(CardProtocolError):
        session.present(b"\xa0")


def test_the_other_s_is_another_object_with_the_same_content() -> None:
    by_name = {case["name"]: case for case in cases("good_presentations")}
    other, first = read(by_name["the other s"]["presentation"]).intent, read(PLAIN["presentation"]).intent
    assert other.raw != first.raw
    assert other.sign1.same_content(first.sign1)
    assert not other.sign1.same_content(Sign1.parse(TERMINAL_CREDENTIAL, max_size=MAX_OBJECT_SIZE))
