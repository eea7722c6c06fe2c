# SPDX-License-Identifier: Apache-2.0
"""A state for each screen of the pages, as their scripts keep them: what the gallery and the tests of words draw."""

from typing import Any

_MERCHANT = {"id": "M-0001", "name": "晨光咖啡"}
_INTENT = {
    "intent_id": "01970000-0000-7000-8000-000000000001", "number": "0001-1000", "status": "claimed",
    "merchant": _MERCHANT, "amount": 1880,
    "currency": "CNY", "currency_digits": 2, "online": True,
    "now": "2027-01-15T06:32:00Z", "expires_at": "2027-01-15T06:34:00Z",
    "claimed_until": "2027-01-15T06:33:00Z", "claimed_by_me": True,
}  # fmt: skip
_LINES = [
    {"kind": "amount", "label": "消费", "amount": 1880},
    {"kind": "discount", "label": "立减", "amount": -200, "name": "开业立减", "funder": "merchant"},
]
_PAYMENT = {
    "intent_id": _INTENT["intent_id"], "number": _INTENT["number"], "status": "approved",
    "code": "approved", "total": 1680, "currency": "CNY", "currency_digits": 2,
    "decided_at": "2027-01-15T06:32:41Z", "way": "page", "refunded": 0, "merchant": _MERCHANT,
    "receipt_url": "https://pages.test/r/AAECAwQFBgcICQoLDA0ODw",
    "lines": _LINES,
    "cards": [{"kind": "points", "title": "会员积分", "text": "本店积分 17 · 金卡会员", "url": "https://pages.test/r/A"}],
}  # fmt: skip
_PAY = {
    "kind": "pay", "intent": _INTENT, "account": {"name": "小鹏"}, "balance": 100_000, "purses": [], "vouchers": [],
    "choice": {"purse": None, "vouchers": [], "tip": 0}, "tip_offered": 66, "vouchers_value": 0, "total": 1880,
    "available": 100_000, "top_up": 10_000, "notice": None, "left_s": 47,
}  # fmt: skip
_PLAIN = {**_PAYMENT, "lines": _LINES[:1], "cards": [], "total": 1880}
_NASTY = "<script>alert(1)</script> & <b>" + "x" * 49

