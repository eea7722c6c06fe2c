# SPDX-License-Identifier: Apache-2.0
"""The largest amount that the contract takes stands on each screen whole, in the currency that takes the most room."""

import itertools
import re
from dataclasses import replace
from typing import Any, Final

import msgspec
import pytest

from pengpos.core.currencies.currency import digits
from pengpos.core.currencies.table import CURRENCIES
from pengpos.core.money import AMOUNT_LIMIT_MINOR
from pengpos.i18n import LANGUAGES
from tests.ui.scenes import scene_of, texts, typesetter
from ui.drawing.scene import Script
from ui.i18n.format import money, plain
from ui.state.entry import Entry
from ui.state.office import Office
from ui.theme import Weight
from workshop.gallery.screens import SIZES, variant
from workshop.samples.screens import SAMPLES, Sample

AMOUNTS: Final = re.compile(r"(amount|total|tip|guaranteed|per_payment|here|there)(_left)?$")


def widest(weight: Weight) -> str:
    """The currency in which the most is longest."""
    return max(
        CURRENCIES, key=lambda code: typesetter().width(money(AMOUNT_LIMIT_MINOR, code, "en"), 40, weight, Script.HANS)
    )


def at_most(said: Any, currency: str) -> Any:
    """The same with the most in each amount, in this currency."""
    if isinstance(said, list):
        return [at_most(one, currency) for one in said]
    if not isinstance(said, msgspec.Struct):
        return said
    changed: dict[str, Any] = {}
    for field in msgspec.structs.fields(said):
        value = getattr(said, field.name)
        if field.name == "currency":
            changed |= {"currency": currency, "currency_digits": digits(currency)}
        elif AMOUNTS.search(field.name) and isinstance(value, int):
            changed[field.name] = -AMOUNT_LIMIT_MINOR if value < 0 else AMOUNT_LIMIT_MINOR
        elif isinstance(value, list | msgspec.Struct):
            changed[field.name] = at_most(value, currency)
    return msgspec.structs.replace(said, **changed)


def largest(sample: Sample, currency: str) -> Sample:
    """A sample with the most in everything that is an amount, typed and on the quick items too."""
    typed = str(AMOUNT_LIMIT_MINOR // 10 ** digits(currency)) if sample.local.entry.typed else ""
    entry = Entry(currency=currency, typed=typed, spoiled=sample.local.entry.spoiled)
    items = tuple(item._replace(price_minor=AMOUNT_LIMIT_MINOR) for item in sample.local.items)
    office = largest_office(sample.local.office, currency) if sample.local.office is not None else None
    return Sample(at_most(sample.status, currency), replace(sample.local, entry=entry, items=items, office=office))


def largest_office(office: Office, currency: str) -> Office:
    """What the pages behind the menu know, with the most in everything that is an amount."""
    listing, draft = office.listing, office.draft
    if listing is not None:
        listing = replace(listing, sales=tuple(at_most(list(listing.sales or ()), currency)))
    if draft is not None:
        typed = str(AMOUNT_LIMIT_MINOR // 10 ** digits(currency)) if draft.entry.typed else ""
        draft = replace(draft, entry=Entry(currency=currency, typed=typed, spoiled=draft.entry.spoiled))
    return replace(
        office,
        listing=listing,
        draft=draft,
        record=at_most(office.record, currency),
        report=at_most(office.report, currency),
    )


@pytest.mark.parametrize("currency", ["CNY", "VND", "CLF"])
def test_the_largest_amount_is_what_the_keypads_screen_shows(currency: str) -> None:
    sample = largest(SAMPLES["amount-typing"], currency)
    assert sample.local.entry.minor == AMOUNT_LIMIT_MINOR
    for size, language in itertools.product(SIZES, LANGUAGES):
        shown = "".join(node.text for node in texts(scene_of(variant(sample, size, "light", language))))
        assert plain(AMOUNT_LIMIT_MINOR, currency, language) in shown
