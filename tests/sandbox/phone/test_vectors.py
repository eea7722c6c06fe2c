# SPDX-License-Identifier: Apache-2.0
"""The wallet against every vector that concerns it, byte for byte: it signs deterministically, as the vectors do."""

from dataclasses import replace
from typing import Any

import pytest

from pengpos.core.money import Money
from pengpos.wire.objects.authorisation import Funding
from pengpos.wire.objects.receipt import Outcome
from pengpos.wire.objects.reply import AlreadyPaid, read_reply
from sandbox.phone.wallet.applet import Applet
from sandbox.phone.wallet.owner import Owner
from sandbox.phone.workbench import PAYS_UNASKED, Bench
from tests.vectors import VECTORS, each, named_receipts

OWNERS = {
    "pays": PAYS_UNASKED,
    "is asked": Owner(),
    "locked": Owner(locked=True),
    "says no": Owner(says_no=True),
}
CASES = [pytest.param(number, id=case["name"]) for number, case in enumerate(VECTORS["cases"])]


def owner_of(inputs: dict[str, Any]) -> Owner:
    return replace(
        PAYS_UNASKED,
        tip=Money(inputs["tip"], "CNY") if "tip" in inputs else None,
        funding=Funding(inputs.get("funding", 0)),
        vouchers=tuple(bytes.fromhex(voucher) for voucher in inputs.get("vouchers", ())),
        memberships=(bytes.fromhex(inputs["membership"]),) if "membership" in inputs else (),
    )


@pytest.mark.parametrize("number", CASES)
def test_a_case_is_paid_with_the_very_bytes_of_its_transcript(number: int, bench: Bench) -> None:
    for case in VECTORS["cases"][: number + 1]:  # the wallet's counter rises from case to case
        applet = Applet(bench.wallet)
        bench.clock.unix_s = case["clock"]
        bench.wallet.owner = owner_of(case["inputs"])
        answers = [applet.respond(bytes.fromhex(exchange["command"])).hex() for exchange in case["apdus"]]
        assert answers == [exchange["response"] for exchange in case["apdus"]]


@pytest.mark.parametrize("number", CASES)
def test_a_case_is_replied_to_without_apdus_too(number: int, bench: Bench) -> None:
    for case in VECTORS["cases"][: number + 1]:
        bench.clock.unix_s = case["clock"]
        bench.wallet.owner = owner_of(case["inputs"])
        reply = bench.wallet.answer(bytes.fromhex(case["presentation"]))
        assert reply.hex() == case["reply"]


@pytest.mark.parametrize("case", each("bad_presentations"))
def test_a_bad_presentation_is_declined(case: dict[str, Any], bench: Bench) -> None:
    bench.clock.unix_s = case["clock"]
    assert bench.wallet.answer(bytes.fromhex(case["presentation"])).hex() == case["reply"]
    assert bench.store.history() == []


@pytest.mark.parametrize("case", each("good_presentations"))
def test_a_good_presentation_is_paid(case: dict[str, Any], bench: Bench) -> None:
    bench.clock.unix_s = case["clock"]
    assert bench.wallet.answer(bytes.fromhex(case["presentation"])).hex() == case["reply"]


@pytest.mark.parametrize("talk", each("conversations"))
def test_a_conversation(talk: dict[str, Any], bench: Bench) -> None:
    prepare_another_way(bench, talk)
    for step in talk["steps"]:
        bench.clock.unix_s = step["clock"]
        bench.wallet.owner = OWNERS[step["owner"]]
        applet = Applet(bench.wallet)
        assert applet.respond(bytes.fromhex("00A4040009F050454E475441500100")).hex() == step["fci"]
        assert bench.wallet.answer(bytes.fromhex(step["presentation"])).hex() == step["reply"]


def prepare_another_way(bench: Bench, talk: dict[str, Any]) -> None:
    """What happened before the conversations that begin with a payment by QR."""
    intent_id = bytes.fromhex(VECTORS["cases"][0]["intent_id"])
    if talk["name"] == "begun by QR, not known yet":
        assert bench.wallet.begin_elsewhere(intent_id)
    if talk["name"] == "already paid by QR":
        reply = read_reply(bytes.fromhex(talk["steps"][0]["reply"]))
        assert isinstance(reply, AlreadyPaid)
        assert bench.wallet.begin_elsewhere(intent_id)
        bench.wallet.take_receipt(reply.receipt)


