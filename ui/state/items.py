# SPDX-License-Identifier: Apache-2.0
"""The shop's quick items: ``items.toml`` in PENGPOS_HOME. No file, no items; what is wrong is named, the rest sells.

```toml
currency = "CNY"
[[item]]
name = "拿铁 大"
price = "26.00"
code = "6901234567892"        # what a scanner reads from it, or several: ["6901234567892", "LATTE-L"]
```
"""

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from pengpos.core.money import Money
from pengpos.names import mended, unfit
from ui.state.local import ItemFault, QuickItem, SpoiltItem
from ui.state.typing import gtin

ITEMS_MOST = 200
NAME_MOST = 40
SIZE_MOST = 256 * 1024
_QUOTED_MOST, _ERROR_MOST = 30, 200
CODES_MOST = 20
_FIELDS = ("name", "price", "code")
_CODE = re.compile(r"[!-~]{4,48}")
"""As a scanner types it: no fewer characters, else it could not be told from a hand."""
_LINE = re.compile(r"at line (\d+)")


@dataclass(frozen=True, slots=True)
class ItemList:
    """What a file holds: the items that can be sold, in its order, and what cannot be, in its order."""

    currency: str = "CNY"
    items: tuple[QuickItem, ...] = ()
    spoilt: tuple[SpoiltItem, ...] = ()


def read_items(path: Path) -> ItemList:
    """The items of a file; one that cannot be used spoils no other. Raises nothing because of what the file says."""
    try:
        with path.open("rb") as file:
            raw = file.read(SIZE_MOST + 1)
    except FileNotFoundError:
        return ItemList()
    except OSError as error:
        return _no_list(f"cannot be read ({error.strerror})")
    if len(raw) > SIZE_MOST:
        return _no_list(f"is larger than {SIZE_MOST // 1024} KiB")
    try:
        table = tomllib.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return _no_list(f"is not UTF-8 (line {line}): save it as UTF-8", line)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found, last = _LINE.search(str(error)), raw.count(b"\n") + 1
        return _no_list(f"is not TOML: {str(error)[:_ERROR_MOST]}", min(last, int(found[1])) if found else last)
    return _read_table(table)


def in_currency(listed: ItemList, currency: str) -> ItemList:
    """The list as a terminal of this currency offers it."""
    if not listed.items or listed.currency == currency:
        return listed
    says = f"the items are priced in {listed.currency}, and this terminal takes {currency}"
    return ItemList(currency, (), (SpoiltItem(ItemFault.OTHER_CURRENCY, 0, "", says), *listed.spoilt))


def spoilt_words(spoilt: SpoiltItem) -> str:
    """What is wrong with an item, or with the file, in English for a technician."""
    if spoilt.fault is ItemFault.FILE:
        return f"items.toml {spoilt.says}"
    if spoilt.fault is ItemFault.OTHER_CURRENCY:
        return spoilt.says
    return f"item {spoilt.place}{f' “{spoilt.name}”' if spoilt.name else ''}: {spoilt.says}"


def _read_table(table: dict[str, object]) -> ItemList:
    currency, entries = table.get("currency", "CNY"), table.get("item", [])
    try:
        Money(0, currency if isinstance(currency, str) else "")
    except ValueError:
        return _no_list('must name its currency in three letters, as currency = "CNY"')
    if not isinstance(entries, list) or (strange := sorted(table.keys() - {"currency", "item"})):
        what = (
            "has no list of [[item]]"
            if not isinstance(entries, list)
            else f"has {_brief(strange[0])}, which is unknown"
        )
        return _no_list(what)
    read = [_read_entry(entry, place, str(currency)) for place, entry in enumerate(entries[: ITEMS_MOST + 1], start=1)]
    read = _told_apart(read)
    if len(read) > ITEMS_MOST:
        name = _name_of(entries[ITEMS_MOST])
        read[ITEMS_MOST:] = [
            SpoiltItem(ItemFault.TOO_MANY, ITEMS_MOST + 1, name, f"there are {len(entries)}, at most {ITEMS_MOST}")
        ]
    return ItemList(
        str(currency),
        tuple(one for one in read if isinstance(one, QuickItem)),
        tuple(one for one in read if isinstance(one, SpoiltItem)),
    )


def _read_entry(entry: object, place: int, currency: str) -> QuickItem | SpoiltItem:
    name = _name_of(entry)

    def spoilt(fault: ItemFault, says: str) -> SpoiltItem:
        return SpoiltItem(fault, place, name, says)

    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        return spoilt(ItemFault.NAME, "its name is missing, or not in quotes")
    composed = unicodedata.normalize("NFC", entry["name"]).strip()
    if wrong := unfit(composed, most=NAME_MOST):
        return spoilt(ItemFault.NAME, f"its name {wrong.says}")
    if strange := sorted(entry.keys() - set(_FIELDS)):
        return spoilt(ItemFault.FIELD, f"{_brief(strange[0])} is nothing that an item has")
    if not isinstance(entry.get("price"), str):
        return spoilt(ItemFault.PRICE, "its price is missing, or not in quotes: a number would be rounded")
    try:
        price = Money.parse(entry["price"], currency)
    except ValueError:
        return spoilt(ItemFault.PRICE, f"its price is not an amount of {currency}: {_brief(entry['price'])}")
    if price.minor == 0:
        return spoilt(ItemFault.PRICE, "its price is nothing")
    codes = _codes(entry.get("code", []))
    if codes is None:
        says = f"its code is no text of 4 to 48 ASCII characters without a space, and no list of up to {CODES_MOST}"
        return spoilt(ItemFault.CODE, says)
    return QuickItem(composed, price.minor, codes)


def _codes(given: object) -> tuple[str, ...] | None:
    codes = [given] if isinstance(given, str) else given
    if not isinstance(codes, list) or len(codes) > CODES_MOST:
        return None
    return tuple(codes) if all(isinstance(code, str) and _CODE.fullmatch(code) for code in codes) else None


def _told_apart(read: list[QuickItem | SpoiltItem]) -> list[QuickItem | SpoiltItem]:
    """Of two items with one code the first: a scanner could not mean both."""
    found: list[QuickItem | SpoiltItem] = []
    known: set[str] = set()
    for place, one in enumerate(read, start=1):
        codes = {gtin(code) for code in one.codes} if isinstance(one, QuickItem) else set()
        double = codes & known or (isinstance(one, QuickItem) and len(codes) < len(one.codes))
        known |= codes
        says = "one of its codes stands twice in the file"
        found.append(SpoiltItem(ItemFault.CODE, place, one.name, says) if double else one)
    return found


def _brief(said: str) -> str:
    """What stands in the file, short enough to be said back."""
    return repr(said if len(said) <= _QUOTED_MOST else said[:_QUOTED_MOST] + "…")


def _name_of(entry: object) -> str:
    """An item's name as near as it can be shown."""
    said = entry.get("name") if isinstance(entry, dict) else None
    return mended(said, most=NAME_MOST) if isinstance(said, str) else ""


def _no_list(says: str, line: int = 0) -> ItemList:
    return ItemList(spoilt=(SpoiltItem(ItemFault.FILE, line, "", says),))
