# SPDX-License-Identifier: Apache-2.0
"""Operators in settings (backend API, *Operators*): PINs come in, hashes go to terminals, neither is given back."""

import hashlib
import json
from typing import Any

import pytest

from pengpos.wire.encoding.base64url import unb64u
from pengpos.wire.encoding.cose import Sign1
from tests.support.backend import Shop
from tests.support.shop import Till

LI = {"id": "m-1", "name": "李经理", "role": "manager", "pin": "471100"}
WU = {"id": "c-1", "name": "Wu", "role": "cashier", "pin": "1234"}


def policy(till: Till) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        Sign1.parse(unb64u(till.call("GET", "/terminal/config").json()["policy"])).payload
    )
    return found


def set_operators(shop: Shop, *people: dict[str, Any], level: str = "/merchants/M-0001", **more: Any) -> int:
    return shop.operator.call("PUT", f"{level}/settings", {"operators": list(people), **more}).status_code


def test_without_operators_a_policy_is_as_it_was(shop: Shop) -> None:
    till = shop.till()
    shop.operator.call("PUT", "/merchants/M-0001/settings", {"roles": {"refund": ["manager"]}})
    assert not {"operators", "roles"} & set(policy(till))


def test_a_terminal_gets_the_hash_of_a_pin(shop: Shop) -> None:
    till = shop.till()
    assert set_operators(shop, LI, WU, roles={"diagnosis": ["technician"]}) == 204
    said = policy(till)
    assert [(one["id"], one["name"], one["role"]) for one in said["operators"]] == [
        ("m-1", "李经理", "manager"), ("c-1", "Wu", "cashier"),
    ]  # fmt: skip
    assert said["roles"] == {"diagnosis": ["technician"]}
    for one, pin in zip(said["operators"], (b"471100", b"1234"), strict=True):
        kept = one["pin"]
        computed = hashlib.scrypt(
            pin, salt=unb64u(kept["salt"]), n=kept["n"], r=kept["r"], p=kept["p"], maxmem=1 << 26, dklen=32
        )
        assert unb64u(kept["hash"]) == computed
    assert len({one["pin"]["salt"] for one in said["operators"]}) == 1


def test_neither_pin_nor_hash_is_given_back(shop: Shop) -> None:
    set_operators(shop, LI)
    set_operators(shop, WU, level="/stores/S-0001")
    for path in ("/merchants", "/stores"):
        text = shop.operator.call("GET", path).text
        assert '"operators"' in text
        assert not any(secret in text for secret in ("471100", "1234", "salt", "hash", '"pin"'))


def test_one_without_a_pin_keeps_it_and_a_new_one_needs_one(shop: Shop) -> None:
    till = shop.till()
    set_operators(shop, LI)
    before = policy(till)["operators"][0]["pin"]
    renamed = {"id": "m-1", "name": "Li", "role": "technician"}
    assert set_operators(shop, renamed, WU) == 204
    after = policy(till)["operators"]
    assert (after[0]["name"], after[0]["role"], after[0]["pin"]) == ("Li", "technician", before)
    assert set_operators(shop, {"id": "m-2", "name": "New", "role": "manager"}) == 422
    assert policy(till)["operators"] == after


def test_an_empty_list_names_none_and_a_lower_level_wins(shop: Shop) -> None:
    till, other = shop.till(), shop.till()
    set_operators(shop, LI)
    set_operators(shop, level=f"/terminals/{till.terminal_id}")
    assert "operators" not in policy(till)
    assert [one["id"] for one in policy(other)["operators"]] == ["m-1"]


def test_of_roles_what_is_left_out_stays(shop: Shop) -> None:
    till = shop.till()
    set_operators(shop, LI, roles={"refund": ["manager"], "day_close": []})
    shop.operator.call("PUT", "/stores/S-0001/settings", {"roles": {"refund": ["cashier", "manager"]}})
    shop.operator.call("PUT", "/merchants/M-0001/settings", {"roles": {"alarm_seen": ["manager"]}})
    assert policy(till)["roles"] == {
        "refund": ["cashier", "manager"], "day_close": [], "alarm_seen": ["manager"],
    }  # fmt: skip


SPOILT: list[Any] = [
    [LI, LI | {"name": "Li"}],
    [LI, WU | {"pin": "471100"}],
    [LI | {"pin": "123"}],
    [LI | {"pin": "123456789"}],
    [LI | {"pin": "12a4"}],
    [LI | {"pin": 4711}],
    [LI | {"pin": "４７１１"}],
    [LI | {"role": "owner"}],
    [LI | {"id": ""}],
    [LI | {"id": "*"}],
    [LI | {"name": "a\u202eb"}],
    [LI | {"pin_hash": "AAAA"}],
    [LI | {"id": f"m-{number}"} for number in range(33)],
]


@pytest.mark.parametrize("people", SPOILT, ids=range(len(SPOILT)))
def test_what_cannot_be_told_apart_or_is_no_pin_is_refused_without_saying_it_back(shop: Shop, people: Any) -> None:
    answer = shop.operator.call("PUT", "/merchants/M-0001/settings", {"operators": people})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert "4711" not in answer.text
    assert "operators" not in policy(shop.till())


@pytest.mark.parametrize("roles", [{"fly": ["manager"]}, {"refund": ["owner"]}, {"refund": "manager"}], ids=str)
def test_roles_and_actions_are_those_of_the_page(shop: Shop, roles: Any) -> None:
    assert shop.operator.call("PUT", "/merchants/M-0001/settings", {"roles": roles}).status_code == 422


def test_a_new_policy_is_signed_for_operators_only_when_they_change(shop: Shop) -> None:
    till = shop.till()
    set_operators(shop, LI)
    versions = [policy(till)["version"] for _ in range(2)]
    assert versions[0] == versions[1]
    set_operators(shop, LI | {"pin": "00000000"})
    assert policy(till)["version"] > versions[1]


def test_nobody_elses_operators_are_found(shop: Shop) -> None:
    assert set_operators(shop, LI, level="/terminals/T-9999") == 404
