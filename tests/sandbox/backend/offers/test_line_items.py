# SPDX-License-Identifier: Apache-2.0
"""Line items: what a campaign takes off a bill, and that the lines say so."""

from tests.support.backend import Shop


def test_a_campaign_takes_less_than_was_authorised(shop: Shop) -> None:
    """立减: the backend may take less, never more."""
    till, wallet = shop.till(), shop.wallet()
    campaign = {"name": "满20减3", "discount": 3_00, "minimum": 20_00, "currency": "CNY",
                "not_before": shop.clock.now(), "not_after": shop.clock.now() + 60}  # fmt: skip
    shop.operator.call("PUT", "/merchants/M-0001/settings", {"campaigns": [campaign]})
    below, above = till.pay(till.sale(19_99), wallet).json(), till.pay(till.sale(20_00), wallet).json()
    by_page = wallet.call("POST", f"/intents/{till.sale(20_00, online=False).text}/pay").json()
    shop.clock.advance(61)
    after = till.pay(till.sale(20_00), wallet).json()
    assert [answer["total"] for answer in (below, above, by_page, after)] == [19_99, 17_00, 20_00, 20_00]
    assert ("discount", -3_00) in [(line["kind"], line["amount"]) for line in above["lines"]]
