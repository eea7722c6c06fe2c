# SPDX-License-Identifier: Apache-2.0
"""How each language writes money and days: from the Unicode CLDR, by scripts/build_cldr.py. Not edited by hand.

Data: Copyright © Unicode, Inc., under the Unicode License v3 (https://www.unicode.org/license.txt); Babel 2.18.0.
"""

from typing import Final, NamedTuple

from pengpos.client import Language


class Conventions(NamedTuple):
    """One language's."""

    decimal: str
    """Between whole and fraction."""
    group: str
    """Between groups of three digits."""
    day: str
    """A day of the year, to be filled with `month`, by its name, and `day`, by its number."""
    months: tuple[str, ...]
    """Their short names, January first."""


CONVENTIONS: Final[dict[Language, Conventions]] = {
    "zh-Hans": Conventions(
        decimal=".",
        group=",",
        day="{month}{day}日",
        months=("1月", "2月", "3月", "4月", "5月", "6月", "7月", "8月", "9月", "10月", "11月", "12月"),
    ),
    "zh-Hant": Conventions(
        decimal=".",
        group=",",
        day="{month}{day}日",
        months=("1月", "2月", "3月", "4月", "5月", "6月", "7月", "8月", "9月", "10月", "11月", "12月"),
    ),
    "en": Conventions(
        decimal=".",
        group=",",
        day="{month} {day}",
        months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    ),
}
