# SPDX-License-Identifier: Apache-2.0
"""Sees what a terminal shows, from outside, and forgets nothing of it; no death of the daemon reaches it."""

from dataclasses import dataclass, field

from pengpos.client import SaleView, Status


@dataclass(slots=True)
class Witness:
    """`seen`: every different view of every sale, in the order in which they were shown."""

    seen: list[SaleView] = field(default_factory=list)
    made: dict[str, set[str]] = field(default_factory=dict)
    """The sales that were acknowledged under each of the till's keys."""
    refunds: dict[str, str] = field(default_factory=dict)
    """Acknowledged refunds: the till's key, and the sale."""
    paid_by_page: set[str] = field(default_factory=set)
    """Intents that a phone tried to pay by the page, without the terminal."""
    final: list[SaleView] = field(default_factory=list)
    """All sales as they are shown when all is quiet."""
    last_status: Status | None = None
    restored: bool = False
    """The card was put back to an older state: what was sold since is known to us only."""
    _last: dict[str, SaleView] = field(default_factory=dict)

    @property
    def views(self) -> list[SaleView]:
        """All that was ever shown, the final views last."""
        return [*self.seen, *self.final]

    def saw_status(self, status: Status) -> None:
        """A snapshot was published."""
        for sale in ([status.sale] if status.sale else []) + status.parked + status.unknown:
            self.saw_sale(sale)

    def saw_sale(self, sale: SaleView) -> None:
        """A sale was shown."""
        if self._last.get(sale.id) != sale:
            self._last[sale.id] = sale
            self.seen.append(sale)

    def acknowledged(self, key: str, sale: SaleView) -> None:
        """The terminal has said that there is one."""
        self.made.setdefault(key, set()).add(sale.id)
        self.saw_sale(sale)
