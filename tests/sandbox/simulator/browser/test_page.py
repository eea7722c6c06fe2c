# SPDX-License-Identifier: Apache-2.0
"""The counter's page in real Chromium, told by a test what there is: words for all, small screens, bad names."""

from typing import TYPE_CHECKING

import msgspec
import pytest

from pengpos.core.reasons import Reason
from pengpos.core.sale import DueState, SaleState
from sandbox.backend.ledger.ledger import AccountKind, PostingKind
from sandbox.simulator import showing
from sandbox.simulator.actions import Bring, Decide, Switch, Wish
from sandbox.simulator.shop import NAMES
from tests.sandbox.simulator.browser.standing import (
    AWAY,
    INTENT,
    Standing,
    due,
    handset,
    opened,
    posting,
    row,
    standing,
)
from tests.support.browser import DESK, PHONE, browser, profile
from tests.support.counter import until
from workshop.samples.screens import IDLE, online, sale

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize


__all__ = ["browser", "standing"]

EVIL = '<img src=x onerror="document.title=1">&amp;'
FACES = sorted(
    {screen["kind"] for screen in vars(showing).values() if isinstance(screen, dict) and "kind" in screen}
    | set(showing._OUTCOMES.values())
    | {
        "due_paid",
        "due_refused",
        "due_withdrawn",
        "refused",
        "paid_another_way",
        "paid_by_another",
        "held",
        "confirmed",
        "denied",
        "trouble",
        "asked",
    }
)


def words_shown(page: "Page") -> str:
    """Everything on it, to find a key without words."""
    return page.inner_text("body")


KINDS = ("epoch", "head", "document", "value", "issuer-time", "note/x")
RAW = ("guide_", "face_", "j_", "l_", "who_", "name_", "try_", "link_", "hint_", "undefined", "null", "NaN", "[object")


def assert_all_in_words(page: "Page") -> None:
    text = words_shown(page)
    assert [raw for raw in RAW if raw in text] == []


def test_every_word_is_there_in_three_languages(browser: "Browser", standing: tuple[Standing, str]) -> None:
    with profile(browser, expected=AWAY) as person:
        page = opened(person.new_page(), standing[1])
        table = page.evaluate("async () => (await import(location.href + 'sentences.js')).SENTENCES")
    assert {key: said for key, said in table.items() if len(said) != 3 or not all(said)} == {}
    used = {f"{prefix}{value}" for prefix, values in {
        "j_": SaleState, "j_due_": DueState, "l_": PostingKind, "who_": AccountKind, "name_": NAMES,
        "reason_": [reason.value for reason in Reason if reason.value <= Reason.BEGUN_ANOTHER_WAY],
    }.items() for value in values}  # fmt: skip
    assert used - set(table) == set()
    assert {f"j_{key}_text" for key in (*SaleState, *(f"due_{state}" for state in DueState))} - set(table) == set()
    assert {key for key, said in table.items() if set("碼錢機讀") & set(said[0])} == set(), "繁體 among 简体"


