# SPDX-License-Identifier: Apache-2.0
"""The device's key is copied and used from another place: what the true terminal hears, shows, counts and reports."""

import json
from uuid import UUID, uuid4

import msgspec
import pytest

from pengpos.client import DayReport, SaleView
from pengpos.keys.file import FileKey
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.cose import Context, sign1
from pengpos.wire.encoding.keys import PublicKey
from sandbox.phone.phone import VirtualPhone
from tests.support import shop as play
from tests.support.counter import Counter
from tests.support.road import loses_the_answer, says


@pytest.fixture
def copy(counter: Counter) -> play.Till:
    return copy_of(counter)


def copy_of(counter: Counter) -> play.Till:
    """A program elsewhere that has the terminal's key and no journal."""
    key = SoftwareKey(FileKey.load(counter.home.device_key).private)
    sandbox = counter.sandbox
    return play.Till(http=sandbox.http, clock=sandbox.clock, key=key, terminal_id=counter.terminal_id)


@pytest.fixture
def paid(counter: Counter, phone: VirtualPhone) -> SaleView:
    return counter.tap(counter.present("18.80"), phone, "approved")


def refund_by(copy: play.Till, sale: SaleView, amount: int) -> None:
    path = f"/payments/{sale.intents[-1].intent_id}/refunds"
    answer = copy.call("POST", path, {"refund_id": str(uuid4()), "amount": amount, "reason": "mine now"})
    assert answer.json()["state"] == "done", answer.text


def closed(counter: Counter) -> DayReport:
    return msgspec.json.decode(counter.call("POST", "/v1/day/close").content, type=DayReport)


def alarms(counter: Counter, kind: str) -> list[str | None]:
    """The sales that an alarm of this kind is about, once there is one."""
    found = counter.until_status(lambda status: [alarm for alarm in status.alarms if alarm.kind == kind])
    return [alarm.sale_id for alarm in found.alarms if alarm.kind == kind]


def test_a_refund_never_asked_for_here_is_told_and_stands_in_the_day(
    counter: Counter, copy: play.Till, paid: SaleView
) -> None:
    refund_by(copy, paid, 8_80)
    sale = counter.until(paid, "partly_refunded")
    assert [(refund.amount, refund.state) for refund in sale.refunds] == [(8_80, "done")]
    assert alarms(counter, "refunded_elsewhere") == [sale.id]
    report = closed(counter)
    assert (report.here_refunded_total, report.there_refunded_total, report.differences) == (8_80, 8_80, [])
    assert [(one.number, one.amount) for one in report.elsewhere] == [(sale.number, 8_80)]


def lessen_by(copy: play.Till, sale: SaleView) -> None:
    """A refund of all of a payment that was declined at sync and that the platform owes."""
    path = f"/payments/{sale.intents[-1].intent_id}/refunds"
    answer = copy.call("POST", path, {"refund_id": str(uuid4()), "reason": "mine now"}).json()
    assert (answer["state"], answer["lessens"]) == ("void", 18_23)


@pytest.fixture
def owed(counter: Counter, phone: VirtualPhone) -> SaleView:
    counter.lose_the_backend()
    sale = counter.resolve(counter.tap(counter.present("18.23"), phone, "accepted_offline"), "declined_at_sync")
    assert sale.reason is not None
    assert (sale.reason.guaranteed, sale.reason.due and sale.reason.due.state) == (18_23, "open")
    return sale


def nothing_owed(sale: SaleView) -> bool:
    reason = sale.reason
    return reason is not None and reason.guaranteed == 0 and reason.due is not None and reason.due.state == "withdrawn"


def test_what_it_takes_off_what_is_owed_is_told_and_stands_in_the_day(
    counter: Counter, copy: play.Till, owed: SaleView
) -> None:
    lessen_by(copy, owed)
    sale = counter.until(owed, nothing_owed)
    assert alarms(counter, "refunded_elsewhere") == [sale.id]
    report = closed(counter)
    assert [(one.number, one.amount) for one in report.elsewhere] == [(sale.number, 18_23)]
    assert (report.there_guaranteed_total, report.differences) == (0, [])


