# SPDX-License-Identifier: Apache-2.0
"""What is typed, key by key: an amount, a confirmation code. Nothing is left out unseen or outlives its sale. Pure.

A key that cannot be taken spoils what it was meant for: that cannot be confirmed until it is cleared. The screen shakes
and sounds.
"""

from dataclasses import replace
from typing import Final

from pengpos.core.confirmation import CODE_DIGITS
from ui.actions import Key
from ui.state.calls import StartSale
from ui.state.entry import Entry
from ui.state.local import OFFICE_PAGES, LocalState, Page

REST_S: Final = 60
"""An amount that was not touched for so long is of a customer who has gone."""
_MENDING: Final = {Key.CLEAR, Key.BACKSPACE}
NOT_TAKEN: Final = "?"
"""Stands in a confirmation code for a digit that could not be taken."""


def type_amount(local: LocalState, key: Key) -> LocalState:
    """A key of the pad for amounts; none is taken while the amount before is on its way."""
    if isinstance(local.calling, StartSale):
        return refuse(local) if key in _MENDING else refuse(replace(local, entry=local.entry.spoil()))
    entry = local.entry.press(key)
    if entry == local.entry and key in _MENDING:
        return local
    local = changed(local, entry)
    return refuse(local) if key not in _MENDING and not _is_sound(entry) else local


def add_item(local: LocalState, price_minor: int) -> LocalState:
    """One more item on the bill; none while the amount before is on its way."""
    if isinstance(local.calling, StartSale):
        return refuse(replace(local, entry=local.entry.spoil()))
    local = changed(local, local.entry.add(price_minor))
    return local if _is_sound(local.entry) else refuse(local)


def scan(local: LocalState, code: str) -> LocalState:
    """The item with this code on the bill. What the shop does not sell holds the amount up until it is taken back."""
    item = next((item for item in local.items if gtin(code) in map(gtin, item.codes)), None)
    if item is not None or isinstance(local.calling, StartSale):
        return add_item(local, item.price_minor if item is not None else 0)
    return refuse(changed(local, local.entry.without_item(code)))


def gtin(code: str) -> str:
    """A code as it is compared: a GTIN is the same in each of its lengths (GS1: padded with zeros)."""
    return code.zfill(14) if code.isdecimal() and len(code) in {8, 12, 13} else code


def type_code(local: LocalState, key: Key) -> LocalState:
    """A key of the pad for the confirmation code."""
    if key is Key.BACKSPACE:
        return replace(local, code=local.code[:-1])
    if key is Key.CLEAR:
        return replace(local, code="")
    if key.value.isdigit() and len(local.code + key.value) <= CODE_DIGITS:
        return replace(local, code=local.code + key.value)
    return refuse(replace(local, code=local.code[:CODE_DIGITS] + NOT_TAKEN))


def is_code_complete(code: str) -> bool:
    """Whether it may be sent."""
    return len(code) == CODE_DIGITS and NOT_TAKEN not in code


def refuse_key(local: LocalState) -> LocalState:
    """A key that stands for nothing here, or was meant for what was here before: half of anything is a wrong one."""
    if local.page is Page.CODE:
        return refuse(replace(local, code=local.code[:CODE_DIGITS] + NOT_TAKEN))
    if local.page is Page.PIN and local.asked is not None:
        return refuse(replace(local, asked=replace(local.asked, spoiled=True)))
    if local.page is Page.REFUND and local.office is not None and (draft := local.office.draft) is not None:
        spoiled = replace(draft, entry=draft.entry.spoil(), key="")
        return refuse(replace(local, office=replace(local.office, draft=spoiled)))
    if local.page in OFFICE_PAGES:
        return refuse(local)  # what was typed of an amount before is not touched here
    return refuse(changed(local, local.entry.spoil()))


def refuse(local: LocalState) -> LocalState:
    """Let the screen shake and sound."""
    return replace(local, refusals=local.refusals + 1)


def changed(local: LocalState, entry: Entry) -> LocalState:
    """Another amount is another sale, and not the one that was asked about."""
    local = _unasked(local)
    return replace(local, entry=entry, entry_touched_s=local.up_s, sale_key="")


def emptied(local: LocalState) -> LocalState:
    """The next amount begins empty."""
    local = _unasked(local)
    return replace(local, entry=Entry(currency=local.entry.currency), entry_touched_s=None, sale_key="")


def _unasked(local: LocalState) -> LocalState:
    return replace(local, page=Page.SALE) if local.page is Page.LARGE_AMOUNT else local


def at_rest(local: LocalState) -> LocalState:
    """Forget an amount that was not touched for a minute."""
    if local.entry_touched_s is None or local.office is not None or isinstance(local.calling, StartSale):
        return local
    return local if local.up_s - local.entry_touched_s < REST_S else emptied(local)


def _is_sound(entry: Entry) -> bool:
    return not entry.spoiled and not entry.unknown_item
