# SPDX-License-Identifier: Apache-2.0
"""The terminal's checks, their order and their numbers."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pengpos.core.errors import RefusedError
from pengpos.core.reasons import Reason
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.judge import Accepted, Paid, Verdict, check_receipt, judge_reply
from pengpos.wire.objects.authorisation import sign_authorisation
from pengpos.wire.objects.credential import Role, issue_credential
from pengpos.wire.objects.intent import Purpose
from pengpos.wire.objects.presentation import Presentation
from pengpos.wire.objects.receipt import Outcome, sign_receipt
from pengpos.wire.objects.reply import AlreadyPaid, Authorises, Declines, Hint, NeedsShopper, encode_reply
from pengpos.wire.objects.voucher import sign_voucher
from tests.pengpos.wire import shop
from tests.pengpos.wire.shop import DAY_S, INTENT, ISSUER_KID, NOW, RECEIPT, WALLET_KID
from tests.vectors import ISSUER, ISSUERS, STRANGER, TERMINAL, WALLET

ONLINE = shop.presentation()
OFFLINE = shop.presentation(online=False)


def judge(
    raw: bytes,
    to: Presentation = ONLINE,
    *,
    now: int = NOW,
    denylist: frozenset[bytes] = frozenset(),
    last: int = 0,
    stored: bytes | None = None,
) -> Verdict:
    return judge_reply(
        raw,
        presentation=to,
        issuers=ISSUERS,
        now=now,
        denylisted=denylist.__contains__,
        last_counter=lambda kid: last if kid == WALLET_KID else 10**6,
        stored=lambda: stored,
    )


def refusal(raw: bytes, to: Presentation = ONLINE, **how: Any) -> Reason:
    with pytest.raises(RefusedError) as refused:
        judge(raw, to, **how)
    assert refused.value.detail
    return refused.value.reason


def authorised(to: Presentation = ONLINE, **changes: Any) -> bytes:
    return sign_authorisation(WALLET, shop.authorisation_claims(to, **changes))


def with_vouchers(*vouchers: bytes, to: Presentation = ONLINE, total: int = 13_80, **changes: Any) -> bytes:
    return shop.reply(to, vouchers=vouchers, total_minor=total, **changes)


def test_a_plain_sale_is_accepted_with_all_that_came() -> None:
    raw = shop.reply(ONLINE, membership=shop.membership(), tip_minor=88, total_minor=19_68)
    verdict = judge(raw)
    assert isinstance(verdict, Accepted)
    assert verdict.credential.key.kid == WALLET_KID
    assert verdict.authorisation.claims.total_minor == 19_68
    assert encode_reply(verdict.reply) == raw
    assert verdict.supplements.membership is not None
    assert verdict.supplements.membership.claims.tier == "金卡会员"
    assert verdict.supplements.vouchers == ()


@pytest.mark.parametrize("reply", [NeedsShopper(Hint.UNLOCK), Declines(4, NOW), Declines(77)], ids=repr)
def test_what_is_no_authorisation_comes_back_as_it_was_said(reply: NeedsShopper | Declines) -> None:
    assert judge(encode_reply(reply)) == reply


FIRST, SECOND = shop.voucher(), shop.voucher(voucher_id=bytes(16), value_minor=10_00)
SHARE = shop.presentation(purpose=Purpose.SHARE, online=False)
CHECK_IN = shop.presentation(purpose=Purpose.CHECK_IN, amount_minor=0)


@pytest.mark.parametrize(
    ("to", "raw", "total"),
    [
        (ONLINE, with_vouchers(FIRST), 13_80),
        (ONLINE, with_vouchers(FIRST, SECOND, total=3_80), 3_80),
        (ONLINE, with_vouchers(shop.voucher(value_minor=50_00), total=0), 0),
        (ONLINE, with_vouchers(shop.voucher(value_minor=50_00), total=1_00, tip_minor=1_00), 1_00),
        (ONLINE, with_vouchers(shop.voucher(minimum_minor=18_80)), 13_80),
        (ONLINE, with_vouchers(shop.voucher(not_before=NOW, not_after=NOW)), 13_80),
        (ONLINE, shop.reply(ONLINE, membership=shop.membership(not_after=NOW)), 18_80),
        (OFFLINE, shop.reply(OFFLINE, membership=shop.membership()), 18_80),
        (SHARE, shop.reply(SHARE), 18_80),
        (CHECK_IN, shop.reply(CHECK_IN), 0),
        (ONLINE, shop.reply(ONLINE, credential=shop.wallet_credential(allowance=None)), 18_80),
        (ONLINE, shop.reply(ONLINE, credential=shop.wallet_credential(expires_at=NOW + 1)), 18_80),
        (ONLINE, shop.reply(ONLINE, authorised_at=INTENT.issued_at - 300), 18_80),
        (ONLINE, shop.reply(ONLINE, authorised_at=INTENT.expires_at + 300), 18_80),
    ],
    ids=[
        "voucher", "two vouchers", "voucher above the bill", "and a tip", "minimum just met", "on the voucher's day",
        "on the pass's last second", "a pass offline", "a share", "a check-in", "online only", "a second before expiry",
        "earliest", "latest",
    ],
)  # fmt: skip
def test_accepts(to: Presentation, raw: bytes, total: int) -> None:
    verdict = judge(raw, to)
    assert isinstance(verdict, Accepted)
    assert verdict.authorisation.claims.total_minor == total


FORGED = sign_voucher(STRANGER, shop.VOUCHER)
EXPIRED = shop.wallet_credential(expires_at=NOW)
TERMINALS = shop.terminal_credential()
STRANGERS = issue_credential(
    STRANGER, subject="w", key=PublicKey.of(WALLET), role=Role.WALLET, issued_at=0, expires_at=NOW + 1
)
ANOTHERS = shop.wallet_credential(key=PublicKey.of(STRANGER))

BAD: list[tuple[str, Reason, Presentation, Callable[[], bytes]]] = [
    ("no bytes", Reason.NOT_A_WALLET, ONLINE, lambda: b""),
    ("stranger's credential", Reason.NOT_A_WALLET, ONLINE, lambda: shop.reply(ONLINE, credential=STRANGERS)),
    ("terminal's credential", Reason.NOT_A_WALLET, ONLINE, lambda: shop.reply(ONLINE, credential=TERMINALS)),
    ("another's credential", Reason.NOT_A_WALLET, ONLINE, lambda: shop.reply(ONLINE, credential=ANOTHERS)),
    ("no credential", Reason.NOT_A_WALLET, ONLINE, lambda: shop.reply(ONLINE, credential=FIRST)),
    ("expired credential", Reason.CREDENTIAL_EXPIRED, ONLINE, lambda: shop.reply(ONLINE, credential=EXPIRED)),
    ("another intent", Reason.NOT_A_WALLET, ONLINE, lambda: shop.reply(OFFLINE)),
    ("a cent less", Reason.WRONG_TOTAL, ONLINE, lambda: shop.reply(ONLINE, total_minor=18_79)),
    ("a cent more", Reason.WRONG_TOTAL, ONLINE, lambda: shop.reply(ONLINE, total_minor=18_81)),
    ("tip left out", Reason.WRONG_TOTAL, ONLINE, lambda: shop.reply(ONLINE, tip_minor=1)),
    ("voucher not taken off", Reason.WRONG_TOTAL, ONLINE, lambda: with_vouchers(FIRST, total=18_80)),
    ("forged voucher", Reason.WRONG_TOTAL, ONLINE, lambda: with_vouchers(FORGED)),
    ("a voucher of no bytes", Reason.WRONG_TOTAL, ONLINE, lambda: with_vouchers(b"")),
    ("a pass as voucher", Reason.WRONG_TOTAL, ONLINE, lambda: with_vouchers(shop.membership())),
    ("other merchant", Reason.WRONG_TOTAL, ONLINE, lambda: with_vouchers(shop.voucher(merchant_id="M-43"))),
    ("other holder", Reason.WRONG_TOTAL, ONLINE, lambda: with_vouchers(shop.voucher(holder_kid=bytes(8)))),
    ("other currency", Reason.WRONG_TOTAL, ONLINE, lambda: with_vouchers(shop.voucher(currency="USD"))),
    ("too early", Reason.WRONG_TOTAL, ONLINE, lambda: with_vouchers(shop.voucher(not_before=NOW + 1))),
    ("too late", Reason.WRONG_TOTAL, ONLINE, lambda: with_vouchers(shop.voucher(not_after=NOW - 1))),
    ("below minimum", Reason.WRONG_TOTAL, ONLINE, lambda: with_vouchers(shop.voucher(minimum_minor=18_81))),
    (
        "a tip does not help to the minimum",
        Reason.WRONG_TOTAL,
        ONLINE,
        lambda: with_vouchers(shop.voucher(minimum_minor=18_81), total=14_80, tip_minor=1_00),
    ),
    ("one twice", Reason.WRONG_TOTAL, ONLINE, lambda: with_vouchers(FIRST, FIRST, total=8_80)),
    (
        "one twice, issued twice",
        Reason.WRONG_TOTAL,
        ONLINE,
        lambda: with_vouchers(FIRST, shop.voucher(value_minor=6_00), total=7_80),
    ),
    ("voucher offline", Reason.WRONG_TOTAL, OFFLINE, lambda: with_vouchers(FIRST, to=OFFLINE)),
    (
        "pass of another merchant",
        Reason.WRONG_TOTAL,
        ONLINE,
        lambda: shop.reply(ONLINE, membership=shop.membership(merchant_id="M-43")),
    ),
    (
        "pass of another holder",
        Reason.WRONG_TOTAL,
        ONLINE,
        lambda: shop.reply(ONLINE, membership=shop.membership(holder_kid=bytes(8))),
    ),
    (
        "pass run out",
        Reason.WRONG_TOTAL,
        ONLINE,
        lambda: shop.reply(ONLINE, membership=shop.membership(not_after=NOW - 1)),
    ),
    ("a voucher as pass", Reason.WRONG_TOTAL, ONLINE, lambda: shop.reply(ONLINE, membership=FIRST)),
    ("too soon", Reason.EXPIRED, ONLINE, lambda: shop.reply(ONLINE, authorised_at=INTENT.issued_at - 301)),
    ("too late authorised", Reason.EXPIRED, ONLINE, lambda: shop.reply(ONLINE, authorised_at=INTENT.expires_at + 301)),
    ("counter 0", Reason.ALREADY_USED, ONLINE, lambda: shop.reply(ONLINE, counter=0)),
]


@pytest.mark.parametrize(("reason", "to", "raw"), [pytest.param(*row[1:], id=row[0]) for row in BAD])
def test_refuses(reason: Reason, to: Presentation, raw: Callable[[], bytes]) -> None:
    assert refusal(raw(), to) is reason


def broken_from(step: int) -> dict[str, Any]:
    """A reply in which the given check of the protocol's order fails, and every later one too."""
    changes: dict[str, Any] = {"counter": 0}  # last of all
    credential: dict[str, Any] = {}
    if step <= 6:
        changes["authorised_at"] = NOW + DAY_S
    if step <= 5:
        changes["total_minor"] = 1
    if step <= 4:
        changes["membership"] = shop.membership(not_after=NOW - 1)
    if step <= 3:
        changes["intent_digest"] = bytes(32)
    if step <= 2:
        credential["expires_at"] = NOW
    if step <= 1:
        credential |= {"role": Role.TERMINAL, "merchant": shop.MERCHANT, "allowance": None, "subject": "w-5f1c9a"}
    return {**changes, "credential": shop.wallet_credential(**credential)}


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (1, "not a wallet's"),
        (2, "expired"),
        (3, "another intent"),
        (4, "membership"),
        (5, "the total"),
        (6, "authorised outside"),
        (7, "counter"),
    ],
)
def test_the_first_failure_is_the_one_that_is_said(step: int, said: str) -> None:
    with pytest.raises(RefusedError, match=said):
        judge(shop.reply(ONLINE, **broken_from(step)))