PAY: dict[str, dict[str, Any]] = {
    "loading": {"kind": "loading"},
    "welcome": {"kind": "welcome", "intent": _INTENT},
    "welcome-no-name": {"kind": "welcome", "intent": _INTENT, "name": "", "problem": "name_missing"},
    "pay": _PAY,
    "pay-choices": _PAY | {
        "purses": [{"id": "P1", "name": "一家三口", "held": 26_600}],
        "vouchers": [{"id": "V1", "value": 500, "until": "2027-02-01T00:00:00Z"}],
        "choice": {"purse": "P1", "vouchers": ["V1"], "tip": 66}, "vouchers_value": 500, "total": 1246,
        "off": {"kind": "discount", "label": "立减", "amount": -200, "name": "开业立减", "funder": "merchant"},
        "available": 26_600, "left_s": 31,
    },
    "pay-voucher-rest": _PAY | {
        "vouchers": [{"id": "V1", "value": 5000, "until": "2027-02-01T00:00:00Z"}],
        "choice": {"purse": None, "vouchers": ["V1"], "tip": 66}, "vouchers_value": 1880, "vouchers_rest": 3120,
        "total": 66,
    },
    "pay-set-aside": _PAY | {"balance": 50_000, "available": 50_000, "set_aside": 50_000, "left_s": 44},
    "pay-unclaimed": {key: value for key, value in _PAY.items() if key != "left_s"},
    "pay-short": _PAY | {"balance": 980, "available": 980, "left_s": 58},
    "pay-offline": _PAY | {"intent": {**_INTENT, "online": False}, "left_s": 12},
    "pay-again": _PAY | {"notice": "not_paid_yet"},
    "pay-huge": _PAY | {
        "intent": {**_INTENT, "amount": 10**12, "merchant": {"id": "M-0002", "name": "一二三四五六七八九十甲乙丙"}},
        "account": {"name": _NASTY}, "total": 10**12, "top_up": 10**12,
    },
    "pay-huge-choices": _PAY | {
        "intent": {**_INTENT, "amount": 10**12}, "purses": [{"id": "P1", "name": "一家三口", "held": 2 * 10**12}],
        "balance": 10**12, "set_aside": 10**12,
        "vouchers": [{"id": "V1", "value": 10**11, "until": "2027-02-01T00:00:00Z"}],
        "choice": {"purse": "P1", "vouchers": ["V1"], "tip": 66}, "vouchers_value": 10**11, "total": 9 * 10**11 + 66,
        "available": 2 * 10**12, "left_s": 31,
    },
    "pay-order": _PAY | {"intent": {**_INTENT, "till_reference": "桌 7"}},
    "pay-test-amount": _PAY | {"intent": {**_INTENT, "amount": 1805, "test_amount": True}, "total": 1805},
    "paying": {**_PAY, "kind": "paying"},
    "paid": {"kind": "paid", "intent": _INTENT, "payment": _PAYMENT},
    "paid-order": {"kind": "paid", "intent": _INTENT, "payment": {**_PLAIN, "till_reference": "桌 7"}},
    "paid-refunded": {"kind": "paid", "intent": _INTENT, "payment": {**_PLAIN, "refunded": 880}},
    "code": {
        "kind": "code", "intent": {**_INTENT, "online": False}, "payment": {**_PLAIN, "confirmation_code": "40718265"},
    },
    "declined": {"kind": "declined", "intent": _INTENT, "code": "insufficient_funds", "reason": 23},
    "declined-by-service": {"kind": "declined", "intent": _INTENT, "code": "declined", "reason": 23},
    "declined-test-amount": {
        "kind": "declined", "intent": {**_INTENT, "amount": 1805, "test_amount": True},
        "code": "declined", "reason": 23,
    },
    "checking": {"kind": "checking", "intent": _INTENT, "waited_s": 12},
    "held": {"kind": "held", "intent": _INTENT, "waited_s": 95},
    "taken": {"kind": "taken", "intent": _INTENT, "left_s": 42},
    "lapsed": {"kind": "lapsed", "intent": _INTENT},
    "released": {"kind": "released", "intent": _INTENT},
    "already-paid": {"kind": "already_paid", "intent": _INTENT},
    "paid-by-other": {"kind": "paid_by_other", "intent": _INTENT},
    "expired": {"kind": "expired", "intent": _INTENT},
    "expired-given-back": {"kind": "expired", "intent": _INTENT, "had_paid": True},
    "cancelled": {"kind": "cancelled", "intent": _INTENT, "had_paid": False},
    "cancelled-given-back": {"kind": "cancelled", "intent": _INTENT, "had_paid": True},
    "not-found": {"kind": "not_found"},
    "nothing": {"kind": "nothing"},
    "unreachable": {"kind": "unreachable"},
    "too-many": {"kind": "too_many"},
    "refused": {"kind": "refused", "intent": _INTENT},
    "failed": {"kind": "failed", "sent": False},
    "failed-after-sending": {"kind": "failed", "sent": True},
}  # fmt: skip
"""States of `GET /t/ID` and `GET /t#P`."""

_RECEIPT = {
    "merchant": _MERCHANT["name"],
    "number": _INTENT["number"],
    "amount": 1680,
    "currency": "CNY",
    "currency_digits": 2,
    "at": "2027-01-15T06:32:41Z",
    "lines": _LINES,
}
RECEIPT: dict[str, dict[str, Any]] = {
    "receipt-loading": {"kind": "loading"},
    "receipt": {"kind": "receipt", "receipt": {**_RECEIPT, "status": "paid"}},
    "receipt-order": {"kind": "receipt", "receipt": {**_RECEIPT, "status": "paid", "till_reference": "桌 7"}},
    "receipt-partly-refunded": {"kind": "receipt", "receipt": {**_RECEIPT, "status": "partly_refunded"}},
    "receipt-refunded": {"kind": "receipt", "receipt": {**_RECEIPT, "status": "refunded"}},
    "receipt-not-found": {"kind": "not_found"},
    "receipt-unreachable": {"kind": "unreachable"},
}
"""States of `GET /r/TOKEN`."""
