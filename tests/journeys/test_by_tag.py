# SPDX-License-Identifier: Apache-2.0
"""A terminal with a tag: what it says through whole sales. Source: tap protocol §3."""

from collections.abc import Callable, Iterator

import pytest

from pengpos.core.ports import TagCancelled, TagClaimed, TagIdle, TagNews, TagPaid, TagState, TagWaiting
from tests.support.counter import Counter, until
from tests.support.page import Visitor


class Presenter:
    """Remembers what the tag was to say."""

    def __init__(self) -> None:
        self.said: list[TagState] = []

    def tell(self, listener: Callable[[TagNews], None]) -> None:
        self.listener = listener

    def show(self, state: TagState) -> None:
        self.said.append(state)


@pytest.fixture
def tag(counter: Counter) -> Iterator[Presenter]:
    counter.tag = presenter = Presenter()
    counter.restart()
    yield presenter
    counter.close()
    assert presenter.said[-1] == TagIdle()  # switched off, nothing on it can be paid


def test_a_tag_that_a_phone_rewrote_is_an_alarm_until_a_person_has_seen_it(counter: Counter, tag: Presenter) -> None:
    for _ in range(5):
        tag.listener(TagNews.REWRITTEN)
    until(lambda: bool(counter.status.alarms), "the shop hears of it")
    (alarm,) = counter.status.alarms
    assert (alarm.kind, alarm.calm) == ("tag_rewritten", False)
    assert alarm.text_in is not None
    assert "标签" in alarm.text_in.zh_hans
    counter.restart()
    until(lambda: [alarm.kind for alarm in counter.status.alarms] == ["tag_rewritten"], "it stands after a restart")
    assert counter.call("POST", f"/v1/alarms/{alarm.id}/seen").status_code == 200
    assert counter.status.alarms == []


def test_a_chip_that_cannot_be_locked_is_said_calmly_while_it_is_there(counter: Counter, tag: Presenter) -> None:
    tag.listener(TagNews.UNPROTECTED)
    until(lambda: [(alarm.kind, alarm.calm) for alarm in counter.status.alarms] == [("tag_unprotected", True)], "said")
    tag.listener(TagNews.PROTECTED)
    until(lambda: counter.status.alarms == [], "another chip was put in")


def test_a_sale_by_the_tag(counter: Counter, tag: Presenter) -> None:
    visitor = Visitor.new(counter.sandbox)
    sale = counter.until(counter.present("18.80"), lambda seen: seen.url)
    assert sale.ways == ["reader", "tag", "qr"]
    until(lambda: tag.said[-1] == TagWaiting(sale.url or ""), "the tag carries the URL")
    visitor.claim(sale.url or "")
    counter.until(sale, "pending")
    assert tag.said[-1] == TagWaiting(sale.url or "")  # a claim wears no chip out, and keeps nobody away
    visitor.pay(sale.url or "")
    sale = counter.until(sale, "approved")
    until(lambda: tag.said[-1] == TagPaid(sale.receipt_url), "the tag carries the receipt")
    assert [type(state) for state in tag.said] == [TagIdle, TagWaiting, TagPaid]
    following = counter.present("6.00")
    counter.until(following, lambda seen: seen.url)
    assert TagWaiting(sale.url or "") not in tag.said[2:]


def test_parked_it_is_on_it_no_more(counter: Counter, tag: Presenter) -> None:
    visitor = Visitor.new(counter.sandbox)
    sale = counter.until(counter.present("18.80"), lambda seen: seen.url)
    visitor.claim(sale.url or "")
    counter.until(sale, "pending")
    counter.tell(sale, "park")
    until(lambda: tag.said[-1] == TagClaimed(), "the tag says that it is being paid")


def test_after_a_cancel_nothing_on_it_can_be_paid(counter: Counter, tag: Presenter) -> None:
    sale = counter.until(counter.present("18.80"), lambda seen: seen.url)
    counter.tell(sale, "cancel", {"reason": "customer"})
    until(lambda: tag.said[-1] == TagCancelled(), "the tag carries nothing to pay")


def test_offline_it_carries_the_whole_intent(counter: Counter, tag: Presenter) -> None:
    counter.lose_the_backend()
    sale = counter.until(counter.charge("18.80", ways=["tag"]), lambda seen: seen.url)
    assert "#" in (sale.url or "")
    assert sale.state == "presented"
    until(lambda: tag.said[-1] == TagWaiting(sale.url or ""), "the tag carries the intent")


def test_a_sale_without_the_tag_is_not_on_it(counter: Counter, tag: Presenter) -> None:
    counter.until(counter.present("18.80", ways=["reader", "qr"]), lambda seen: seen.url)
    counter.look_round()
    assert set(tag.said) == {TagIdle()}
