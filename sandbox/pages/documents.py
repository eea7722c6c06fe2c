# SPDX-License-Identifier: Apache-2.0
"""Writes the documents: what can be read before any script runs, and where none ever does.

A document says who asks for how much under which number, in the reader's language. Of a sale that is over it says how
that ended, and nothing about paying; of any other that no payment was sent. The script takes its place.

Tests: tests/sandbox/pages/test_documents.py
"""

import re
from dataclasses import dataclass
from functools import cache
from html import escape

from pengpos.i18n import Language
from sandbox.pages import STATIC
from sandbox.pages.languages import say
from sandbox.pages.parts import with_addresses
from ui.i18n.format import AmountParts, amount_parts

_TERMS, _UNKNOWN, _END = "<!-- terms -->\n", "<!-- or no terms -->\n", "<!-- end of terms -->\n"
_SENTENCE = re.compile(r'^<(?:p|h1) lang="([\w-]+)">.*\n', re.MULTILINE)
_SIZES = {7: "amount", 11: "amount long", 18: "amount longest"}
"""The class of an amount by how many signs wide it is at most; static/look.css has the sizes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Who asks for how much. `over`: the key of the sentence that says how it ended; None: it has not."""

    merchant: str
    number: str
    till_reference: str | None = None
    amount_minor: int
    currency: str
    over: str | None = None


def document(name: str, language: Language, terms: Terms | None = None) -> str:
    """The document `name` in a language, with what its address is about."""
    over = terms is not None and terms.over is not None
    html = _template(name).replace('lang="zh-Hans"', f'lang="{language}"', 1)
    html = _SENTENCE.sub(lambda found: found[0] if found[1] == language and not over else "", html)
    before, _, rest = html.partition(_TERMS)
    unknown, _, rest = rest.partition(_UNKNOWN)
    middle, _, after = rest.partition(_END)
    card = f'<main class="card" data-tone="neutral">{unknown}' if terms is None else _written(terms, language)
    return f"{before}{_bar(language)}{card}{middle}</main>\n{after}"


@cache
def _template(name: str) -> str:
    return with_addresses((STATIC / f"{name}.html").read_text(encoding="utf-8"))


def _bar(language: Language) -> str:
    brand, play_money = say(language, "brand"), say(language, "play_money")
    return f'<header class="bar"><span class="brand">{brand}</span><span class="chip">{play_money}</span></header>\n'


def _written(terms: Terms, language: Language) -> str:
    merchant = f"<bdi>{escape(terms.merchant)}</bdi>"
    if terms.over is None:
        tone, heading = "brand", f"<h1>{say(language, 'to_pay', merchant=merchant)}</h1>"
    else:
        tone, heading = "neutral", f'<h1>{say(language, terms.over)}</h1>\n<p class="strong">{merchant}</p>'
    called = [say(language, "sale_number_is", number=escape(terms.number))]
    if terms.till_reference:
        called.append(say(language, "order_is", reference=f"<bdi>{escape(terms.till_reference)}</bdi>"))
    amount = amount_parts(terms.amount_minor, terms.currency, language)
    return f"""<main class="card" data-tone="{tone}" id="terms"><section class="verdict">
{heading}
<p class="{_size(amount)}"><span class="symbol">{escape(amount.symbol)}</span>\
<span class="whole">{amount.whole}</span><span class="fraction">{amount.fraction}</span></p>
<p class="faint">{" · ".join(called)}</p>
</section>
"""


def _size(amount: AmountParts) -> str:
    signs = len(amount.whole) + 0.6 * (len(amount.symbol) + len(amount.fraction))
    return next((size for most, size in _SIZES.items() if signs <= most), _SIZES[18])
