# SPDX-License-Identifier: Apache-2.0
"""Standing (backend API): what an operator orders of a terminal stands in its signed policy at once."""

import json
from typing import Any

import pytest

from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context, Sign1
from sandbox.backend.records.tables import EventKind, EventRow
from tests.support.backend import Shop
from tests.support.shop import Till

NOON = "2027-01-15T08:00:00Z"


def policy(till: Till) -> dict[str, Any]:
    answer = till.call("GET", "/terminal/config")
    assert answer.status_code == 200
    signed = Sign1.read_issued(unb64u(answer.json()["policy"]), till.issuers, Context.POLICY)
    members: dict[str, Any] = json.loads(signed.payload)
    return members


def standing(till: Till) -> tuple[str, str | None]:
    said = policy(till)
    return said["standing"], said.get("standing_since")


def order(shop: Shop, till: Till, command: str) -> int:
    path = f"/terminals/{till.terminal_id}/commands"
    return shop.operator.call("POST", path, {"command": command}).status_code


def revoke(shop: Shop, till: Till) -> None:
    shop.operator.call("POST", f"/terminals/{till.terminal_id}/revoke")


def entry(shop: Shop, till: Till) -> dict[str, Any]:
    found: dict[str, Any] = shop.operator.call("GET", "/terminals").json()[0]
    assert found["terminal_id"] == till.terminal_id
    return found


def test_a_terminal_is_active_until_it_is_told_otherwise(shop: Shop) -> None:
    till = shop.till()
    assert standing(till) == ("active", None)
    assert (entry(shop, till)["standing"], entry(shop, till)["standing_since"]) == ("active", None)


def test_lock_and_unlock_stand_in_the_policy_at_once(shop: Shop) -> None:
    till = shop.till()
    version = policy(till)["version"]
    assert order(shop, till, "lock") == 202
    assert standing(till) == ("locked", NOON)
    assert policy(till)["version"] == version + 1
    assert policy(till)["risk"]["per_payment"] == 0  # so that a terminal of page 1.1 takes nothing offline either
    shop.clock.advance(60)
    assert order(shop, till, "lock") == 202
    assert (entry(shop, till)["standing"], entry(shop, till)["standing_since"]) == ("locked", NOON)
    order(shop, till, "unlock")
    assert standing(till) == ("active", None)
    assert policy(till)["risk"]["per_payment"] == 200_00


def test_a_revoked_terminal_is_told_so_under_a_signature_and_for_good(shop: Shop) -> None:
    till = shop.till()
    revoke(shop, till)
    assert standing(till) == ("revoked", NOON)
    assert (order(shop, till, "unlock"), order(shop, till, "lock")) == (409, 409)
    assert standing(till) == ("revoked", NOON)
    assert till.call("GET", "/terminal/denylist").json()["code"] == "revoked"


@pytest.mark.parametrize("how", ["lock", "revoke"])
def test_what_was_accepted_before_is_judged_by_the_policy_of_then(shop: Shop, how: str) -> None:
    till, wallet = shop.till(), shop.wallet()
    policy(till)
    sale = till.sale(30_00, online=False)
    authorisation = wallet.authorise(sale)
    shop.clock.advance(60)
    if how == "revoke":
        revoke(shop, till)
    else:
        order(shop, till, "lock")
    item = till.item(sale, wallet, authorisation, offline=True)
    (verdict,) = till.call("POST", "/payments/batch", {"payments": [item]}).json()["verdicts"]
    assert verdict["status"] == ("held" if how == "revoke" else "approved")
    if how == "revoke":
        assert shop.operator.call("POST", f"/payments/{sale.intent_id}/review", {"approve": True}).status_code == 204
    assert till.status(sale) == "approved"


def test_every_order_is_an_event_and_a_time_in_the_policy(shop: Shop) -> None:
    till = shop.till()
    for command in ("restart", "diagnose", "lock"):
        order(shop, till, command)
        shop.clock.advance(1)
    said = policy(till)
    assert (said["restart_asked_at"], said["diagnose_asked_at"]) == (NOON, "2027-01-15T08:00:01Z")
    with shop.backend.db.read() as session:
        rows = session.query(EventRow).filter_by(terminal_id=till.terminal_id, kind=EventKind.COMMAND)
        assert [row.data["command"] for row in rows.order_by(EventRow.seq)] == ["restart", "diagnose", "lock"]
    order(shop, till, "restart")
    assert policy(till)["restart_asked_at"] == "2027-01-15T08:00:03Z"


def test_what_came_of_an_order_is_kept_for_the_operator(shop: Shop) -> None:
    till = shop.till()
    head = {"epoch": 1, "sequence": 1, "hash": b64u(bytes(32))}
    finding = {"name": "Readers", "light": "red", "says": "none", "cure": "Plug one in"}
    said = {
        "standing": "locked",
        "orders_done": {"diagnose": NOON},
        "diagnosis": {"at": NOON, "healthy": False, "findings": [finding]},
    }
    signed = till.call("POST", "/terminal/heartbeat", {"head": head, **said}).json()["signed_head"]
    till.call("POST", "/terminal/heartbeat", {"head": head, "signed_head": signed, "standing": "active"})
    heartbeat = entry(shop, till)["heartbeat"]
    assert heartbeat["standing"] == "active"
    assert heartbeat["orders_done"] == {"restart": None, "diagnose": NOON}
    assert heartbeat["diagnosis"]["findings"] == [finding]
