# SPDX-License-Identifier: Apache-2.0
"""Colours, sizes and spacing as tokens (look, "Tokens"): scenes name tokens, the painter asks a theme for pixels."""

from enum import StrEnum
from typing import Final, Literal, NamedTuple

ThemeName = Literal["light", "dark"]


class Rgb(NamedTuple):
    """An sRGB colour, 0-255 each."""

    red: int
    green: int
    blue: int


class Token(StrEnum):
    """The purpose of a colour. A state's colour and its tint belong together; ON_FILL stands on a filled shape."""

    INK = "ink"
    SOFT = "soft"
    FAINT = "faint"
    PAPER = "paper"
    CARD = "card"
    LINE = "line"
    BRAND = "brand"
    BRAND_TINT = "brand_tint"
    APPROVED = "approved"
    APPROVED_TINT = "approved_tint"
    STORED = "stored"
    STORED_TINT = "stored_tint"
    DECLINED = "declined"
    DECLINED_TINT = "declined_tint"
    UNKNOWN = "unknown"
    UNKNOWN_TINT = "unknown_tint"
    ON_FILL = "on_fill"
    PRESSED = "pressed"
    QR_DARK = "qr_dark"
    QR_LIGHT = "qr_light"


_LIGHT: Final = {
    Token.INK: "101828", Token.SOFT: "475467", Token.FAINT: "667085",
    Token.PAPER: "F4F6F8", Token.CARD: "FFFFFF", Token.LINE: "E4E7EC",
    Token.BRAND: "2B4ACB", Token.BRAND_TINT: "E8EDFF",
    Token.APPROVED: "0B7A55", Token.APPROVED_TINT: "E3F5EC",
    Token.STORED: "A15600", Token.STORED_TINT: "FDF0DC",
    Token.DECLINED: "B42318", Token.DECLINED_TINT: "FDE8E6",
    Token.UNKNOWN: "54479C", Token.UNKNOWN_TINT: "ECE9FA",
    Token.ON_FILL: "FFFFFF", Token.PRESSED: "DDE2EA",
    Token.QR_DARK: "101828", Token.QR_LIGHT: "FFFFFF",
}  # fmt: skip
_DARK: Final = {
    Token.INK: "F2F4F7", Token.SOFT: "CBD2DC", Token.FAINT: "98A2B3",
    Token.PAPER: "0B1220", Token.CARD: "131C2E", Token.LINE: "243049",
    Token.BRAND: "7F98FF", Token.BRAND_TINT: "1C2A57",
    Token.APPROVED: "4CC796", Token.APPROVED_TINT: "0E3327",
    Token.STORED: "F2A93B", Token.STORED_TINT: "3A2708",
    Token.DECLINED: "FF8A7A", Token.DECLINED_TINT: "401512",
    Token.UNKNOWN: "B3A6F5", Token.UNKNOWN_TINT: "2A2450",
    Token.ON_FILL: "0B1220", Token.PRESSED: "2E3B57",
    Token.QR_DARK: "101828", Token.QR_LIGHT: "FFFFFF",  # cameras want dark on light, whatever the theme
}  # fmt: skip


class Theme:
    """One palette."""

    def __init__(self, name: ThemeName) -> None:
        self.name = name
        table = _LIGHT if name == "light" else _DARK
        self._colours = {token: Rgb(*bytes.fromhex(value)) for token, value in table.items()}

    def rgb(self, token: Token) -> Rgb:
        """Give the colour of a token."""
        return self._colours[token]


def contrast(one: Rgb, other: Rgb) -> float:
    """Compute the contrast ratio 1..21 of two colours (WCAG 2.2, "contrast ratio")."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Rgb) -> float:
    def linear(value: int) -> float:
        share = value / 255
        return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)

    return 0.2126 * linear(colour.red) + 0.7152 * linear(colour.green) + 0.0722 * linear(colour.blue)


class Weight(StrEnum):
    """The cuts of type we carry; DISPLAY is for money and keys."""

    REGULAR = "regular"
    BOLD = "bold"
    DISPLAY = "display"


class Style(NamedTuple):
    """The look of a line of text; `size` in logical pixels (the panel's shorter side is 480)."""

    size: float
    weight: Weight = Weight.REGULAR
    colour: Token = Token.INK


AMOUNT_SIZE: Final = 88
RESULT_AMOUNT_SIZE: Final = 84
TITLE_SIZE: Final = 34
KEY_SIZE: Final = 30
BUTTON_SIZE: Final = 20
BODY_SIZE: Final = 19
SMALL_SIZE: Final = 16
TINY_SIZE: Final = 15
LEAST_TYPE_PX: Final = 12
"""No text is drawn smaller than this, whatever the panel: Chinese is not legible below."""
LINE_HEIGHT: Final = 1.3
LEAST_PANEL: Final = (320, 480)
"""The shorter and the longer side in pixels; every screen holds what it shows from here on."""

RADIUS: Final = 12
PANEL_RADIUS: Final = 18
BAR_HEIGHT: Final = 48
MARGIN: Final = 24
GAP: Final = 8
KEY_MINIMUM: Final = 74
TARGET_MINIMUM: Final = 48
