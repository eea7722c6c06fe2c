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
    waits_in_vain: int = 0
    """How often somebody waited for a URL that never came, although the sale still waited for a phone."""
    given_up: set[str] = field(default_factory=set)
    """Sales that a person at the counter wanted cancelled, whether or not that was acknowledged."""
    elsewhere: dict[str, str] = field(default_factory=dict)
    """What a copy of the device's key did, and the backend acknowledged: refund or intent, and the sale."""
    standings: list[tuple[int, str]] = field(default_factory=list)
    """Each standing that was shown, and how many views of sales had been shown before it."""
    ordered: str | None = None
    """The standing that the operator wanted last; None: he ordered nothing."""
    unlocks: int = 0
    """How often the operator unlocked it."""
    caps: list[tuple[int, int]] = field(default_factory=list)
    """Each cap of one offline payment that was shown, and how many views of sales had been shown before it."""
    alarms: set[tuple[str, str | None]] = field(default_factory=set)
    """Every alarm that was ever shown: its kind and its sale."""
    differences: set[str | None] = field(default_factory=set)
    """Numbers of sales in which a day's close found that the two sides differ."""
    beyond: set[str] = field(default_factory=set)
    """Keys of which more was promised than set aside, at a moment at which somebody looked."""
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

    @property
    def standing(self) -> str:
        """Whether the terminal may sell, as it showed last."""
        return self.standings[-1][1] if self.standings else "active"

    @property
    def obeys(self) -> bool:
        """Whether that is what the operator wanted last."""
        return self.ordered in {None, self.standing}

    def saw_status(self, status: Status) -> None:
        """A snapshot was published."""
        for sale in ([status.sale] if status.sale else []) + status.parked + status.unknown:
            self.saw_sale(sale)
        if status.terminal is not None and status.terminal.standing != self.standing:
            self.standings.append((len(self.seen), status.terminal.standing))
        if status.queue.caps is not None and [status.queue.caps.per_payment] != [cap for _, cap in self.caps[-1:]]:
            self.caps.append((len(self.seen), status.queue.caps.per_payment))
        self.alarms |= {(alarm.kind, alarm.sale_id) for alarm in status.alarms}

    def saw_sale(self, sale: SaleView) -> None:
        """A sale was shown."""
        if self._last.get(sale.id) != sale:
            self._last[sale.id] = sale
            self.seen.append(sale)

    def acknowledged(self, key: str, sale: SaleView) -> None:
        """The terminal has said that there is one."""
        self.made.setdefault(key, set()).add(sale.id)
        self.saw_sale(sale)
