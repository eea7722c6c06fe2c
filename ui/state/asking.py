# SPDX-License-Identifier: Apache-2.0
"""The steps of asking for a PIN: a call was answered `role_needed`, a person types, and the call goes on. Pure."""

from dataclasses import replace

from pengpos.client import SaleView, Status
from ui.actions import Key
from ui.state.calls import AlarmSeen, AsOperator, Call, Pin, SaleCall, SendCode, Verb
from ui.state.local import LocalState, Page, Trouble
from ui.state.pin import PAD_OPEN_S, PIN_LEAST, Asked, Refused, pressed
from ui.state.typing import refuse

_AGAIN = frozenset({"wrong_pin", "invalid_pin", "too_many_tries", "role_needed"})
"""Answers after which another PIN may be typed."""
_NAMES = {Verb.ACCEPT_OFFLINE: "accept-offline"}


def ask_for_pin(local: LocalState, call: Call, roles: tuple[str, ...]) -> LocalState:
    """Open the pad for a call that needs one of these roles."""
    page = local.page.value if local.page is not Page.PIN else Page.SALE.value
    return replace(local, page=Page.PIN, asked=Asked(call=call, roles=roles, page=page, touched_s=local.up_s))


def press_pin(local: LocalState, key: Key) -> LocalState:
    """A key of the pad; none is taken while a PIN is being checked, or must be waited for."""
    asked = local.asked
    if asked is None or not takes_keys(asked, local):
        return refuse(local)
    after = replace(pressed(asked, key), touched_s=local.up_s, refused=None)
    local = replace(local, asked=after)
    return refuse(local) if after.spoiled and key not in {Key.CLEAR, Key.BACKSPACE} else local


def takes_keys(asked: Asked, local: LocalState) -> bool:
    """Whether something may be typed now."""
    return not isinstance(local.calling, AsOperator) and wait_until_s(asked, local.up_s) is None


def is_complete(asked: Asked, local: LocalState) -> bool:
    """Whether what was typed may be sent."""
    return takes_keys(asked, local) and len(asked.pin) >= PIN_LEAST and not asked.spoiled and local.calling is None


def wait_until_s(asked: Asked, now_s: float) -> float | None:
    """When the next try is allowed; None: now."""
    until_s = asked.refused.until_s if asked.refused is not None else None
    return until_s if until_s is not None and until_s > now_s else None


def pin_given(local: LocalState) -> tuple[LocalState, Call | None]:
    """Send what was typed, and keep nothing of it here."""
    asked = local.asked
    if asked is None or not is_complete(asked, local):
        return local, None
    kept = replace(asked, pin=Pin(), spoiled=False, refused=None, touched_s=local.up_s)
    return replace(local, asked=kept, calling=AsOperator(asked.call, Pin())), AsOperator(asked.call, asked.pin)


def on_pin_answer(local: LocalState, trouble: Trouble) -> LocalState | None:
    """The PIN was not good for it: the pad stays open. None: the PIN was good, and something else went wrong."""
    asked = local.asked
    if trouble.code not in _AGAIN:
        return None
    if asked is None:  # the pad was left while it was being checked
        return local
    until_s = local.up_s + trouble.retry_after_s if trouble.retry_after_s is not None else None
    refused = Refused(trouble.code, trouble.tries_left, until_s)
    return replace(local, asked=replace(asked, refused=refused, wrong=asked.wrong + 1, touched_s=local.up_s))


def withdrawn(local: LocalState) -> LocalState:
    """Close the pad, and go back to where the call was asked for."""
    if local.asked is None:
        return local
    page = Page(local.asked.page) if local.page is Page.PIN else local.page
    return replace(local, page=page, asked=None)


def on_time(local: LocalState) -> LocalState:
    """Close a pad that nobody has touched for a while."""
    asked = local.asked
    if asked is None or isinstance(local.calling, AsOperator):
        return local
    waits = wait_until_s(asked, local.up_s) is not None
    untouched = local.up_s - asked.touched_s >= PAD_OPEN_S
    return withdrawn(local) if untouched and not waits else local


def still_fits(call: Call, status: Status) -> bool:
    """Whether what was asked for can still be done."""
    match call:
        case SaleCall(sale_id, verb):
            sale = sale_of(sale_id, status)
            return sale is not None and _NAMES.get(verb, verb.value) in sale.can
        case SendCode(sale_id, _):
            sale = sale_of(sale_id, status)
            return sale is not None and "confirmation-code" in sale.can
        case AlarmSeen(alarm_id):
            return any(alarm.id == alarm_id for alarm in status.alarms)
        case _:
            return True


def sale_of(sale_id: str, status: Status) -> SaleView | None:
    """A sale that the snapshot holds."""
    held = (*((status.sale,) if status.sale else ()), *status.unknown, *status.parked, *status.cancelling)
    return next((sale for sale in held if sale.id == sale_id), None)
