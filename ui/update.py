# SPDX-License-Identifier: Apache-2.0
"""The pure step of the screen: (local state, touch or snapshot or answer) → local state and the call to make."""

from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from pengpos.client import SaleView, Status
from ui.actions import (
    Action,
    AddItem,
    ChooseReason,
    Do,
    OpenRecord,
    Press,
    PressPin,
    SawAlarm,
    Scanned,
    SellingAction,
    SetLanguage,
    SetTheme,
    ShowDay,
    ShowRows,
    ShowSale,
)
from ui.office import steps as office
from ui.screens.amount import items_a_page
from ui.state.asking import ask_for_pin, on_pin_answer, pin_given, press_pin, still_fits, withdrawn
from ui.state.calls import (
    AlarmSeen,
    AsOperator,
    Call,
    Found,
    SaleCall,
    SendCode,
    StartSale,
    Sync,
    Verb,
    is_of_office,
)
from ui.state.entry import Entry
from ui.state.local import Daemon, Left, LocalState, Page, Trouble
from ui.state.sales import (
    Stage,
    blocks_next_sale,
    left_behind,
    shown_sale,
    stage,
)
from ui.state.typing import add_item, emptied, is_code_complete, refuse, scan, type_amount, type_code

CODE_STATES = {"signed", "presented", "pending", "cancelling"}
WRONG_CODE = "wrong_code"
ROLE_NEEDED = "role_needed"
_VERBS = {
    Do.AGAIN: Verb.AGAIN,
    Do.CANCEL: Verb.CANCEL,
    Do.OTHER_MONEY: Verb.CANCEL,
    Do.PARK: Verb.PARK,
    Do.ACCEPT_OFFLINE: Verb.ACCEPT_OFFLINE,
}
_PAGES = {
    Do.OPEN_CODE: Page.CODE,
    Do.OPEN_QUEUE: Page.QUEUE,
    Do.OPEN_WAITING: Page.WAITING,
    Do.OPEN_ALARMS: Page.ALARMS,
    Do.OPEN_RECEIPT: Page.RECEIPT,
}

After = tuple[LocalState, Call | None]


def on_action(local: LocalState, status: Status, action: Action, new_key: Callable[[], str]) -> After:
    """A touch or a key. `new_key` makes the idempotency key of a sale."""
    local = replace(local, trouble=None)
    if office.is_office_touch(local, action):
        after = office.on_touch(local, status, action, new_key)
        if after is not None:
            return after
        local = office.closed(local)
    if isinstance(action, ChooseReason | OpenRecord | SetLanguage | SetTheme | ShowDay):
        return local, None  # touched as its page was left
    return _on_touch(local, status, action, new_key)


def _on_touch(local: LocalState, status: Status, action: SellingAction, new_key: Callable[[], str]) -> After:
    """A touch or a key on a screen of selling."""
    match action:
        case Press(key):
            return (type_code(local, key) if local.page is Page.CODE else type_amount(local, key)), None
        case PressPin(key):
            return press_pin(local, key), None
        case AddItem(index):
            if index >= len(local.items):
                return local, None
            return add_item(local, local.items[index].price_minor), None
        case Scanned(code):
            if (sale := shown_sale(status, local)) is not None:
                local = _leave(local, status, sale)
            return scan(local, code), None
        case ShowSale(sale_id):
            return replace(local, focus=sale_id, page=Page.SALE), None
        case ShowRows(first):
            return replace(local, first_row=first), None
        case SawAlarm(alarm_id):
            return _calling(local, AlarmSeen(alarm_id))
        case Do() if local.page is Page.PIN:
            return _do_at_pad(local, action)
        case Do():
            return _do(local, status, action, new_key)
        case _:
            assert_never(action)


def _do_at_pad(local: LocalState, action: Do) -> After:
    """While a PIN is asked for there is nothing else to do than to give it or to go back."""
    if action is Do.SEND_PIN:
        return pin_given(local)
    return (withdrawn(local) if action is Do.BACK else local), None


def _do(local: LocalState, status: Status, action: Do, new_key: Callable[[], str]) -> After:
    sale = shown_sale(status, local)
    if action is Do.CANCEL and sale is not None:
        return _cancel(local, sale)
    if action in _VERBS:
        return _calling(local, SaleCall(sale.id, _VERBS[action])) if sale else (local, None)
    if action in _PAGES:
        return replace(local, page=_PAGES[action], code="", first_row=0), None
    match action:
        case Do.CHARGE | Do.CHARGE_LARGE:
            return _charge(local, status, action, new_key)
        case Do.SEND_CODE if sale is not None and is_code_complete(local.code):
            return _calling(local, SendCode(sale.id, local.code))
        case Do.SYNC:
            return _calling(local, Sync())
        case Do.NEXT:
            return _leave(local, status, sale), None
        case Do.BACK:
            return replace(local, page=Page.SALE, code="", first_row=0), None
        case Do.MORE_ITEMS:
            first = local.first_row + items_a_page(local.size, len(local.items))
            return replace(local, first_row=first if first < len(local.items) else 0), None
        case _:
            return local, None


