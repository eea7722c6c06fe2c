# SPDX-License-Identifier: Apache-2.0
"""Addresses and texts of answers: what may be shown, and that nothing else of the answer is lost with it."""

from typing import Any

import pytest

from pengpos.backend_api.messages import CardMessage, LineMessage
from pengpos.core.events import Approved
from terminal.backend import shown
from tests.terminal.backend.test_gateway import APPROVED, answered, pay, receipt

ORIGINS = ("https://pay.example", "https://shop.example:8443/pay", "http://127.0.0.1:8000")


@pytest.mark.parametrize(
    ("url", "is_ours"),
    [
        ("https://pay.example/t/x", True),
        ("https://PAY.example:443/t/x", True),
        ("https://shop.example:8443/pay/r/1", True),
        ("http://127.0.0.1:8000/t/x", True),
        ("http://pay.example/t/x", False),
        ("https://pay.example.evil/t/x", False),
        ("https://pay.example:444/t/x", False),
        ("https://pay.example@evil/t/x", False),
        ("https://evil/pay.example/t/x", False),
        ("https://pay.example\\@evil/t/x", False),
        ("https://shop.example:8443/payment/r/1", False),
        ("https://shop.example:8443/pay/../t/x", False),
        ("http://127.0.0.1:9000/t/x", False),
        ("javascript:alert(1)", False),
        ("https://", False),
        ("https://pay.example:x/", False),
        ("https://p\u0430y.example/t/x", False),
        ("", False),
    ],
)
def test_an_address_is_ours_under_our_origins_only(url: str, *, is_ours: bool) -> None:
    assert shown.is_ours(url, ORIGINS) is is_ours


@pytest.mark.parametrize(
    ("url", "origin", "is_ours"),
    [
        ("https://xn--fsqu00a.cn/t/x", "https://例子.cn", True),
        ("https://xn--fsqu00a.cn:8443/t/x", "https://例子.cn:8443", True),
        ("https://XN--FSQU00A.cn/t/x", "https://xn--fsqu00a.cn", True),
        ("https://例子.cn/t/x", "https://例子.cn", False),  # a phone's URL is ASCII
        ("https://xn--fsqu00a.cn.evil/t/x", "https://例子.cn", False),
        ("https://pay.example/t/x", "https://p\u0430y.example", False),
        ("https://pay.example/t/x", "https://\u2603\u200b.example", False),
    ],
)
def test_a_name_of_other_letters_is_compared_as_it_is_called(url: str, origin: str, *, is_ours: bool) -> None:
    assert shown.is_ours(url, [origin]) is is_ours


BAD_TEXT = ["a\u202eb", "a\nb", "e\u0301", "x" * 513]


@pytest.mark.parametrize("bad", BAD_TEXT, ids=["bidirectional", "control", "not NFC", "too long"])
def test_text_that_would_not_be_ours_is_left_out(bad: str) -> None:
    assert shown.name_of(bad) is None
    assert shown.lines_of([LineMessage(kind="amount", label="ok"), LineMessage(kind="tip", label=bad)]) == ()
    good = CardMessage(kind="receipt", title="ok", url="https://pay.example/r/1")
    assert [card.title for card in shown.cards_of([CardMessage(kind="x", title=bad), good], ORIGINS)] == ["ok"]
    assert shown.cards_of([CardMessage(kind="x", title="ok", text=bad)], ORIGINS) == ()


@pytest.mark.parametrize(("told", "code"), [("declined", "declined"), ("A", None), ("a" * 41, None), (None, None)])
def test_a_code_is_a_word_for_programs(told: str | None, code: str | None) -> None:
    assert shown.code_of(told) == code


EVIL: dict[str, dict[str, Any]] = {
    "a card": {"cards": [{"kind": "x", "title": "!", "url": "https://evil/"}]},
    "a card in the clear": {"cards": [{"kind": "x", "title": "!", "url": "http://pay.example/"}]},
    "the receipt's": {"receipt": receipt(url="https://evil/r/1"), "cards": []},
}


@pytest.mark.parametrize("evil", EVIL.values(), ids=EVIL)
def test_an_address_elsewhere_is_not_shown_and_the_sale_is_approved(evil: dict[str, Any]) -> None:
    event = answered(APPROVED | evil, pay)
    assert isinstance(event, Approved)
    assert event.booking.cards == ()
    assert "evil" not in str(event.booking.receipt_url)
    assert event.booking.total_minor == 18_80