def test_with_the_stream_held_back_the_days_close_finds_what_is_owed_no_more(
    counter: Counter, copy: play.Till, owed: SaleView
) -> None:
    counter.road.silence_events()
    lessen_by(copy, owed)
    report = closed(counter)
    assert [(one.number, one.here, one.there) for one in report.differences] == [(owed.number, 18_23, None)]
    assert nothing_owed(counter.until(owed, nothing_owed))
    assert alarms(counter, "refunded_elsewhere") == [owed.id]
    again = closed(counter)
    assert (again.differences, [one.amount for one in again.elsewhere]) == ([], [18_23])


def test_with_the_stream_held_back_the_days_close_finds_it(counter: Counter, copy: play.Till, paid: SaleView) -> None:
    counter.road.silence_events()
    refund_by(copy, paid, 8_80)
    report = closed(counter)
    assert [(one.number, one.here, one.there) for one in report.differences] == [(paid.number, None, -8_80)]
    assert counter.until(paid, "partly_refunded").refunds[0].amount == 8_80
    assert alarms(counter, "refunded_elsewhere") == [paid.id]
    again = closed(counter)
    assert (again.differences, [one.amount for one in again.elsewhere]) == ([], [8_80])


def test_what_it_gives_back_while_the_terminal_is_off_is_told_at_the_next_start(
    counter: Counter, copy: play.Till, paid: SaleView
) -> None:
    counter.close()
    refund_by(copy, paid, 8_80)
    counter.open()
    assert counter.until(paid, "partly_refunded").refunds[0].amount == 8_80
    assert alarms(counter, "refunded_elsewhere") == [paid.id]


def cancel_by(copy: play.Till, counter: Counter, sale: SaleView) -> None:
    stored = counter.journal.sale_by_intent(UUID(sale.intents[-1].intent_id))
    assert stored is not None
    body = {"presentation": b64u(stored.intent.presentation), "reason": "merchant"}
    assert copy.call("POST", f"/intents/{stored.intent.intent_id}/cancel", body).json()["status"] == "cancelled"


def test_a_cancel_never_asked_for_here_reverses_the_sale_and_rings(
    counter: Counter, copy: play.Till, paid: SaleView
) -> None:
    cancel_by(copy, counter, paid)
    sale = counter.until(paid, "reversed")
    assert alarms(counter, "cancelled_elsewhere") == [sale.id]
    day = counter.status.day
    assert day is not None
    assert (day.count, day.total) == (0, 0)
    report = closed(counter)
    assert [(one.number, one.refund_id, one.amount) for one in report.elsewhere] == [(sale.number, None, 18_80)]


def test_a_cancel_of_a_sale_that_waits_for_a_phone_rings(counter: Counter, copy: play.Till) -> None:
    shown = counter.until(counter.present("18.80"), lambda sale: sale.url is not None)
    cancel_by(copy, counter, shown)
    cancelled_elsewhere(counter, counter.until(shown, "cancelled"))


def test_a_cancel_of_a_stored_payment_rings_beside_who_bears_it(
    counter: Counter, copy: play.Till, phone: VirtualPhone
) -> None:
    counter.lose_the_backend()
    stored = counter.tap(counter.present("18.80"), phone, "accepted_offline")
    cancel_by(copy, counter, stored)
    cancelled_elsewhere(counter, counter.resolve(stored, "declined_at_sync"))


def test_a_cancel_of_a_booked_sale_whose_answer_was_lost_rings(hasty: Counter, phone: VirtualPhone) -> None:
    hasty.road.silence_events()
    hasty.road.put(loses_the_answer(), "*", "/v1/payments|/v1/intents/[^/]+")
    unknown = hasty.tap(hasty.present("18.80"), phone, "unknown")
    cancel_by(copy_of(hasty), hasty, unknown)
    cancelled_elsewhere(hasty, hasty.resolve(unknown, "reversed"))


