# SPDX-License-Identifier: Apache-2.0
"""What the pages behind the menu do by themselves: read again, close, forget; and what reaches a page that has gone."""

from dataclasses import replace

import msgspec
import pytest

from pengpos.client import SalesPage
from ui.actions import ChooseReason, Do, Key, OpenRecord, Press, RefundReason
from ui.office.history import sales_a_page
from ui.office.steps import closed, on_found, on_snapshot, on_time, on_touch, to_read
from ui.state.calls import CloseDay, GiveBack, ReadSale, ReadSales
from ui.state.entry import Entry
from ui.state.local import OFFICE_PAGES, LocalState, Page
from ui.state.office import OFFICE_OPEN_S, PAGES_MOST, Draft, Listing, Office
from ui.state.typing import REST_S, at_rest, refuse_key
from workshop.gallery.screens import SIZES
from workshop.samples.office import BUSY, LISTED, PAID, REPORT, TODAY, behind

HISTORY = behind(Page.HISTORY, listing=Listing(date=TODAY, sales=LISTED[:8], following=7))
RECORD = behind(Page.RECORD, record=PAID)
REFUND = behind(Page.REFUND, record=PAID, draft=Draft(entry=Entry(currency="CNY"), reason=RefundReason.OTHER))


def touched(local: LocalState, action: Do | OpenRecord | ChooseReason | Press) -> LocalState:
    after = on_touch(local, BUSY, action, lambda: "key-1")
    assert after is not None
    return after[0]


def office(local: LocalState) -> Office:
    assert local.office is not None
    return local.office


@pytest.mark.parametrize("page", sorted(OFFICE_PAGES))
def test_a_page_that_nobody_touches_gives_way_to_the_amount(page: Page) -> None:
    waiting = behind(page, record=PAID)
    still = replace(waiting, up_s=OFFICE_OPEN_S - 1.0)
    assert on_time(still) == still
    after = on_time(replace(waiting, up_s=float(OFFICE_OPEN_S)))
    assert (after.page, after.office) == (Page.SALE, None)


def test_a_page_waits_for_the_answer_to_its_call() -> None:
    late = replace(REFUND, calling=GiveBack(PAID.id, None, "x", "k"), up_s=OFFICE_OPEN_S + 9.0)
    assert on_time(late) == late
    assert office(on_found(late, GiveBack(PAID.id, None, "x", "k"), None, None)).touched_s == late.up_s


def test_an_amount_that_was_begun_rests_while_the_menu_is_open() -> None:
    begun = replace(behind(Page.MENU), entry=Entry(currency="CNY", typed="18.8"), entry_touched_s=0.0)
    later = replace(begun, up_s=REST_S + 9.0)
    assert at_rest(later).entry.minor == 18_80
    back = closed(later)
    assert (back.entry.minor, back.entry_touched_s) == (18_80, later.up_s)
    assert at_rest(replace(back, up_s=later.up_s + REST_S)).entry.minor == 0


@pytest.mark.parametrize(
    ("local", "call"),
    [
        (HISTORY, ReadSales(TODAY, None, 8)),
        (RECORD, ReadSale(PAID.id)),
        (REFUND, ReadSale(PAID.id)),
        (behind(Page.DAY), None),
        (behind(Page.MENU), None),
    ],
)
def test_what_is_read_again_when_something_has_changed(local: LocalState, call: ReadSales | ReadSale | None) -> None:
    assert to_read(local) == (local, None)
    reading, made = to_read(on_snapshot(local))
    assert made == call
    assert to_read(reading) == (reading, None)
    assert to_read(on_snapshot(reading))[1] is None, "one at a time"


def test_a_page_that_was_turned_while_it_was_read_is_read_after_all() -> None:
    reading, first = to_read(on_snapshot(HISTORY))
    assert first is not None
    turned = touched(reading, Do.OLDER)
    assert to_read(turned)[1] is None
    answered = on_found(turned, first, None, SalesPage(sales=list(LISTED[:8]), next=7))
    assert office(answered).listing == office(turned).listing, "the answer is of the page before"
    assert to_read(answered)[1] == ReadSales(TODAY, 7, 8)


def test_pages_are_turned_back_one_by_one_within_a_bound() -> None:
    local = HISTORY
    for following in range(1, PAGES_MOST + 50):
        listing = office(local).listing
        assert listing is not None
        local = replace(local, office=replace(office(local), listing=replace(listing, sales=(), following=following)))
        local = touched(local, Do.OLDER)
    listing = office(local).listing
    assert listing is not None
    assert (len(listing.befores), listing.befores[0], listing.befores[-1]) == (PAGES_MOST, None, PAGES_MOST + 49)


@pytest.mark.parametrize("found", [None, PAID, REPORT], ids=["nothing", "a sale", "a report"])
def test_an_answer_to_a_page_that_has_gone_changes_nothing(found: None) -> None:
    gone = closed(HISTORY)
    for call in (ReadSales(TODAY, None, 8), ReadSale(PAID.id), CloseDay(TODAY), GiveBack(PAID.id, None, "x", "k")):
        assert on_found(gone, call, None, found) == gone


def test_what_cannot_be_refunded_is_not() -> None:
    spent = behind(Page.RECORD, record=msgspec.structs.replace(PAID, can=[]))
    assert touched(spent, Do.OPEN_REFUND).page is Page.RECORD


@pytest.mark.parametrize("key", [Key.PLUS, Key.TIMES])
def test_a_refund_is_one_amount_and_no_sum(key: Key) -> None:
    after = touched(REFUND, Press(key))
    draft = office(after).draft
    assert draft is not None
    assert (draft.is_ready, after.refusals) == (False, 1)
    cleared = office(touched(after, Press(Key.CLEAR))).draft
    assert cleared is not None
    assert cleared.is_ready


def test_a_key_that_was_lost_spoils_the_refund_and_no_amount() -> None:
    begun = replace(REFUND, entry=Entry(currency="CNY", typed="18.8"))
    after = refuse_key(begun)
    draft = office(after).draft
    assert draft is not None
    assert (draft.entry.spoiled, after.entry.typed, after.entry.spoiled) == (True, "18.8", False)
    looked_up = refuse_key(replace(HISTORY, entry=begun.entry))
    assert (looked_up.entry, looked_up.refusals) == (begun.entry, 1)


def test_nothing_is_changed_of_a_refund_on_its_way() -> None:
    sent = replace(REFUND, calling=GiveBack(PAID.id, None, "x", "k"))
    for action in (ChooseReason(RefundReason.RETURNED), Press(Key.D5)):
        assert office(touched(sent, action)).draft == office(REFUND).draft


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_page_holds_some_sales_on_each_panel(size: tuple[int, int]) -> None:
    assert 4 <= sales_a_page(size) <= 12
