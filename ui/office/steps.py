# SPDX-License-Identifier: Apache-2.0
"""The pure steps of the pages behind the menu: touch, snapshot, answer or time → local state and the call to make."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from pengpos.client import DayReport, SalesPage, SaleView, Status
from ui.actions import Action, ChooseReason, Do, Key, OpenRecord, Press, SetLanguage, SetTheme, ShowDay, ShowRows
from ui.office.history import sales_a_page
from ui.office.refund import REASON_WORDS
from ui.state.calls import Call, CloseDay, Found, GiveBack, Reading, ReadSale, ReadSales
from ui.state.entry import Entry
from ui.state.local import OFFICE_PAGES, UP, LocalState, Page, Trouble
from ui.state.office import OFFICE_OPEN_S, PAGES_MOST, Draft, Listing, Office
from ui.state.sales import business_date
from ui.state.typing import refuse

After = tuple[LocalState, Call | None]

_PAGES: Final = {
    Do.OPEN_MENU: Page.MENU,
    Do.OPEN_RECORD_RECEIPT: Page.RECORD_RECEIPT,
    Do.OPEN_DAY: Page.DAY,
    Do.OPEN_SETTINGS: Page.SETTINGS,
    Do.OPEN_HELP: Page.HELP,
}
_OF_RECORD: Final = frozenset({Page.RECORD, Page.RECORD_RECEIPT, Page.REFUND})
_NO_AMOUNT: Final = frozenset({Key.PLUS, Key.TIMES})


def is_office_touch(local: LocalState, action: Action) -> bool:
    """Whether the steps of this module say what follows."""
    return action is Do.OPEN_MENU or local.page in OFFICE_PAGES


def on_touch(local: LocalState, status: Status, action: Action, new_key: Callable[[], str]) -> After | None:
    """A touch on a page behind the menu; None: it opens another page than those."""
    office = local.office or Office(touched_s=local.up_s)
    local = replace(local, office=replace(office, touched_s=local.up_s))
    match action:
        case ShowDay(date):
            return _show_day(local, date)
        case OpenRecord(sale_id):
            return _open_record(local, sale_id), None
        case ChooseReason(reason):
            return _with_draft(local, reason=reason), None
        case Press(key):
            return _type(local, key), None
        case SetLanguage(language):
            return replace(local, language=language), None
        case SetTheme(theme):
            return replace(local, theme=theme), None
        case ShowRows(first):
            return replace(local, first_row=first), None
        case Do():
            return _do(local, status, action, new_key)
        case _:
            return local, None


def _do(local: LocalState, status: Status, action: Do, new_key: Callable[[], str]) -> After | None:
    if action in _PAGES:
        return replace(local, page=_PAGES[action], first_row=0), None
    match action:
        case Do.SELL:
            return closed(local), None
        case Do.BACK:
            return _back(local), None
        case Do.OPEN_HISTORY:
            return _listed(local, Listing(date=business_date(status, local))), None
        case Do.OLDER | Do.NEWER:
            return _turned(local, action), None
        case Do.OPEN_REFUND:
            return _open_refund(local), None
        case Do.GIVE_BACK:
            return _give_back(local, new_key)
        case Do.CLOSE_DAY:
            return _close_day(local, business_date(status, local))
        case _:
            return None


def closed(local: LocalState) -> LocalState:
    """Leave these pages for the amount, which is as it was left."""
    if local.office is None:
        return local
    touched_s = local.up_s if local.entry_touched_s is not None else None
    return replace(local, page=Page.SALE, office=None, first_row=0, entry_touched_s=touched_s)


def _back(local: LocalState) -> LocalState:
    page = UP.get(local.page, Page.SALE)
    return closed(local) if page is Page.SALE else replace(local, page=page, first_row=0)


def _of(local: LocalState) -> Office:
    assert local.office is not None  # a page behind the menu is open
    return local.office


# --- history ----------------------------------------------------------------------------------------------------------


def _show_day(local: LocalState, date: str) -> After:
    if local.page is Page.CLOSE:
        return _close_day(local, date)
    return _listed(local, Listing(date=date)), None


def _listed(local: LocalState, listing: Listing) -> LocalState:
    office = replace(_of(local), listing=listing, is_stale=True)
    return replace(local, page=Page.HISTORY, office=office, first_row=0)


def _turned(local: LocalState, action: Do) -> LocalState:
    """The page after or before this one, of the same day."""
    listing = _of(local).listing
    if listing is None:
        return local
    if action is Do.NEWER:
        befores = listing.befores[:-1] or (None,)
    elif listing.following is None:
        return local
    else:
        befores = (*listing.befores, listing.following)
    if len(befores) > PAGES_MOST:
        befores = (None, *befores[2:])
    return _listed(local, Listing(date=listing.date, befores=befores))


def _open_record(local: LocalState, sale_id: str) -> LocalState:
    office = _of(local)
    listed = office.listing.sales or () if office.listing is not None else ()
    record = next((sale for sale in listed if sale.id == sale_id), None)
    if record is None:
        return local
    return replace(local, page=Page.RECORD, office=replace(office, record=record, draft=None, is_stale=True))


# --- a refund ---------------------------------------------------------------------------------------------------------


def _open_refund(local: LocalState) -> LocalState:
    office = _of(local)
    if office.record is None or "refunds" not in office.record.can:
        return local
    draft = Draft(entry=Entry(currency=office.record.currency))
    return replace(local, page=Page.REFUND, office=replace(office, draft=draft))


def _with_draft(local: LocalState, **changed: object) -> LocalState:
    office = _of(local)
    if office.draft is None or isinstance(local.calling, GiveBack):
        return refuse(local)
    draft = replace(office.draft, key="", **changed)  # type: ignore[arg-type]  # its callers name real fields
    return replace(local, office=replace(office, draft=draft))


def _type(local: LocalState, key: Key) -> LocalState:
    """A key of the pad: what is to be given back, where that is not all of it."""
    draft = _of(local).draft
    if local.page is not Page.REFUND or draft is None:
        return refuse(local)
    entry = draft.entry.spoil() if key in _NO_AMOUNT else draft.entry.press(key)
    after = _with_draft(local, entry=entry)
    return refuse(after) if entry.spoiled and key not in {Key.CLEAR, Key.BACKSPACE} else after


def _give_back(local: LocalState, new_key: Callable[[], str]) -> After:
    office = _of(local)
    draft, record = office.draft, office.record
    if local.calling is not None or draft is None or record is None:
        return local, None
    if not draft.is_ready or draft.reason is None:
        return refuse(local), None
    key = draft.key or new_key()
    amount = None if draft.entry.is_empty else draft.entry.minor
    call = GiveBack(record.id, amount, REASON_WORDS[draft.reason].in_language(local.language), key)
    return replace(local, calling=call, office=replace(office, draft=replace(draft, key=key))), call


# --- the day ----------------------------------------------------------------------------------------------------------


def _close_day(local: LocalState, date: str) -> After:
    if local.calling is not None:
        return local, None
    call = CloseDay(date)
    return replace(local, calling=call, office=replace(_of(local), report_date=date), first_row=0), call


# --- what comes from outside ------------------------------------------------------------------------------------------


def on_snapshot(local: LocalState) -> LocalState:
    """Something has changed: what was read may have, too."""
    return local if local.office is None else replace(local, office=replace(local.office, is_stale=True))


def on_time(local: LocalState) -> LocalState:
    """Close pages that nobody has touched for a while, but not while the answer to a call is awaited."""
    if local.office is None or local.page not in OFFICE_PAGES or local.calling is not None:
        return local
    return closed(local) if local.up_s - local.office.touched_s >= OFFICE_OPEN_S else local


def to_read(local: LocalState) -> tuple[LocalState, Reading | None]:
    """The next reading that the open page needs; one at a time."""
    office = local.office
    if office is None or office.reading is not None or not office.is_stale:
        return local, None
    call: Reading | None = None
    if local.page is Page.HISTORY and office.listing is not None:
        call = office.listing.call(sales_a_page(local.size))
    elif local.page in _OF_RECORD and office.record is not None:
        call = ReadSale(office.record.id)
    if call is None:
        return local, None
    return replace(local, office=replace(office, reading=call, is_stale=False)), call


def on_found(local: LocalState, call: Call, trouble: Trouble | None, found: Found) -> LocalState:
    """A call of these pages was answered; `trouble`: it was refused, or not answered at all."""
    office = local.office
    if office is None:
        return local
    if office.reading == call:
        office = replace(office, reading=None)
        local = replace(local, office=office)
    if trouble is not None:
        of_reading = isinstance(call, ReadSales | ReadSale)
        return replace(local, trouble=Trouble("unread", trouble.detail) if of_reading else trouble)
    match call, found:
        case ReadSales(), SalesPage() if office.listing is not None and office.listing.call(call.limit) == call:
            listing = replace(office.listing, sales=tuple(found.sales), following=found.next)
            return replace(local, office=replace(office, listing=listing))
        case ReadSale(), SaleView() if office.record is not None and office.record.id == found.id:
            return replace(local, office=replace(office, record=found))
        case GiveBack(), _:
            office = replace(office, draft=None, is_stale=True, touched_s=local.up_s)
            return _from_to(replace(local, office=office), Page.REFUND, Page.RECORD)
        case CloseDay(date), DayReport() if office.report_date == date:
            office = replace(office, report=found, touched_s=local.up_s)
            return _from_to(replace(local, office=office), Page.DAY, Page.CLOSE)
        case _:
            return local


def _from_to(local: LocalState, asked_on: Page, to: Page) -> LocalState:
    """Go on to the page of the answer, unless another was opened meanwhile."""
    return replace(local, page=to) if local.page is asked_on else local
