# SPDX-License-Identifier: Apache-2.0
"""The entry is what the cashier has typed: amounts and quantities, "12 + 3.40 × 2". Pure; no float anywhere."""

import re
from dataclasses import dataclass, replace

from pengpos.core.currencies.currency import digits
from pengpos.core.money import AMOUNT_LIMIT_MINOR, Money
from ui.actions import Key

_TYPED_MOST = 48
_WHOLE_DIGITS_MOST = len(str(AMOUNT_LIMIT_MINOR))
_QUANTITY_DIGITS_MOST = 3
_FIRST_OPERATOR = re.compile(r"[+×]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An expression as typed, e.g. ``12+3.4×2``; × binds tighter than +, and its right side is a whole quantity."""

    currency: str
    typed: str = ""
    spoiled: bool = False
    """Something was pressed that is no part of it: what stands here is not what was meant, until it is cleared."""
    unknown_item: str = ""
    """The code that a scanner read and no item of the shop has."""
    is_closed: bool = False
    """It ends with an item of the shop: no digit goes on with that."""

    def press(self, key: Key) -> "Entry":
        """The entry after one key. One that cannot be a part of it spoils it: nothing is left out or cut off unseen.

        Clearing mends it, and so does taking back all of it, or an item that is not known.
        """
        if key is Key.CLEAR:
            return Entry(currency=self.currency)
        if key is Key.BACKSPACE and self.unknown_item:
            return replace(self, unknown_item="")
        if key is Key.BACKSPACE:
            kept = self.typed[:-1]
            return replace(self, typed=kept, spoiled=self.spoiled and bool(kept), is_closed=False)
        return self._grown(self._with_operator(key) if key in {Key.PLUS, Key.TIMES} else self._with_digits(key))

    def add(self, price_minor: int) -> "Entry":
        """One more term: a quick item's price, as many times as was typed with × before it."""
        price = str(Money(price_minor, self.currency)).partition(" ")[0]
        if self.typed.endswith("×"):
            return self._grown(self._so_many(price), is_closed=True)
        kept = self.typed.rstrip("+.")
        return self._grown(f"{kept}+{price}" if kept else price, is_closed=True)

    def without_item(self, code: str) -> "Entry":
        """After a scan of what the shop does not sell: not to be confirmed until that is taken back."""
        return replace(self, unknown_item=code)

    def spoil(self) -> "Entry":
        """After something that cannot be a part of it."""
        return replace(self, spoiled=True)

    @property
    def is_empty(self) -> bool:
        """True if it is as new."""
        return not (self.typed or self.spoiled or self.unknown_item)

    @property
    def is_payable(self) -> bool:
        """True if it is what was meant, and more than nothing."""
        return self.minor > 0 and not self.spoiled and not self.unknown_item

    def _so_many(self, price: str) -> str | None:
        """What is typed with its last number as the quantity of an item; None where that is no quantity."""
        before, plus, quantity = self.typed[:-1].rpartition("+")
        is_quantity = quantity.isdecimal() and len(quantity) <= _QUANTITY_DIGITS_MOST
        return f"{before}{plus}{price}×{quantity}" if is_quantity else None

    def _grown(self, typed: str | None, *, is_closed: bool = False) -> "Entry":
        if typed is None or self.spoiled or self.unknown_item or len(typed) > _TYPED_MOST:
            return self if self.unknown_item else self.spoil()
        after = replace(self, typed=typed, is_closed=is_closed)
        return after if after.minor <= AMOUNT_LIMIT_MINOR else self.spoil()

    def _with_operator(self, key: Key) -> str | None:
        """What is typed with an operator behind it, which takes the place of another one; None if none can be here."""
        typed = self.typed.rstrip("+×.")
        if key is Key.PLUS and not typed:
            return ""  # +5 is 5
        if not typed or (key is Key.TIMES and "×" in typed.rpartition("+")[2]):
            return None
        return typed + key.value

    def _with_digits(self, key: Key) -> str | None:
        """What is typed with a digit or the point behind it; None if it cannot be here.

        Of the key "00" as much as the decimals have room for.
        """
        if self.is_closed:
            return None
        head, tail = self._split()
        is_quantity = head.endswith("×")
        if key is Key.POINT:
            fits = not is_quantity and "." not in tail and digits(self.currency) > 0
            return head + (tail or "0") + "." if fits else None
        grown = tail
        for digit in key.value:
            candidate = digit if grown == "0" else grown + digit
            whole, _, part = candidate.partition(".")
            if len(part) > digits(self.currency):
                break
            if len(whole) > (_QUANTITY_DIGITS_MOST if is_quantity else _WHOLE_DIGITS_MOST):
                return None
            grown = candidate
        return head + grown if grown != tail or key.value[0] == tail == "0" else None

    def _split(self) -> tuple[str, str]:
        """Everything up to the last operator, and the number being typed."""
        at = max(self.typed.rfind("+"), self.typed.rfind("×")) + 1
        return self.typed[:at], self.typed[at:]

    @property
    def terms(self) -> tuple[tuple[int, int | None], ...]:
        """Each term as (price in minor units, quantity or None); a quantity not typed yet counts as one."""
        found = []
        for term in filter(None, self.typed.split("+")):
            price, times, quantity = term.partition("×")
            found.append((self._minor_of(price), int(quantity) if quantity else (1 if times else None)))
        return tuple(found)

    def _minor_of(self, price: str) -> int:
        """In minor units, also where that is more than can be charged."""
        whole, _, part = price.partition(".")
        return int(whole + part.ljust(digits(self.currency), "0"))

    @property
    def minor(self) -> int:
        """The value in minor units."""
        return sum(price * (1 if quantity is None else quantity) for price, quantity in self.terms)

    @property
    def is_sum(self) -> bool:
        """True if there is more to show than one plain amount."""
        return bool(_FIRST_OPERATOR.search(self.typed))

    @property
    def pending_places(self) -> int:
        """Decimals of a plain amount not typed yet: the screen shows them faint."""
        if self.is_sum:
            return 0
        _, point, part = self.typed.partition(".")
        return digits(self.currency) - (len(part) if point else 0)

    @property
    def expression(self) -> str:
        """For people: finished amounts in full, the one being typed as typed, "12.00 + 3.4"."""
        if not self.is_sum:
            return ""
        parts = re.split(r"([+×])", self.typed)
        last = len(parts) - 1
        shown = []
        for index, part in enumerate(parts):
            is_price = part not in {"+", "×", ""} and (index == 0 or parts[index - 1] == "+")
            if is_price and index != last:
                shown.append(str(Money.parse(part.rstrip("."), self.currency)).partition(" ")[0])
            else:
                shown.append(part)
        return " ".join(shown).rstrip()
