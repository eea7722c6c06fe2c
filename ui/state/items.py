# SPDX-License-Identifier: Apache-2.0
"""The shop's quick items: ``items.toml`` in PENGPOS_HOME. No file, no items; a wrong file says so and is left out.

```toml
currency = "CNY"
[[item]]
name = "拿铁 大"
price = "26.00"
```
"""

import sys
import tomllib
from pathlib import Path

from pengpos.core.money import Money
from ui.state.local import QuickItem

ITEMS_MOST = 200
NAME_MOST = 40


def read_items(path: Path) -> tuple[str, tuple[QuickItem, ...]]:
    """Currency and items of a file; nothing, and a line on the console, if it cannot be used."""
    if not path.exists():
        return "CNY", ()
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        currency = str(table.get("currency", "CNY"))
        items = tuple(_item(entry, currency) for entry in table.get("item", [])[:ITEMS_MOST])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        sys.stderr.write(f"pengpos ui: {path}: {error}; quick items are left out until it is mended\n")
        return "CNY", ()
    return currency, items


def _item(entry: dict[str, object], currency: str) -> QuickItem:
    name = str(entry["name"]).strip()
    if not name or len(name) > NAME_MOST:
        raise ValueError(f"an item's name has 1 to {NAME_MOST} characters, not {name!r}")
    if not isinstance(entry["price"], str):
        raise TypeError(f"the price of {name!r} is written in quotes, as a text: a number would be rounded")
    return QuickItem(name, Money.parse(entry["price"], currency).minor)
