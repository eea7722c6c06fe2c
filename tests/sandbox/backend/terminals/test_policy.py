# SPDX-License-Identifier: Apache-2.0
"""The policy (backend API, documents): inherited, versioned, signed."""

import json
from typing import Any

import pytest

from pengpos.wire.encoding.base64url import unb64u
from pengpos.wire.encoding.cose import Context, Sign1
from tests.support.backend import Shop
from tests.support.request_signing import Signing
from tests.support.shop import Till


def read(till: Till, text: str, context: Context = Context.POLICY) -> dict[str, Any]:
    raw = unb64u(text)
    found: dict[str, Any] = json.loads(Sign1.read_issued(raw, till.issuers, context, max_size=len(raw)).payload)
    return found


def policy(till: Till) -> dict[str, Any]:
    return read(till, till.call("GET", "/terminal/config").json()["policy"])


def test_enrolment_and_config_bring_the_same_policy_with_the_usual_caps(shop: Shop) -> None:
    till = shop.till()
    document = policy(till)
    assert document == read(till, till.enrolment["policy"])
    assert (document["terminal_id"], document["version"]) == (till.terminal_id, 1)
    assert (document["issued_at"], document["not_after"]) == ("2027-01-15T08:00:00Z", "2027-01-18T08:00:00Z")
    assert document["risk"] == {
        "currency": "CNY", "per_payment": 200_00, "per_wallet_count": 10, "per_wallet_total": 500_00,
        "stored_count": 50, "stored_total": 2_000_00, "stored_age_s": 24 * 3600, "clock_doubt_s": 2 * 3600,
        "max_age_s": 7 * 86_400, "guaranteed": 2_000_00,
    }  # fmt: skip
    assert document["issuers"] == till.enrolment["issuers"]


def test_a_policy_is_in_its_merchants_currency_and_says_its_digits(shop: Shop) -> None:
    shop.operator.call("POST", "/merchants", {"id": "M-2", "name": "Kávé", "currency": "HUF"})
    shop.operator.call("POST", "/stores", {"id": "S-2", "merchant_id": "M-2", "name": "1"})
    document = policy(Till.enrol(shop.http, shop.clock, shop.operator.activation_code("S-2")))
    assert (document["currency"], document["currency_digits"], document["risk"]["currency"]) == ("HUF", 2, "HUF")


def test_settings_are_inherited_and_the_lower_level_wins(shop: Shop) -> None:
    till, other = shop.till(), shop.till()
    settings = [
        ("/merchants/M-0001", {"risk": {"per_payment": 1, "stored_count": 1, "guaranteed": 1}, "languages": ["en"]}),
        ("/stores/S-0001", {"risk": {"per_payment": 2, "stored_count": 2}}),
        (f"/terminals/{till.terminal_id}", {"risk": {"per_payment": 3}}),
    ]
    for owner, body in settings:
        assert shop.operator.call("PUT", f"{owner}/settings", body).status_code == 204
    risks = [policy(one)["risk"] for one in (till, other)]
    assert [(risk["per_payment"], risk["stored_count"], risk["guaranteed"]) for risk in risks] == [(3, 2, 1), (2, 2, 1)]
    assert policy(till)["languages"] == ["en"]


def test_versions_rise_when_something_changes_and_only_then(shop: Shop) -> None:
    till = shop.till()
    assert [policy(till)["version"] for _ in range(2)] == [1, 1]
    shop.operator.call("PUT", "/merchants/M-0001/settings", {"tip_presets_percent": [8]})
    assert policy(till)["version"] == 2
    shop.operator.call("POST", "/denylist", {"kid": "AAAAAAAAAAA"})
    assert (policy(till)["version"], policy(till)["denylist_version"]) == (3, 1)


def test_a_policy_is_signed_anew_before_it_runs_out(shop: Shop) -> None:
    till = shop.till()
    shop.clock.advance(12 * 3600)
    renewed = policy(till)
    assert (renewed["version"], renewed["not_after"]) == (2, "2027-01-18T20:00:00Z")


def test_a_turnaround_is_said_only_where_somebody_set_one(shop: Shop) -> None:
    till = shop.till()
    assert "apdu_turnaround_ms" not in policy(till)["risk"]
    shop.operator.call("PUT", "/stores/S-0001/settings", {"risk": {"apdu_turnaround_ms": 120}})
    assert policy(till)["risk"]["apdu_turnaround_ms"] == 120


def test_an_etag_spares_the_body(shop: Shop) -> None:
    till = shop.till()
    etag = till.call("GET", "/terminal/config").headers["etag"]

    def ask(tag: str) -> int:
        request = till.request("GET", "/terminal/config", headers={"If-None-Match": tag})
        Signing(signer=till.key, created=shop.clock.now()).apply(request)
        return shop.http.send(request).status_code

    assert [ask(etag), ask(f'"x", W/{etag}'), ask('"x"')] == [304, 304, 200]


@pytest.mark.parametrize(
    "body",
    [
        {"risk": {"per_payment": -1}},
        {"risk": {"apdu_turnaround_ms": -1}},
        {"risk": {"unheard_of": 1}},
        {"languages": "en"},
        {"unheard_of": 1},
    ],
    ids=["negative", "negative time", "unknown member of risk", "not a list", "unknown member"],
)
def test_odd_settings_are_refused(shop: Shop, body: dict[str, Any]) -> None:
    assert shop.operator.call("PUT", "/merchants/M-0001/settings", body).status_code == 422