def test_bytes_come_before_an_expired_credential() -> None:
    raw = encode_reply(Authorises(EXPIRED, authorised() + b"\x00"))
    assert refusal(raw) is Reason.NOT_A_WALLET


def test_expiry_comes_before_the_denylist_and_the_denylist_before_the_signature() -> None:
    listed = frozenset({WALLET_KID})
    with pytest.raises(RefusedError, match="expired"):
        judge(shop.reply(ONLINE, credential=EXPIRED), denylist=listed)
    unsigned = encode_reply(
        Authorises(shop.wallet_credential(), sign_authorisation(STRANGER, shop.authorisation_claims(ONLINE)))
    )
    with pytest.raises(RefusedError, match="denylist") as refused:
        judge(unsigned, denylist=listed)
    assert refused.value.reason is Reason.CREDENTIAL_EXPIRED


@pytest.mark.parametrize(
    ("last", "stored", "accepted"),
    [
        (-1, None, True),
        (4, None, True),
        (5, None, False),
        (6, None, False),
        (5, "these", True),
        (9, "these", True),
        (5, "others", False),
        (4, "others", True),
    ],
    ids=repr,
)
def test_a_counter_rises_unless_this_very_authorisation_is_stored(
    last: int, stored: str | None, accepted: bool
) -> None:
    stored_raw = {None: None, "these": authorised(counter=5), "others": authorised(counter=5, authorised_at=NOW + 1)}[
        stored
    ]
    raw = shop.reply(ONLINE, counter=5)
    if accepted:
        assert isinstance(judge(raw, last=last, stored=stored_raw), Accepted)
    else:
        assert refusal(raw, last=last, stored=stored_raw) is Reason.ALREADY_USED


