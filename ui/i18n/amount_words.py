# SPDX-License-Identifier: Apache-2.0
"""An amount as it is read aloud: 一万二千元整, 10,000.00 Chinese Yuan. A digit too many is seen there at a glance."""

from typing import Final

from pengpos.client import Language
from pengpos.core.currencies.currency import digits, names
from ui.i18n.format import plain

_DIGITS: Final = "零一二三四五六七八九"
_ALOUD: Final = {"zh-Hans": str.maketrans({}), "zh-Hant": str.maketrans("万亿点", "萬億點")}
_YUAN: Final = frozenset({"CNY", "TWD", "HKD", "MOP"})
"""Counted in 元, 角 and 分 by who speaks Chinese."""
_PLACES: Final = ("", "十", "百", "千")
_GROUPS: Final = ("", "万", "亿", "万亿")


def aloud(minor: int, currency: str, language: Language) -> str:
    """Say an amount in words: in Chinese the number too, in English its digits and what the money is called."""
    called = names(currency)
    if language == "en":
        return f"{plain(minor, currency, language)} {called.en}"
    whole, part = divmod(minor, 10 ** digits(currency))
    name = called.zh_hans if language == "zh-Hans" else called.zh_hant
    if currency in _YUAN:
        shop_knows = currency == "CNY" and language == "zh-Hans"
        said = ("" if shop_knows else name) + _numeral(whole) + "元" + _jiao_fen(part)
    else:
        decimals = f"{part:0{digits(currency)}}".rstrip("0") if part else ""
        said = _numeral(whole) + ("点" + "".join(_DIGITS[int(one)] for one in decimals) if decimals else "") + name
    return said.translate(_ALOUD[language])


def _jiao_fen(part: int) -> str:
    """The hundredths: 整, 五角, 零五分, 五角二分."""
    jiao, fen = divmod(part, 10)
    if not part:
        return "整"
    tenths = _DIGITS[jiao] + "角" if jiao else "零"
    return tenths + (_DIGITS[fen] + "分" if fen else "")


def _numeral(number: int) -> str:
    """A whole number below 10^16 in Chinese numerals: 一万二千, 一百零五."""
    if number == 0:
        return _DIGITS[0]
    said, gap = "", False
    for index in reversed(range(len(_GROUPS))):
        group = number // 10_000**index % 10_000
        if group == 0:
            gap = gap or bool(said)
            continue
        if said and (gap or group < 1000):
            said += _DIGITS[0]
        said, gap = said + _group(group) + _GROUPS[index], False
    return said[1:] if said.startswith("一十") else said


def _group(number: int) -> str:
    said, gap = "", False
    for place in reversed(range(4)):
        digit = number // 10**place % 10
        if digit == 0:
            gap = gap or bool(said)
            continue
        said += (_DIGITS[0] if gap else "") + _DIGITS[digit] + _PLACES[place]
        gap = False
    return said
