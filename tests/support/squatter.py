# SPDX-License-Identifier: Apache-2.0
"""A terminal of another merchant that uses the ids of others, for the tests of whose an id is."""

from typing import Any, Protocol

import httpx

from tests.support.shop import HeldClock, Operator, Sale, Till

MERCHANT = "M-SQUAT"
MERCHANT_NAME = "隔壁小店"
STORE = "S-SQUAT"


class Sandbox(Protocol):
    """A backend of the tests, in this process or on a socket."""

    @property
    def http(self) -> httpx.Client:
        """Its HTTP."""

    @property
    def clock(self) -> HeldClock:
        """Its clock."""

    @property
    def operator(self) -> Operator:
        """Its operator."""


def squatting_till(shop: Sandbox) -> Till:
    """A terminal of the other merchant."""
    shop.operator.call("POST", "/merchants", {"id": MERCHANT, "name": MERCHANT_NAME})
    shop.operator.call("POST", "/stores", {"id": STORE, "merchant_id": MERCHANT, "name": "一号店"})
    return Till.enrol(shop.http, shop.clock, shop.operator.activation_code(STORE))


def squat(squatter: Till, sale: Sale, amount_minor: int = 1, **changes: Any) -> Sale:
    """Its own intent under this sale's id."""
    return squatter.sale(amount_minor, intent_id=sale.intent.claims.intent_id, **changes)


def collisions(shop: Sandbox) -> list[dict[str, Any]]:
    """The alarms `id_collision`."""
    return [alarm for alarm in shop.operator.call("GET", "/alarms").json() if alarm["kind"] == "id_collision"]
