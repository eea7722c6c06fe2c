# SPDX-License-Identifier: Apache-2.0
"""The actions that touches and keys stand for, as values. `ui.update` says what follows from each.

Tests: tests/ui/test_update.py, tests/ui/display/test_touch.py.
"""

from dataclasses import dataclass
from enum import StrEnum

from pengpos.i18n import Language
from ui.theme import ThemeName


class Key(StrEnum):
    """The keys of the pad; the value is what they put into an expression."""

    D0 = "0"
    D1 = "1"
    D2 = "2"
    D3 = "3"
    D4 = "4"
    D5 = "5"
    D6 = "6"
    D7 = "7"
    D8 = "8"
    D9 = "9"
    D00 = "00"
    POINT = "."
    PLUS = "+"
    TIMES = "×"
    BACKSPACE = "backspace"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class Press:
    """Press a key of the pad, for an amount or for a confirmation code."""

    key: Key


@dataclass(frozen=True, slots=True)
class PressPin:
    """Press a key of the pad for an operator's PIN: it shares nothing with amounts and codes."""

    key: Key


@dataclass(frozen=True, slots=True)
class AddItem:
    """Put the `index`-th quick item on the bill."""

    index: int


@dataclass(frozen=True, slots=True)
class Scanned:
    """A scanner has read the code of an item."""

    code: str


@dataclass(frozen=True, slots=True)
class ShowSale:
    """Open one of the waiting sales."""

    sale_id: str


@dataclass(frozen=True, slots=True)
class SawAlarm:
    """Say that a person has seen to an alarm."""

    alarm_id: str


@dataclass(frozen=True, slots=True)
class ShowRows:
    """Turn a list to the page that begins with this row."""

    first: int


class RefundReason(StrEnum):
    """Why money goes back: what a cashier chooses from."""

    RETURNED = "returned"
    WRONG_AMOUNT = "wrong_amount"
    CHARGED_TWICE = "charged_twice"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ChooseReason:
    """Say why the money goes back."""

    reason: RefundReason


@dataclass(frozen=True, slots=True)
class ShowDay:
    """Turn the history, or the day's close, to a business date, ``2026-11-22``."""

    date: str


@dataclass(frozen=True, slots=True)
class OpenRecord:
    """Open one sale of the history."""

    sale_id: str


@dataclass(frozen=True, slots=True)
class SetLanguage:
    """Let the screen speak another language."""

    language: Language


@dataclass(frozen=True, slots=True)
class SetTheme:
    """Let the screen have other colours."""

    theme: ThemeName


class Do(StrEnum):
    """The actions that carry no value."""

    CHARGE = "charge"
    CHARGE_LARGE = "charge_large"
    """The answer to the second question: it is so much."""
    NEXT = "next"
    """Leave the result: ready for the next amount."""
    AGAIN = "again"
    CANCEL = "cancel"
    OTHER_MONEY = "other_money"
    PARK = "park"
    ACCEPT_OFFLINE = "accept_offline"
    OPEN_CODE = "open_code"
    SEND_CODE = "send_code"
    SEND_PIN = "send_pin"
    OPEN_QUEUE = "open_queue"
    OPEN_WAITING = "open_waiting"
    OPEN_ALARMS = "open_alarms"
    OPEN_RECEIPT = "open_receipt"
    SYNC = "sync"
    BACK = "back"
    MORE_ITEMS = "more_items"
    OPEN_MENU = "open_menu"
    SELL = "sell"
    """From any page behind the menu to the amount."""
    OPEN_HISTORY = "open_history"
    OLDER = "older"
    NEWER = "newer"
    OPEN_RECORD_RECEIPT = "open_record_receipt"
    OPEN_REFUND = "open_refund"
    GIVE_BACK = "give_back"
    """Order the refund as it stands."""
    OPEN_DAY = "open_day"
    CLOSE_DAY = "close_day"
    OPEN_SETTINGS = "open_settings"
    OPEN_HELP = "open_help"


OfficeAction = ChooseReason | ShowDay | OpenRecord | SetLanguage | SetTheme
"""What only the pages behind the menu offer."""
SellingAction = Press | PressPin | AddItem | Scanned | ShowSale | SawAlarm | ShowRows | Do
Action = SellingAction | OfficeAction
