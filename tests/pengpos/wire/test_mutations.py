# SPDX-License-Identifier: Apache-2.0
"""Whatever happens to a valid object on its way, reading it raises nothing but the errors of the protocol."""

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pengpos.core.errors import MalformedError, RefusedError, SignatureError
from pengpos.wire.encoding.cose import Sign1
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.judge import Verdict, check_receipt, judge_reply
from pengpos.wire.objects.authorisation import Authorisation, sign_authorisation
from pengpos.wire.objects.credential import Credential
from pengpos.wire.objects.membership import Membership
from pengpos.wire.objects.presentation import Presentation
from pengpos.wire.objects.receipt import Receipt, sign_receipt
from pengpos.wire.objects.reply import AlreadyPaid, encode_reply
from pengpos.wire.objects.voucher import Voucher
from tests.pengpos.wire import shop
from tests.vectors import ISSUER, ISSUERS, TERMINAL, WALLET

PRESENTED = shop.presentation()
RECEIPT = sign_receipt(ISSUER, shop.RECEIPT, kid=shop.ISSUER_KID)
REPLY = shop.reply(
    PRESENTED, vouchers=(shop.voucher(),), membership=shop.membership(), tip_minor=1_00, total_minor=14_80
)
AUTHORISATION = sign_authorisation(WALLET, shop.authorisation_claims(PRESENTED))

READERS: dict[str, tuple[bytes, Callable[[bytes], object]]] = {
    "credential": (shop.wallet_credential(), lambda raw: Credential.read(raw, ISSUERS)),
    "presentation": (PRESENTED.raw, lambda raw: Presentation.read(raw, ISSUERS)),
    "authorisation": (AUTHORISATION, lambda raw: Authorisation.read(raw, PublicKey.of(WALLET))),
    "receipt": (RECEIPT, lambda raw: Receipt.read(raw, ISSUERS, terminal_key=PublicKey.of(TERMINAL))),
    "voucher": (shop.voucher(), lambda raw: Voucher.read(raw, ISSUERS)),
    "membership": (shop.membership(), lambda raw: Membership.read(raw, ISSUERS)),
}


def judged(raw: bytes) -> Verdict | str:
    """The verdict, or why there is none; no other exception comes through."""
    try:
        return judge_reply(
            raw,
            presentation=PRESENTED,
            issuers=ISSUERS,
            now=shop.NOW,
            denylisted=lambda _: False,
            last_counter=lambda _: 0,
            stored=lambda: AUTHORISATION,
        )
    except RefusedError as error:
        return error.detail


@st.composite
def mutated(draw: st.DrawFn, raw: bytes) -> bytes:
    """`raw` after one to three accidents: bits turned, bytes put in, taken out, doubled, cut, or all replaced."""
    data = bytearray(raw)
    for _ in range(draw(st.integers(1, 3))):
        start, end = sorted((draw(st.integers(0, len(data))), draw(st.integers(0, len(data)))))
        match draw(st.sampled_from(["flip", "insert", "delete", "double", "cut", "swap", "replace"])):
            case "flip" if data:
                data[min(start, len(data) - 1)] ^= 1 << draw(st.integers(0, 7))
            case "insert":
                data[start:start] = draw(st.binary(min_size=1, max_size=9))
            case "delete":
                del data[start : min(end, start + 8)]
            case "double":
                data[start:start] = data[start : min(end, start + 40)]
            case "cut":
                del data[start:]
            case "swap":
                data[start:end] = data[start:end][::-1]
            case _:
                data[start:end] = draw(st.binary(max_size=16))
    return bytes(data)


@pytest.mark.parametrize("kind", READERS)
@given(data=st.data())
def test_a_mutated_object_is_refused_or_unchanged_in_what_it_says(kind: str, data: st.DataObject) -> None:
    raw, read = READERS[kind]
    changed = data.draw(mutated(raw))
    try:
        read(changed)
    except (MalformedError, SignatureError):
        return
    # Only what carries no signature may change: a presentation may grow at its end.
    assert changed == raw or (kind == "presentation" and _same_objects(changed))


def _same_objects(changed: bytes) -> bool:
    found = Presentation.read(changed, ISSUERS)
    return found.credential == PRESENTED.credential and found.intent == PRESENTED.intent


@pytest.mark.parametrize("kind", READERS)
def test_every_single_bit_matters(kind: str) -> None:
    raw, read = READERS[kind]
    assert read(raw)
    for position in range(len(raw)):
        changed = bytearray(raw)
        changed[position] ^= 1 << position % 8
        with pytest.raises((MalformedError, SignatureError)):
            read(bytes(changed))


@pytest.mark.parametrize("kind", READERS)
def test_every_truncation_is_refused(kind: str) -> None:
    raw, read = READERS[kind]
    for size in range(len(raw)):
        with pytest.raises(MalformedError):
            read(raw[:size])


@pytest.mark.parametrize("raw", [REPLY, encode_reply(AlreadyPaid(RECEIPT))], ids=["authorises", "already paid"])
@given(data=st.data())
def test_a_mutated_reply_is_refused_or_judged(raw: bytes, data: st.DataObject) -> None:
    assert judged(data.draw(mutated(raw)))


@given(st.binary(max_size=2_100))
@example(REPLY)
@example(b"\x83\x00\x40\x40")
@example(b"\x82\x03\x40")
@example(b"\x9b" + b"\xff" * 8)
def test_any_bytes_are_judged_or_refused(raw: bytes) -> None:
    assert judged(raw)


@given(st.data())
def test_a_mutated_receipt_is_refused(data: st.DataObject) -> None:
    changed = data.draw(mutated(RECEIPT))
    try:
        check_receipt(changed, presentation=PRESENTED, issuers=ISSUERS, authorised_total_minor=18_80)
    except RefusedError:
        return
    assert changed == RECEIPT


@given(st.binary(max_size=300))
def test_any_bytes_are_taken_apart_or_refused(raw: bytes) -> None:
    for candidate in (raw, b"\xd2\x84\x43\xa1\x01\x26\xa0" + raw):
        try:
            found = Sign1.parse(candidate)
        except MalformedError:
            continue
        assert found.raw == candidate
