# SPDX-License-Identifier: Apache-2.0
"""Another merchant's terminal takes the id of a sale: it is paid, shown and given back as if nobody had.

Source: backend API, *Ids belong to their terminal*; tap protocol §3.
"""

import asyncio
from uuid import UUID

import httpx

from sandbox.phone.phone import VirtualPhone
from tests.support.counter import Counter
from tests.support.page import Visitor
from tests.support.road import Pass
from tests.support.squatter import collisions, squatting_till


def test_a_stored_payment_is_booked_and_given_back_though_its_id_was_taken(
    counter: Counter, phone: VirtualPhone
) -> None:
    squatter = squatting_till(counter.sandbox)
    counter.lose_the_backend()
    sale = counter.tap(counter.present("18.80"), phone, "accepted_offline")
    stolen = squatter.sale(1, intent_id=UUID(sale.intents[-1].intent_id).bytes)
    assert squatter.put(stolen).json()["status"] == "created"
    sale = counter.resolve(sale, "approved")
    assert (counter.booked, counter.status.queue.count) == ([18_80], 0)
    (alarm,) = [one for one in collisions(counter.sandbox) if one["terminal_id"] == counter.terminal_id]
    assert alarm["detail"]["terminal_ids"] == [squatter.terminal_id, counter.terminal_id]
    counter.call("POST", f"/v1/sales/{sale.id}/refunds", {"idempotency_key": "r", "reason": "returned"})
    counter.resolve(sale, "refunded")
    assert squatter.status(stolen) == "created"


def test_a_code_leads_to_its_own_shop_though_another_took_its_id_a_moment_before(
    counter: Counter, phone: VirtualPhone
) -> None:
    squatter, visitor = squatting_till(counter.sandbox), Visitor.new(counter.sandbox)

    async def is_quicker(request: httpx.Request, forward: Pass) -> httpx.Response:
        intent_id = UUID(request.url.path.rpartition("/")[2])
        await asyncio.to_thread(lambda: squatter.put(squatter.sale(1, intent_id=intent_id.bytes)))
        return await forward(request)

    counter.road.put(is_quicker, "PUT", "/v1/intents/.*")
    sale = counter.until(counter.present("18.80"), lambda seen: seen.url)
    url = sale.url or ""
    assert url.endswith(f".{counter.terminal_id}")
    assert visitor.claim(url)["merchant"]["name"] == "晨光咖啡"
    visitor.release(url)
    paid = phone.scan(counter.sandbox.account(phone.store.note("token")), url)
    assert (paid.status, paid.total, paid.merchant.name) == ("approved", 18_80, "晨光咖啡")
    counter.until(sale, "approved")
    assert counter.booked == [18_80]
