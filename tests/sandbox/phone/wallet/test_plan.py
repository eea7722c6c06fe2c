# SPDX-License-Identifier: Apache-2.0
"""What a payment is made of: tip, vouchers, membership pass."""

from typing import Any

import pytest

from pengpos.core.money import Money
from pengpos.wire.objects.intent import Purpose
from pengpos.wire.objects.membership import MembershipClaims, sign_membership
from pengpos.wire.objects.voucher import VoucherClaims, sign_voucher
from sandbox.phone.workbench import NOW, Bench


def voucher(bench: Bench, kid: bytes, number: int = 1, **changes: Any) -> bytes:
    claims: dict[str, Any] = {
        "voucher_id": number.to_bytes(16, "big"),
        "merchant_id": "M-42",
        "value_minor": 500,
        "currency": "CNY",
        "minimum_minor": 1880,
        "not_before": NOW - 5,
        "not_after": NOW - 5,
        "holder_kid": kid,
    }
    return sign_voucher(bench.issuer, VoucherClaims(**(claims | changes)))


@pytest.mark.parametrize(
    ("changes", "intent", "applies"),
    [
        pytest.param({}, {}, True, id="applies, on its only second"),
        pytest.param({}, {"online": False}, False, id="terminal offline"),
        pytest.param({"merchant_id": "M-43"}, {}, False, id="another merchant"),
        pytest.param({"holder_kid": bytes(8)}, {}, False, id="another holder"),
        pytest.param({"currency": "JPY"}, {}, False, id="another currency"),
        pytest.param({"minimum_minor": 1881}, {}, False, id="below its minimum"),
        pytest.param({"not_before": NOW - 4}, {}, False, id="not yet"),
        pytest.param({"not_after": NOW - 6}, {}, False, id="run out"),
        pytest.param({}, {"amount_minor": 0, "purpose": Purpose.CHECK_IN}, False, id="check-in"),
    ],
)
def test_a_voucher_is_used_only_where_it_applies(
    changes: dict[str, Any], intent: dict[str, Any], applies: bool, paying: Bench
) -> None:
    kid = paying.store.credentials()[0].kid
    paying.set_owner(vouchers=(b"no voucher", voucher(paying, kid, **changes)))
    claims = paying.authorised(**intent)
    amount = intent.get("amount_minor", 1880)
    assert (len(claims.vouchers), claims.total_minor) == ((1, amount - 500) if applies else (0, amount))
    assert not (applies and claims.offline_allowed)


def test_at_most_four_vouchers_none_twice_and_never_below_zero(paying: Bench) -> None:
    kid = paying.store.credentials()[0].kid
    wanted = [voucher(paying, kid, number) for number in (1, 1, 2, 3, 4, 5)]
    paying.set_owner(vouchers=tuple(wanted), tip=Money(20, "CNY"))
    claims = paying.authorised()
    assert claims.vouchers == (wanted[0], *wanted[2:5])
    assert claims.total_minor == 20


def membership(bench: Bench, kid: bytes, **changes: Any) -> bytes:
    claims: dict[str, Any] = {
        "member_id": bytes(16),
        "merchant_id": "M-42",
        "tier": "金卡",
        "not_after": NOW - 5,
        "holder_kid": kid,
    }
    return sign_membership(bench.issuer, MembershipClaims(**(claims | changes)))


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        pytest.param({}, True, id="to its merchant"),
        pytest.param({"merchant_id": "M-43"}, False, id="of another merchant"),
        pytest.param({"holder_kid": bytes(8)}, False, id="of another holder"),
        pytest.param({"not_after": NOW - 6}, False, id="run out"),
    ],
)
def test_a_pass_is_shown_only_where_it_belongs(changes: dict[str, Any], shown: bool, paying: Bench) -> None:
    raw = membership(paying, paying.store.credentials()[0].kid, **changes)
    assert paying.authorised(1).membership is None
    paying.set_owner(memberships=(b"no pass", raw))
    assert paying.authorised(2).membership == (raw if shown else None)


@pytest.mark.parametrize(
    ("currency", "total"), [pytest.param("CNY", 1968, id="same"), pytest.param("JPY", 1880, id="another")]
)
def test_a_tip_is_given_in_its_own_currency_only(currency: str, total: int, paying: Bench) -> None:
    paying.set_owner(tip=Money(88, currency))
    assert paying.authorised().total_minor == total