def cancelled_elsewhere(counter: Counter, sale: SaleView) -> None:
    """The shop hears that another place cancelled it, and the day's close lists it."""
    assert alarms(counter, "cancelled_elsewhere") == [sale.id]
    report = closed(counter)
    assert [(one.number, one.refund_id, one.amount) for one in report.elsewhere] == [(sale.number, None, 18_80)]


def test_a_cancel_that_no_event_tells_is_found_by_the_days_close(
    counter: Counter, copy: play.Till, paid: SaleView
) -> None:
    counter.road.silence_events()
    cancel_by(copy, counter, paid)
    report = closed(counter)
    assert [(one.number, one.here, one.there) for one in report.differences] == [(paid.number, 18_80, None)]
    cancelled_elsewhere(counter, counter.until(paid, "reversed"))


@pytest.mark.usefixtures("signs_no_whole_answers")
def test_an_earlier_settlement_put_in_the_place_of_the_days_settles_nothing(
    counter: Counter, copy: play.Till, paid: SaleView
) -> None:
    """What a TLS end would say in the place of the backend, so that the cancel by a copy is not found."""
    day = counter.status.day
    assert day is not None
    earlier = copy.call("GET", f"/settlements/{day.date}").json()
    assert [entry["amount"] for entry in earlier["entries"]] == [18_80]
    counter.road.silence_events()
    cancel_by(copy, counter, paid)
    for said in (earlier, {**earlier, "final": True}, {**earlier, "signed": None}):
        counter.road.put(says(200, json.dumps(said).encode(), "application/json"), "GET", "/v1/settlements/.*")
        assert counter.refused("POST", "/v1/day/close").code == "backend_away"
        counter.road.clear()
        counter.road.silence_events()
    assert (counter.sale(paid).state, counter.sale(paid).settled_on) == ("approved", None)
    assert [one.here for one in closed(counter).differences] == [18_80]
    counter.until(paid, "reversed")


def look_after(counter: Counter) -> None:
    """What the terminal does once a minute."""
    counter._loop.run(counter.terminal._upkeep.refresh())


@pytest.mark.parametrize("how", ["told", "off", "held back"])
def test_an_alarm_of_the_backend_reaches_the_shop_once(counter: Counter, copy: play.Till, how: str) -> None:
    if how == "off":
        counter.close()
    if how == "held back":
        counter.road.silence_events()
    own = SoftwareKey.generate()
    proof = sign1(own, Context.CREDENTIAL_REQUEST, copy.terminal_id.encode())
    answer = copy.call("POST", "/terminal/credential", {"public_key": PublicKey.of(own).to_jwk(), "proof": b64u(proof)})
    assert answer.json()["code"] == "renewal_held"
    if how == "off":
        counter.open()
    if how == "held back":
        look_after(counter)
    assert alarms(counter, "new_key") == [None]
    look_after(counter)
    (alarm,) = [alarm for alarm in counter.status.alarms if alarm.kind == "new_key"]
    counter.call("POST", f"/v1/alarms/{alarm.id}/seen")
    look_after(counter)
    counter.close()
    counter.open()
    look_after(counter)
    assert "new_key" not in {alarm.kind for alarm in counter.status.alarms}


def test_a_refund_of_a_sale_of_another_day_is_compared(counter: Counter, phone: VirtualPhone, paid: SaleView) -> None:
    """10.00 of an earlier sale go back, 5.00 are sold: both are in the day, and no side lacks one."""
    counter.pass_time(86_400)
    answer = counter.call(
        "POST", f"/v1/sales/{paid.id}/refunds", {"idempotency_key": "r", "reason": "returned", "amount": 10_00}
    )
    assert answer.is_success
    counter.until(paid, "partly_refunded")
    counter.tap(counter.present("5.00"), phone, "approved")
    report = closed(counter)
    assert (report.here_total, report.there_total) == (5_00, 5_00)
    assert (report.here_refunded_total, report.there_refunded_total) == (10_00, 10_00)
    assert (report.differences, report.elsewhere) == ([], [])
