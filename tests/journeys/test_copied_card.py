# SPDX-License-Identifier: Apache-2.0
"""A restored card and a copied one: the backend cannot tell them apart, people can (backend API, *A copied key*)."""

import json
from pathlib import Path

from offline_queue.journal.files import files_of
from pengpos.keys.file import FileKey
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.cose import Sign1
from sandbox.backend.records.tables import TerminalRow
from sandbox.phone.phone import VirtualPhone
from tests.journeys.test_copied_key import cancel_by, copy_of
from tests.support.counter import Counter, until
from tests.support.road import refuses
from tests.support.shop import Till


def refresh(counter: Counter) -> None:
    """Have everything seen to now."""
    counter._loop.run(counter.terminal._upkeep.refresh())


def restore(counter: Counter, phone: VirtualPhone) -> int:
    """Sell, copy the card, sell, and put the copy back; the epoch of the journal that is gone."""
    counter.tap(counter.present("6.00"), phone, "approved")
    refresh(counter)
    counter.close()
    copy = {file: file.read_bytes() for file in files_of(counter.home.journal) if file.exists()}
    counter.open()
    counter.until_status(lambda status: status.link.online and status.readers)
    counter.tap(counter.present("7.00"), phone, "approved")
    refresh(counter)
    epoch = counter.journal.head().epoch
    counter.close()
    put_back(copy)
    counter.open()
    return epoch


def alarms_here(counter: Counter) -> set[str]:
    """Without what the backend may say by its events before or after we listen."""
    return {alarm.kind for alarm in counter.status.alarms} - {"new_epoch"}


def test_a_restored_card_takes_nothing_offline_until_a_manager_has_seen_it(
    counter: Counter, phone: VirtualPhone
) -> None:
    epoch = restore(counter, phone)
    counter.until_status(lambda status: "restored_card" in {alarm.id for alarm in status.alarms})
    assert alarms_here(counter) == {"restored_card"}
    until(lambda: counter.journal.head().epoch != epoch, "a new epoch")
    counter.restart()
    assert alarms_here(counter) == {"restored_card"}
    counter.lose_the_backend()
    sale = counter.present("8.00")
    assert (sale.ways, counter.status.queue.caps) == (["qr"], None)  # no phone is invited to sign
    with counter.held(phone):
        counter.look_round()
    assert counter.sale(sale).state == "presented"
    counter.tell(sale, "cancel", {"reason": "customer"})
    assert counter.call("POST", "/v1/alarms/restored_card/seen").status_code == 200
    sale = counter.tap(counter.present("8.00"), phone, "accepted_offline")
    counter.resolve(sale, "approved")
    assert counter.booked == [6_00, 7_00, 8_00]


def test_what_a_copy_cancelled_in_the_life_before_is_told_in_this_one(counter: Counter, phone: VirtualPhone) -> None:
    """The card is put back to when the sale waited for its phone; there it has expired, and the backend is asked."""
    counter.tap(counter.present("6.00"), phone, "approved")
    counter.road.put(refuses(), "PUT", "/v1/intents/.*")  # no page can pay it: it ends by time alone
    sale = counter.present("7.00", ways=["reader"])
    refresh(counter)
    copied = {file: file.read_bytes() for file in files_of(counter.home.journal) if file.exists()}
    counter.tap(sale, phone, "approved")
    refresh(counter)
    cancel_by(copy_of(counter), counter, sale)
    counter.until(sale, "reversed")
    counter.close()
    put_back(copied)
    counter.pass_time(600)
    counter.open()
    counter.until(sale, "reversed")
    assert {"restored_card", "cancelled_elsewhere"} <= alarms_here(counter)
    assert counter.booked == [6_00]


def put_back(card: dict[Path, bytes]) -> None:
    for file, content in card.items():
        file.write_bytes(content)


def decide(counter: Counter, **approve: bool) -> None:
    """The operator decides what waits of this terminal, by its kind; nothing else may wait."""
    operator = counter.sandbox.operator
    waiting = [
        review
        for review in operator.call("GET", "/reviews?state=open&limit=500").json()["reviews"]
        if review["terminal_id"] == counter.terminal_id
    ]
    assert {review["kind"] for review in waiting} == set(approve)
    for review in waiting:
        answer = {"approve": approve[review["kind"]]}
        assert operator.call("POST", f"/reviews/{review['review_id']}", answer).status_code == 204


def signed_epoch(counter: Counter) -> int | None:
    """The epoch of the highest head that the backend has signed and we hold."""
    document = counter.journal.document("head")
    return None if document is None else json.loads(Sign1.parse(document.body, max_size=1 << 18).payload)["epoch"]


def test_a_restored_card_gets_its_epoch_signed_once_the_operator_has_said_yes(
    counter: Counter, phone: VirtualPhone
) -> None:
    epoch = restore(counter, phone)
    until(lambda: counter.journal.head().epoch != epoch, "a new epoch")
    counter.until_status(lambda status: status.link.online and status.readers)
    counter.tap(counter.present("8.00"), phone, "approved")  # online all goes on
    counter.terminal._device.clock._confirmed = False
    refresh(counter)
    assert signed_epoch(counter) == epoch
    assert counter.terminal._device.clock.doubtful_for_s is None
    decide(counter, epoch=True)
    refresh(counter)
    assert signed_epoch(counter) == counter.journal.head().epoch != epoch
    assert counter.booked == [6_00, 7_00, 8_00]


def test_a_copy_of_the_card_stops_nothing_and_the_shop_hears_of_it(counter: Counter, phone: VirtualPhone) -> None:
    counter.until_status(lambda status: status.link.online and status.readers)
    counter.tap(counter.present("6.00"), phone, "approved")
    refresh(counter)
    copy = Till(
        http=counter.sandbox.http,
        clock=counter.sandbox.clock,
        key=SoftwareKey(FileKey.load(counter.home.device_key).private),
        terminal_id=counter.terminal_id,
    )
    known = counter.sandbox.backend.db
    with known.read() as session:
        stolen = session.get_one(TerminalRow, counter.terminal_id).head
    assert stolen is not None
    beat = {"head": {"epoch": 7, "sequence": 1, "hash": "AAAA"}, "signed_head": b64u(stolen)}
    assert copy.call("POST", "/terminal/heartbeat", beat).json()["code"] == "epoch_held"
    [alarm] = counter.until_status(lambda status: status.alarms).alarms
    assert (alarm.kind, alarm.id) == ("new_epoch", "new_epoch")
    assert alarm.text_in is not None
    assert "密钥" in alarm.text_in.zh_hans
    sale = counter.tap(counter.present("7.00"), phone, "approved")
    refresh(counter)
    assert signed_epoch(counter) == counter.journal.head().epoch
    asked = counter.call("POST", f"/v1/sales/{sale.id}/refunds", {"idempotency_key": "r", "reason": "returned"})
    assert asked.status_code == 201
    counter.until(sale, lambda seen: seen.refunds[0].state == "held")
    decide(counter, epoch=False, refund=True)  # they have asked the shop: it was no restore, and the refund is right
    counter.until(sale, lambda seen: seen.refunds[0].state == "done")
    assert counter.call("POST", "/v1/alarms/new_epoch/seen").status_code == 200
    assert counter.status.alarms == []