def _cancel(local: LocalState, sale: SaleView) -> After:
    """Where a phone may have paid unseen, the code is asked for first (tap protocol §3)."""
    if _may_be_paid_unseen(sale) and local.page is not Page.CODE:
        return replace(local, page=Page.CODE, code=""), None
    return _calling(replace(local, page=Page.SALE, code=""), SaleCall(sale.id, Verb.CANCEL))


def _may_be_paid_unseen(sale: SaleView) -> bool:
    """Whether the code that carries the whole intent was shown: a phone may have paid, and only its owner knows."""
    return sale.mode == "offline" and sale.url is not None and "#" in sale.url


def _is_large(local: LocalState, status: Status) -> bool:
    """Whether so much is asked once more before anything is created or signed."""
    asks_above = status.terminal.sale_asks_above if status.terminal is not None else 0
    return local.entry.minor > asks_above


def _charge(local: LocalState, status: Status, action: Do, new_key: Callable[[], str]) -> After:
    if local.calling is not None:
        return local, None
    if not local.entry.is_payable:
        return refuse(local), None
    if action is Do.CHARGE and _is_large(local, status):
        return replace(local, page=Page.LARGE_AMOUNT), None
    key = local.sale_key or new_key()
    call = StartSale(local.entry.minor, local.entry.currency, key)
    return replace(local, page=Page.SALE, calling=call, sale_key=key), call


def _calling(local: LocalState, call: Call) -> After:
    return (local, None) if local.calling == call else (replace(local, calling=call), call)


def _leave(local: LocalState, status: Status, sale: SaleView | None) -> LocalState:
    """Away from a result; a waiting sale that was only looked at leaves the current one as it was."""
    is_current = sale is not None and status.sale is not None and sale.id == status.sale.id
    left = Left(sale.id, sale.state) if sale is not None and is_current else local.left
    local = replace(local, left=left, focus=None, page=Page.SALE, code="", first_row=0)
    return local if sale is None else emptied(local)


def on_status(local: LocalState, old: Status | None, new: Status) -> LocalState:
    """A snapshot: pages that no longer hold are closed, a live sale is brought to the front."""
    local = replace(local, daemon=Daemon.CONNECTED)
    if old is None:
        local = replace(local, left=left_behind(new))
    if new.terminal is not None and local.entry.is_empty and local.entry.currency != new.terminal.currency:
        local = replace(local, entry=Entry(currency=new.terminal.currency))
    is_new_current = (
        new.sale is not None
        and blocks_next_sale(new.sale)
        and (old is None or old.sale is None or old.sale.id != new.sale.id)
    )
    if local.asked is not None and (is_new_current or not still_fits(local.asked.call, new)):
        local = withdrawn(local)
    local = office.on_snapshot(local)
    if is_new_current:
        local = office.closed(local)
        local = replace(local, page=Page.SALE, focus=None, code="", first_row=0)
    if old is not None and new.sale is not None and (old.sale is None or old.sale.id != new.sale.id):
        local = emptied(local)  # another sale, perhaps a till's: what was typed before is of no amount after it
    sale = shown_sale(new, local)
    if local.focus is not None and sale is None:
        local = replace(local, focus=None)
    if local.page is Page.CODE and (sale is None or sale.state not in CODE_STATES):
        local = replace(local, page=Page.SALE, code="")
    if local.page is Page.RECEIPT and (sale is None or stage(sale) is not Stage.APPROVED):
        local = replace(local, page=Page.SALE)
    return local


def on_away(local: LocalState) -> LocalState:
    """Take note that the daemon does not answer at its socket."""
    return replace(local, daemon=Daemon.AWAY)


def on_answer(local: LocalState, call: Call, trouble: Trouble | None, found: Found = None) -> LocalState:
    """A call was answered, or not (`trouble.code` "away": what came of it the next snapshot says)."""
    if local.calling == call:
        local = replace(local, calling=None)
    if isinstance(call, AsOperator):
        if trouble is not None and (again := on_pin_answer(local, trouble)) is not None:
            return again
        return on_answer(withdrawn(local), call.call, trouble, found)
    if trouble is not None and trouble.code == ROLE_NEEDED and trouble.roles:
        return ask_for_pin(local, call, trouble.roles)
    if is_of_office(call):
        return office.on_found(local, call, trouble, found)
    if trouble is not None and trouble.code == WRONG_CODE:
        return replace(local, code="")  # the snapshot says how many tries are left
    if trouble is not None:
        return replace(local, trouble=trouble)
    if isinstance(call, StartSale):
        return emptied(local)
    return replace(local, code="") if isinstance(call, SendCode) else local