@pytest.mark.parametrize("talk", each("unasked"))
def test_what_is_signed_unasked(talk: dict[str, Any], bench: Bench) -> None:
    owner = Owner(tap_limits=(Money(VECTORS["unasked"]["tap_limit"], "CNY"),))
    for step in talk["steps"]:
        bench.clock.unix_s = step["clock"]
        bench.wallet.owner = replace(owner, locked=step["locked"])
        applet = Applet(bench.wallet)
        assert applet.respond(bytes.fromhex("00A4040009F050454E475441500100")).hex() == step["fci"]
        assert bench.wallet.answer(bytes.fromhex(step["presentation"])).hex() == step["reply"]


STANDS = {
    None: named_receipts.NOTHING,
    Outcome.APPROVED: named_receipts.PAID,
    Outcome.ACCEPTED_OFFLINE: named_receipts.OFFLINE,
    Outcome.DECLINED: named_receipts.DECLINED,
}


@pytest.mark.parametrize("case", each("named_receipts"))
def test_whose_authorisation_a_receipt_answers(case: dict[str, Any], bench: Bench) -> None:
    signed = VECTORS["cases"][VECTORS["named_receipts"]["to_case"]]
    bench.clock.unix_s = signed["clock"]
    bench.wallet.answer(bytes.fromhex(signed["presentation"]))
    kid = bench.store.history()[0].kid
    promised = bench.store.promised_minor(kid)
    assert promised == signed["inputs"]["amount"]
    bench.wallet.take_receipt(bytes.fromhex(case["receipt"]))
    (payment,) = bench.store.history()
    said = named_receipts.ANOTHER if payment.paid_by_another else STANDS[payment.outcome]
    assert said == case["phone"]
    assert bench.store.promised_minor(kid) == (0 if said == named_receipts.ANOTHER else promised)


@pytest.mark.parametrize("edge", each("card_edges"))
def test_a_card_edge(edge: dict[str, Any], bench: Bench) -> None:
    bench.clock.unix_s = VECTORS["cases"][0]["clock"]
    applet = Applet(bench.wallet)
    for exchange in edge["apdus"]:
        assert applet.respond(bytes.fromhex(exchange["command"])).hex() == exchange["response"], exchange["command"]


RECEIPTS = {receipt["name"]: bytes.fromhex(receipt["receipt"]) for receipt in VECTORS["receipts"]}


@pytest.mark.parametrize(
    ("number", "names", "told"),
    [
        pytest.param(0, ["final, by the backend"], (Outcome.APPROVED, 1880, "https://pay.example/r/1"), id="approved"),
        pytest.param(1, ["less than authorised was taken"], (Outcome.APPROVED, 4888, None), id="less was taken"),
        pytest.param(1, ["declined by the backend"], (Outcome.DECLINED, 0, None), id="declined"),
        pytest.param(
            1,
            ["less than authorised was taken", "declined by the backend"],
            (Outcome.APPROVED, 4888, None),
            id="an approval stays one",
        ),
        pytest.param(
            2, ["provisional, by the terminal"], (Outcome.ACCEPTED_OFFLINE, 20000, None), id="accepted offline"
        ),
    ],
)
def test_a_receipt_is_kept_for_the_shopper(number: int, names: list[str], told: Any, bench: Bench) -> None:
    case = VECTORS["cases"][number]
    bench.clock.unix_s = case["clock"]
    bench.wallet.owner = owner_of(case["inputs"])
    bench.wallet.answer(bytes.fromhex(case["presentation"]))
    for name in names:
        bench.wallet.take_receipt(RECEIPTS[name])
    payment = bench.store.history()[0]
    assert (payment.outcome, payment.taken_minor, payment.url) == told


@pytest.mark.parametrize("case", each("bad_receipts"))
def test_a_bad_receipt_changes_nothing(case: dict[str, Any], bench: Bench) -> None:
    paid = VECTORS["cases"][case["to_case"]]
    bench.clock.unix_s = paid["clock"]
    bench.wallet.answer(bytes.fromhex(paid["presentation"]))
    bench.wallet.take_receipt(bytes.fromhex(case["receipt"]))
    assert bench.store.history()[0].outcome is None
