# SPDX-License-Identifier: Apache-2.0
"""Writes money, counts, times and durations as people of each language do, after the Unicode CLDR (`ui.i18n.cldr`)."""

from datetime import date as Date  # noqa: N812 - a date is also what arguments are called
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from pengpos.client import Language
from pengpos.core.currencies.currency import digits, prefix
from ui.i18n import words
from ui.i18n.cldr import CONVENTIONS

MINUS: Final = "\N{MINUS SIGN}"
DOT: Final = "  ·  "
"""What stands between two things on one line."""


class AmountParts(NamedTuple):
    """An amount taken apart, so that a screen can set the parts in different sizes."""

    symbol: str
    whole: str
    fraction: str
    """The fraction with its decimal sign; empty for currencies without minor units."""


@lru_cache(maxsize=256)
def plain(minor: int, currency: str, language: Language) -> str:
    """Write an amount without its currency, grouped, all decimals: ``1,943.60``."""
    places = digits(currency)
    conventions = CONVENTIONS[language]
    whole, part = divmod(abs(minor), 10**places)
    grouped = f"{whole:,}".replace(",", conventions.group)
    return f"{grouped}{conventions.decimal}{part:0{places}}" if places else grouped


def amount_parts(minor: int, currency: str, language: Language) -> AmountParts:
    """Take an amount apart into symbol, whole and fraction."""
    text = plain(minor, currency, language)
    cut = len(text) - digits(currency) - 1 if digits(currency) else len(text)
    return AmountParts(prefix(currency), text[:cut], text[cut:])


def money(minor: int, currency: str, language: Language) -> str:
    """Write an amount with its currency: ``¥18.80``, ``KWD 1.880``."""
    return prefix(currency) + plain(minor, currency, language)


def signed(minor: int, currency: str, language: Language) -> str:
    """Write an amount that is added or taken off: ``+2.00``, ``−2.00``."""
    return (MINUS if minor < 0 else "+") + plain(minor, currency, language)


def moment(rfc3339: str) -> datetime:
    """Read a time of the local API."""
    return datetime.fromisoformat(rfc3339)


def clock(at: datetime) -> str:
    """Write hours and minutes, 24 hours, in every language: tills and receipts count so."""
    return at.strftime("%H:%M")


def when(rfc3339: str, now: datetime, language: Language) -> str:
    """Write a time near now: ``今天 22:32``, ``tomorrow 08:00``, else with its date."""
    at = moment(rfc3339).astimezone(now.tzinfo)
    near = {
        now.date(): words.TODAY,
        now.date() + timedelta(days=1): words.TOMORROW,
        now.date() - timedelta(days=1): words.YESTERDAY,
    }.get(at.date())
    if near is not None:
        return near.in_language(language, time=clock(at))
    return f"{day_of(at, language)} {clock(at)}"


def day_of(on: Date, language: Language) -> str:
    """Write a day of the year: ``11月19日``, ``Nov 19``."""
    conventions = CONVENTIONS[language]
    return conventions.day.format(month=conventions.months[on.month - 1], day=on.day)


def clock_or_day(rfc3339: str, now: datetime, language: Language) -> str:
    """Write a time of today as hours and minutes, of another day with its date before them."""
    at = moment(rfc3339).astimezone(now.tzinfo)
    return clock(at) if at.date() == now.date() else f"{day_of(at, language)} {clock(at)}"


def day_name(date: str, today: str, language: Language) -> str:
    """Write a business date beside today's: ``今天``, ``Yesterday``, else ``11月19日``."""
    on, now = Date.fromisoformat(date), Date.fromisoformat(today)
    if on == now:
        return words.THIS_DAY.in_language(language)
    if on == now - timedelta(days=1):
        return words.DAY_BEFORE.in_language(language)
    return day_of(on, language)


def age(seconds: int, language: Language) -> str:
    """Write a length of time without seconds, so that a list stands still: ``5 分钟``."""
    if seconds < 60:
        return words.LESS_THAN_A_MINUTE.in_language(language)
    return words.MINUTES.in_language(language, m=seconds // 60) if seconds < 3600 else duration(seconds, language)


def duration(seconds: int, language: Language) -> str:
    """Write a length of time in its two largest units: ``1 分 24 秒``."""
    minutes, s = divmod(max(0, seconds), 60)
    hours, m = divmod(minutes, 60)
    days, h = divmod(hours, 24)
    if days:
        return words.DAYS_HOURS.in_language(language, d=days, h=h)
    if hours:
        return words.HOURS_MINUTES.in_language(language, h=h, m=m)
    if minutes:
        return words.MINUTES_SECONDS.in_language(language, m=m, s=s)
    return words.SECONDS.in_language(language, s=s)
