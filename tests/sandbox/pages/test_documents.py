# SPDX-License-Identifier: Apache-2.0
"""What a document says before any script: one language, its sale, nothing that is not so."""

import re
from html.parser import HTMLParser

import pytest

from pengpos.core.currencies.table import CURRENCIES
from pengpos.core.money import AMOUNT_LIMIT_MINOR
from pengpos.i18n import LANGUAGES, Language
from sandbox.pages.documents import Terms, document
from sandbox.pages.parts import parts
from ui.i18n.format import money

OVER = (None, "held", "already_paid", "declined", "cancelled", "expired", "receipt_paid", "receipt_refunded")


def terms(**changes: object) -> Terms:
    given = {"merchant": "晨光咖啡", "number": "0001-0007", "amount_minor": 18_80, "currency": "CNY", **changes}
    return Terms(**given)  # type: ignore[arg-type]  # a table's row


class Words(HTMLParser):
    """The words of a document, and whether each element that is opened is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in {"meta", "link"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize("name", ["pay", "receipt"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("over", OVER)
def test_a_document_is_whole_in_one_language_and_names_its_parts(
    name: str, language: Language, over: str | None
) -> None:
    for given in (None, terms(over=over)):
        html = document(name, language, given)
        assert Words(html).open == []
        assert set(re.findall(r'lang="([\w-]+)"', html)) == {language}
        assert re.findall(r'"(/pages/[^"]+)"', html) == [
            parts()[part].address for part in ("icon.svg", "look.css", f"{name}.js")
        ]
        assert "{" not in html
        assert html.count("<h1") == html.count("<main") == html.count('class="chip"') == 1


WITHOUT_A_SALE = {
    ("pay", "zh-Hans"): ("碰一碰付款", "商家和金额请看收款机屏幕。"),
    ("pay", "zh-Hant"): ("碰一碰付款", "店家和金額請看收款機螢幕。"),
    ("pay", "en"): ("Pay with pengpos", "The shop and the amount are on the terminal's screen."),
    ("receipt", "zh-Hans"): ("电子小票",),
    ("receipt", "zh-Hant"): ("電子收據",),
    ("receipt", "en"): ("Receipt",),
}


@pytest.mark.parametrize(("of", "said"), WITHOUT_A_SALE.items(), ids=str)
def test_a_document_that_knows_no_sale_says_what_it_is_and_one_that_does_says_the_sale(
    of: tuple[str, Language], said: tuple[str, ...]
) -> None:
    words = Words(document(*of)).words
    assert [one for one in words if one in said] == list(said)
    assert not set(said) & set(Words(document(*of, terms())).words)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_amount_is_written_as_the_screen_writes_it(language: Language) -> None:
    for currency in CURRENCIES:
        for minor in (1, 18_80, AMOUNT_LIMIT_MINOR):
            html = document("pay", language, terms(amount_minor=minor, currency=currency))
            shown = "".join(Words(re.findall('<p class="amount.*</p>', html)[0]).words)
            assert shown == money(minor, currency, language)


@pytest.mark.parametrize("name", ['<b>"x"</b>', "a & b", "{number}", "\\1", "<!-- terms -->\n", '"/pages/pay.js"'])
def test_a_name_is_shown_as_it_is(name: str) -> None:
    html = document("pay", "en", terms(merchant=name, number=name))
    words = "".join(Words(html).words)
    assert f"Pay {name}" in words
    assert f"Sale {name}" in words
    assert html.count("<main") == 1
