# SPDX-License-Identifier: Apache-2.0
"""The local state is what the screen knows beside the daemon's snapshot: typed keys, the page, the panel."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from pengpos.client import Language
from ui.actions import Action
from ui.state.calls import Call
from ui.state.entry import Entry
from ui.state.office import Office
from ui.state.pin import Asked
from ui.theme import ThemeName


class Daemon(StrEnum):
    """Whether the daemon answers, and so whether the snapshot can be believed."""

    STARTING = "starting"
    CONNECTED = "connected"
    AWAY = "away"


class Page(StrEnum):
    """The page the cashier looks at. SALE follows the current sale; the others are opened and left by touch."""

    SALE = "sale"
    CODE = "code"
    RECEIPT = "receipt"
    QUEUE = "queue"
    WAITING = "waiting"
    ALARMS = "alarms"
    PIN = "pin"
    LARGE_AMOUNT = "large_amount"
    """Whether it is really so much is asked."""
    MENU = "menu"
    HISTORY = "history"
    RECORD = "record"
    """One sale of the history, with its life."""
    RECORD_RECEIPT = "record_receipt"
    REFUND = "refund"
    DAY = "day"
    CLOSE = "close"
    """The day beside the settlement."""
    SETTINGS = "settings"
    HELP = "help"


UP: Final = {
    Page.MENU: Page.SALE,
    Page.HISTORY: Page.MENU,
    Page.RECORD: Page.HISTORY,
    Page.RECORD_RECEIPT: Page.RECORD,
    Page.REFUND: Page.RECORD,
    Page.DAY: Page.MENU,
    Page.CLOSE: Page.DAY,
    Page.SETTINGS: Page.MENU,
    Page.HELP: Page.MENU,
}
"""The pages behind the menu, and where each goes back to."""
OFFICE_PAGES: Final = frozenset(UP)


class QuickItem(NamedTuple):
    """A good with a price, put on the bill with one touch."""

    name: str
    price_minor: int
    codes: tuple[str, ...] = ()
    """What scanners read from it: EAN, UPC or the shop's own."""


class ItemFault(StrEnum):
    """Why a quick item is left out, or all of them."""

    FILE = "file"
    OTHER_CURRENCY = "other_currency"
    NAME = "name"
    FIELD = "field"
    CODE = "code"
    PRICE = "price"
    TOO_MANY = "too_many"


class SpoiltItem(NamedTuple):
    """A quick item that is left out: its place in the file from 1, or of a file's fault the line (0: not known).

    `name` may be shown, and is empty where there is none; `says` is English, for a technician.
    """

    fault: ItemFault
    place: int
    name: str
    says: str


class Left(NamedTuple):
    """The result the cashier has left, and the state it was in then."""

    sale_id: str
    state: str


class Trouble(NamedTuple):
    """The daemon's last refusal: its `code`, its `detail` in English, and what it says beside them."""

    code: str
    detail: str
    roles: tuple[str, ...] = ()
    tries_left: int | None = None
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalState:
    """Everything a scene is made of, beside the status; frozen."""

    now: datetime
    """The time now, aware; its zone is the shop's."""
    up_s: float = 0.0
    """Monotonic seconds: how long something was left alone is measured by these, for a clock may be put right."""
    size: tuple[int, int]
    """The panel in pixels."""
    language: Language = "zh-Hans"
    theme: ThemeName = "light"
    daemon: Daemon = Daemon.STARTING
    page: Page = Page.SALE
    entry: Entry = field(default_factory=lambda: Entry(currency="CNY"))
    entry_touched_s: float | None = None
    """When it was last changed; None if it is new."""
    refusals: int = 0
    """How many keys could not be taken so far: with each the screen shakes, and sounds."""
    sale_key: str = ""
    """Idempotency key of the sale being typed; a new one once the daemon has it, or the amount changes."""
    code: str = ""
    focus: str | None = None
    """Id of a waiting sale the cashier has opened."""
    left: Left | None = None
    first_row: int = 0
    """The first quick item or row of a list that is shown, after "more"."""
    items: tuple[QuickItem, ...] = ()
    spoilt_items: tuple[SpoiltItem, ...] = ()
    """What is left out of them; named between two sales until it is mended."""
    calling: Call | None = None
    """The call on its way to the daemon; its button is inert meanwhile."""
    trouble: Trouble | None = None
    asked: Asked | None = None
    """The call that waits for an operator's PIN, while the page is PIN."""
    office: Office | None = None
    """What the pages behind the menu know; None: they are closed."""
    pressed: Action | None = None
    """The action under a finger now."""
