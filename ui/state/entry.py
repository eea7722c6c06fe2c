# SPDX-License-Identifier: Apache-2.0
"""The entry is what the cashier has typed: amounts and quantities, "12 + 3.40 × 2". Pure; no float anywhere."""

import re
from dataclasses import dataclass, replace

from pengpos.core.currencies.currency import digits
from pengpos.core.money import AMOUNT_LIMIT_MINOR, Money
from ui.actions import Key

_TYPED_MOST = 48
_WHOLE_DIGITS_MOST = 8
_QUANTITY_DIGITS_MOST = 3
_FIRST_OPERATOR = re.compile(r"[+×]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An expression as typed, e.g. ``12+3.4×2``; × binds tighter than +, and its right side is a whole quantity."""

    currency: str
    typed: str = ""
    spoiled: bool = False
    """Something was pressed that is no part of it: what stands here is not what was meant, until it is cleared."""

    def press(self, key: Key) -> "Entry":
        """The entry after one key; a key that makes no sense here changes nothing."""
        if key is Key.CLEAR:
            return Entry(currency=self.currency)
        if key is Key.BACKSPACE:
            kept = self.typed[:-1]
            return replace(self, typed=kept, spoiled=self.spoiled and bool(kept))
        if self.spoiled:
            return self
        typed = self._with_operator(key) if key in {Key.PLUS, Key.TIMES} else self._with_digits(key)
        after = replace(self, typed=typed)
        return after if len(typed) <= _TYPED_MOST and after.minor <= AMOUNT_LIMIT_MINOR else self

    def add(self, price_minor: int) -> "Entry":
        """One more term: a quick item's price."""
        if self.spoiled:
            return self
        price = str(Money(price_minor, self.currency)).partition(" ")[0]
        kept = self.typed.rstrip("+×.")
        after = replace(self, typed=f"{kept}+{price}" if kept else price)
        return after if len(after.typed) <= _TYPED_MOST and after.minor <= AMOUNT_LIMIT_MINOR else self

    def _with_operator(self, key: Key) -> str:
        typed = self.typed.rstrip("+×.")
        if not typed or (key is Key.TIMES and "×" in typed.rpartition("+")[2]):
            return self.typed
        return typed + key.value

    def _with_digits(self, key: Key) -> str:
        head, tail = self._split()
        is_quantity = head.endswith("×")
        if key is Key.POINT:
            fits = not is_quantity and "." not in tail and digits(self.currency) > 0
            return head + (tail or "0") + "." if fits else self.typed
        grown = tail
        for digit in key.value:
            candidate = digit if grown == "0" else grown + digit
            whole, _, part = candidate.partition(".")
            longest = _QUANTITY_DIGITS_MOST if is_quantity else _WHOLE_DIGITS_MOST
            if len(whole) <= longest and len(part) <= digits(self.currency) and candidate != "00":
                grown = candidate
        return head + grown

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
            minor = Money.parse(price.rstrip("."), self.currency).minor
            found.append((minor, int(quantity) if quantity else (1 if times else None)))
        return tuple(found)

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