def test_bytes_stored_are_compared_without_their_signature() -> None:
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    raw = authorised(counter=5)
    other_s = raw[:-32] + (order - int.from_bytes(raw[-32:], "big")).to_bytes(32, "big")
    reply = encode_reply(Authorises(shop.wallet_credential(), other_s))
    assert isinstance(judge(reply, last=5, stored=raw), Accepted)


RIGHT = sign_receipt(ISSUER, RECEIPT, kid=ISSUER_KID)


def issued(**changes: Any) -> bytes:
    return sign_receipt(ISSUER, replace(RECEIPT, **changes), kid=ISSUER_KID)


def test_already_paid_approves_at_once() -> None:
    verdict = judge(encode_reply(AlreadyPaid(RIGHT)))
    assert isinstance(verdict, Paid)
    assert verdict.receipt.claims == RECEIPT


@pytest.mark.parametrize(
    ("receipt", "reason"),
    [
        (b"", Reason.NOT_A_WALLET),
        (sign_receipt(STRANGER, RECEIPT, kid=ISSUER_KID), Reason.NOT_A_WALLET),
        (sign_receipt(TERMINAL, replace(RECEIPT, outcome=Outcome.ACCEPTED_OFFLINE)), Reason.NOT_A_WALLET),
        (issued(intent_id=bytes(16)), Reason.NOT_A_WALLET),
        (issued(outcome=Outcome.DECLINED), Reason.NOT_A_WALLET),
        (issued(currency="USD"), Reason.WRONG_TOTAL),
    ],
    ids=["no bytes", "a stranger's", "the terminal's", "another intent", "declined", "another currency"],
)
def test_already_paid_is_believed_to_an_issuer_only(receipt: bytes, reason: Reason) -> None:
    assert refusal(encode_reply(AlreadyPaid(receipt))) is reason


@pytest.mark.parametrize(
    ("authorised_total", "taken", "fits"),
    [(18_80, 18_80, True), (18_80, 18_00, True), (18_80, 0, True), (18_80, 18_81, False), (None, 99_99, True)],
)
def test_never_more_taken_than_authorised(authorised_total: int | None, taken: int, fits: bool) -> None:
    raw = issued(total_minor=taken)
    if fits:
        found = check_receipt(raw, presentation=ONLINE, issuers=ISSUERS, authorised_total_minor=authorised_total)
        assert found.claims.total_minor == taken
    else:
        with pytest.raises(RefusedError) as refused:
            check_receipt(raw, presentation=ONLINE, issuers=ISSUERS, authorised_total_minor=authorised_total)
        assert refused.value.reason is Reason.WRONG_TOTAL


def test_a_declined_receipt_is_a_receipt() -> None:
    raw = issued(outcome=Outcome.DECLINED, total_minor=0, reason=23)
    found = check_receipt(raw, presentation=ONLINE, issuers=ISSUERS, authorised_total_minor=18_80)
    assert found.claims.outcome is Outcome.DECLINED