def test_every_outcome_has_its_mark_in_the_phones_list(browser: "Browser", standing: tuple[Standing, str]) -> None:
    stands, url = standing
    kinds = {*showing._OUTCOMES.values(), "paid_by_another", "due_paid"}
    lines = [
        {"kind": kind, "merchant": "晨光咖啡", "total": 18_80, "currency": "CNY", "currency_digits": 2}
        for kind in sorted(kinds)
    ]
    with profile(browser, viewport=DESK, expected=AWAY) as person:
        page = opened(person.new_page(), url)
        stands.board.put("phones", [handset("Lin") | {"payments": lines}])
        page.wait_for_function("count => document.querySelectorAll('.past li').length === count", arg=len(lines))
        tones = page.eval_on_selector_all(".past li", "all => all.map(line => line.dataset.tone)")
    assert dict(zip(sorted(kinds), tones, strict=True)) == {
        "authorised": "unknown", "declined": "declined", "due_paid": "approved", "paid": "approved",
        "paid_by_another": "declined", "stored": "stored",
    }  # fmt: skip


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant", "en"])
def test_whatever_happens_there_are_words_for_it(
    browser: "Browser", standing: tuple[Standing, str], language: str
) -> None:
    stands, url = standing
    with profile(browser, viewport=DESK, expected=AWAY) as person:
        page = opened(person.new_page(), url)
        page.click(f"[data-language={language}]")
        stands.board.put("ledger", [posting(kind, number) for number, kind in enumerate(PostingKind, 2)])
        stands.board.put("journal", [
            *(row(number, state=state) for number, state in enumerate(SaleState, 10)),
            *(row(number, kind) for number, kind in enumerate(KINDS, 40)),
        ])  # fmt: skip
        page.wait_for_selector("#ledger li[data-key='2']")
        page.wait_for_selector("#journal li[data-key='45']")
        for state in SaleState:
            stands.board.put("terminal", msgspec.to_builtins(online(sale(state.value))))
            title = page.inner_text("#guide-title")
            assert title
            assert_all_in_words(page)
        for kind in FACES:
            screen = {
                "merchant": "晨光咖啡",
                "amount": 100,
                "total": 100,
                "currency": "CNY",
                "currency_digits": 2,
                "hint": "unlock",
                "reason": 0,
            }
            stands.board.put("phones", [handset("Lin", kind=kind, **screen)])
            page.wait_for_selector(f"#face[data-kind={kind}]")
            assert_all_in_words(page)


def test_a_name_with_tags_is_a_name_with_tags(browser: "Browser", standing: tuple[Standing, str]) -> None:
    stands, url = standing
    terminal = msgspec.to_builtins(IDLE)
    terminal["terminal"]["merchant_name"] = EVIL
    terminal["terminal"]["merchant_id"] = "M-1"
    booked = posting("payment", 2)
    booked["entries"] = [{"account": "merchant", "owner": "M-1", "amount": 1, "currency": "CNY", "currency_digits": 2}]
    with profile(browser, viewport=DESK, expected=AWAY) as person:
        page = opened(person.new_page(), url)
        stands.board.put("terminal", terminal)
        stands.board.put("ledger", [booked])
        stands.board.put("journal", [row(3, number=EVIL, hash=EVIL)])
        said = {"merchant": EVIL, "total": 1, "currency": "CNY", "currency_digits": 2, "hint": "unlock", "detail": EVIL}
        for kind in ("asked", "paid", "trouble"):
            stands.board.put("phones", [handset(kind=kind, **said)])
            page.wait_for_selector(f"#face[data-kind={kind}]")
            assert EVIL in page.inner_text("#face")
        page.wait_for_selector("#ledger li[data-key='2']")
        assert EVIL in page.inner_text("#ledger")
        assert EVIL in page.inner_text("#journal")
        assert page.locator("img").count() == 0
        assert page.title() == "pengpos 碰一碰"


def test_what_is_pressed_is_done(browser: "Browser", standing: tuple[Standing, str]) -> None:
    stands, url = standing
    with profile(browser, viewport=DESK, expected=AWAY) as person:
        page = opened(person.new_page(), url)
        page.click("[data-phone=Mei]")
        page.click("#hold")
        page.click("[data-wish=locked]")
        page.select_option("#tip", "88")
        page.select_option("#moment", "before_receipt")
        page.click("#link [data-to=breaks]")
        page.click("#plug")
        stands.board.put(
            "phones",
            [
                handset(name, kind="asked", merchant="x", total=1, currency="CNY", currency_digits=2, hint="confirm")
                for name in NAMES
            ],
        )
        page.wait_for_selector("#face[data-kind=asked]")
        page.keyboard.press("Tab")
        page.focus("[data-act=no]")
        page.keyboard.press("Enter")
        until(lambda: len(stands.done) == 7, "seven actions")
    assert stands.done == [
        Bring(do="bring", phone="Mei"),
        Wish.model_validate({"do": "wish", "phone": "Mei", "locked": True}),
        Wish.model_validate({"do": "wish", "phone": "Mei", "tip_minor": 88}),
        Wish.model_validate({"do": "wish", "phone": "Mei", "moment": "before_receipt"}),
        Switch(do="switch", what="link", to="breaks"),
        Switch(do="switch", what="reader", to="off"),
        Decide(do="decide", phone="Mei", agrees=False),
    ]


