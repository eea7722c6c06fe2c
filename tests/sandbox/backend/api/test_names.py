# SPDX-License-Identifier: Apache-2.0
"""The rule for names holds at every door where a name first comes in, and what stands from before it harms nobody."""

from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import update

from pengpos.wire.objects.credential import Credential
from sandbox.backend.records.seed import MERCHANT_ID
from sandbox.backend.records.tables import MerchantRow
from tests.support.backend import Shop
from tests.support.shop import Till

Door = Callable[[Shop, str], httpx.Response]
CAMPAIGN = {"discount": 1_00, "minimum": 10_00, "currency": "CNY", "not_before": 0, "not_after": 9_000_000_000}


def settings(shop: Shop, **changes: object) -> httpx.Response:
    return shop.operator.call("PUT", f"/merchants/{MERCHANT_ID}/settings", changes)


DOORS: dict[str, Door] = {
    "merchant": lambda shop, name: shop.operator.call("POST", "/merchants", {"id": "M-2", "name": name}),
    "store": lambda shop, name: shop.operator.call(
        "POST", "/stores", {"id": "S-2", "merchant_id": MERCHANT_ID, "name": name}
    ),
    "campaign": lambda shop, name: settings(shop, campaigns=[{**CAMPAIGN, "name": name}]),
    "operator": lambda shop, name: settings(
        shop, operators=[{"id": "c-1", "name": name, "role": "cashier", "pin": "4711"}]
    ),
    "account": lambda shop, name: shop.http.post("/wallet/v1/accounts", json={"name": name}),
    "purse": lambda shop, name: shop.wallet(with_credential=False).call("POST", "/purses", {"name": name}),
}
UNFIT = {
    "Cafe\u0301": "must be in Unicode's composed form, NFC",
    "桌\u200b七": "must not have U+200B (ZERO WIDTH SPACE) in it",
    "👩\u200d👧": "must not have U+200D (ZERO WIDTH JOINER) in it",
    "a\u2028b": "must not have U+2028 (LINE SEPARATOR) in it",
    "a\x00b": "must not have U+0000 in it",
    "\u3164": "must have something in it that can be seen",
    "a" + "\u0335" * 7: "must have a letter under each mark, and at most 6 marks on one",
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("name", "says"), UNFIT.items(), ids=map(ascii, UNFIT))
def test_an_unfit_name_is_refused_at_the_first_door_in_words(shop: Shop, door: str, name: str, says: str) -> None:
    answer = DOORS[door](shop, name)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["detail"].endswith(f"name: {says}")


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", ["晨光咖啡", "Café Zoë", "한빛 분식", "ශ්\u200dරී"])
def test_a_name_is_taken(shop: Shop, door: str, name: str) -> None:
    assert DOORS[door](shop, name).is_success


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Cafe\u0301", "Café"), ("桌\u200b七", "桌七"), ("\u3164", MERCHANT_ID), ("晨" * 14, "晨" * 13)],
    ids=ascii,
)
def test_a_merchant_named_before_the_rule_still_enrols_and_is_listed(shop: Shop, name: str, shown: str) -> None:
    shop.backend.db.write(lambda session: session.execute(update(MerchantRow).values(name=name)))
    till: Till = shop.till()
    found = Credential.read(till.credential, till.issuers).merchant
    assert found is not None
    assert found.name == shown
    assert [merchant["name"] for merchant in shop.operator.call("GET", "/merchants").json()] == [name]