@pytest.mark.parametrize(
    ("language", "pay", "no", "why"),
    [
        ("zh-Hans", "付款", "不付", "余额不足"),
        ("zh-Hant", "付款", "不付", "餘額不足"),
        ("en", "Pay", "Not mine", "your funds were insufficient"),
    ],
)
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["360", "1280"])
@pytest.mark.parametrize("kind", ["idle", "declined"], ids=["above the purse", "on the declined face"])
def test_what_is_asked_after_all_stands_on_the_phone_until_it_is_answered(
    browser: "Browser",
    standing: tuple[Standing, str],
    language: str,
    pay: str,
    no: str,
    why: str,
    viewport: "ViewportSize",
    kind: str,
) -> None:
    stands, url = standing
    screen = (
        {"merchant": "晨光咖啡", "total": 15_00, "currency": "CNY", "currency_digits": 2, "intent": INTENT}
        if kind != "idle"
        else {}
    )
    with profile(browser, viewport=viewport, expected=AWAY) as person:
        page = opened(person.new_page(), url)
        page.click(f"[data-language={language}]")
        stands.board.put("phones", [handset("Lin", kind=kind, **screen) | {"dues": [due()]}])
        page.wait_for_selector("#face [data-act=due-pay]")
        text = page.inner_text("#face")
        assert [wanted for wanted in ("晨光咖啡", "¥15.00", why, pay, no) if wanted not in text] == []
        assert [page.inner_text(f"[data-act={name}]") for name in ("due-pay", "due-no")] == [pay, no]
        assert_all_in_words(page)
        boxes = page.eval_on_selector_all(
            "#face [data-act]", "all => all.map(one => [one.getBoundingClientRect().height, one.scrollWidth"
            " - one.clientWidth])"
        )  # fmt: skip
        assert all(height >= 47.5 and over <= 1 for height, over in boxes)
        page.click("[data-act=due-no]")
        page.click("[data-act=due-pay]")
        until(lambda: len(stands.done) == 2, "two actions")
    assert [action.model_dump(mode="json") for action in stands.done] == [
        {"do": "due", "phone": "Lin", "intent": INTENT, "pays": pays} for pays in (False, True)
    ]


def test_any_other_reason_has_words_and_another_decline_does_not_ask(
    browser: "Browser", standing: tuple[Standing, str]
) -> None:
    stands, url = standing
    with profile(browser, viewport=DESK, locale="en-GB", expected=AWAY) as person:
        page = opened(person.new_page(), url)
        stands.board.put("phones", [handset("Lin") | {"dues": [due("too_old")]}])
        page.wait_for_selector(f"[data-due='{INTENT}']")
        assert "It was declined when the shop came online again." in page.inner_text(".due")
        stands.board.put("phones", [handset("Lin", kind="declined", intent="another") | {"dues": [due()]}])
        page.wait_for_selector("#face[data-kind=declined]")
        assert page.locator("[data-act=due-pay]").count() == 0


def test_when_the_shop_closes_the_page_says_so(browser: "Browser", standing: tuple[Standing, str]) -> None:
    stands, url = standing
    with profile(browser, expected=(*AWAY, "ERR_", "Failed to load")) as person:
        page = opened(person.new_page(), url)
        assert page.is_hidden("#gone")
        stands.board.close()
        page.wait_for_selector("#gone:not([hidden])")
