# SPDX-License-Identifier: Apache-2.0
"""A sale as the local API shows it, in every state and language. Source: local API, "A sale"."""

import pytest

from pengpos.client import DueView
from pengpos.core.reasons import Reason
from pengpos.core.risk import Cap
from pengpos.core.sale import DueState, Refusal, SaleState
from pengpos.core.times import rfc3339
from pengpos.i18n import LANGUAGES
from terminal.api.reason_words import BACKEND_CODES, CODE_WORDS, WORDS, ReasonWords
from terminal.api.views import reason_view, refund_view, sale_view
from workshop.samples import sales as samples

NOON = samples.NOON


@pytest.mark.parametrize("state", SaleState)
def test_every_sale_can_be_shown(state: SaleState) -> None:
    view = sale_view(samples.sale_in(state), "en")
    assert view.state == state.value
    assert (view.amount, view.currency) == (18_80, "CNY")


@pytest.mark.parametrize(("at", "said"), [(NOON + 60, rfc3339(NOON + 60)), (0, None)])
def test_a_refund_says_when_it_was_asked_for(at: int, said: str | None) -> None:
    assert refund_view(samples.sale_in(SaleState.APPROVED), samples.refund(at=at)).at == said


@pytest.mark.parametrize("state", DueState)
def test_what_the_shopper_is_asked_for_stands_in_the_reason(state: DueState) -> None:
    view = reason_view(samples.refusal(samples.due(state, 18_23), borne_by="merchant"), "en")
    assert view.due == DueView(state=state.value, amount=18_23)
    assert (view.borne_by, view.detail) == ("merchant", "insufficient_funds")
    assert reason_view(samples.refusal(), "en").due is None


@pytest.mark.parametrize(
    ("state", "cashier"),
    [
        (None, "another way to pay"),
        (DueState.OPEN, "Do not charge again"),
        (DueState.REFUSED, "store's policy"),
        (DueState.PAID, "Do not charge again"),
        (DueState.WITHDRAWN, "Do not charge again"),
    ],
)
def test_who_was_asked_to_pay_after_all_is_not_to_be_charged_again(state: DueState | None, cashier: str) -> None:
    """The reason alone would say: ask for another way to pay."""
    view = reason_view(samples.refusal(None if state is None else samples.due(state)), "en")
    assert cashier in view.cashier
    assert ("Nothing was charged" in view.shopper) is (state is None)


@pytest.mark.parametrize(
    ("at", "text"),
    [(0, "1970-01-01T00:00:00Z"), (NOON, "2027-01-15T08:00:00Z"), ((1 << 64) - 1, "9999-12-31T23:59:59Z")],
)
def test_times(at: int, text: str) -> None:
    assert rfc3339(at) == text


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [*WORDS.values(), *CODE_WORDS.values()], ids=[*WORDS, *CODE_WORDS])
def test_every_reason_has_its_sentences(said: ReasonWords) -> None:
    for message in said:
        texts = [message.in_language(language) for language in LANGUAGES]
        assert all(texts)
        assert len(set(texts)) == 3
        assert all(text.endswith(("。", ".")) for text in texts)
        assert not any(character.isdigit() for text in texts for character in text)  # the shopper's words, no numbers


def test_no_two_reasons_are_said_alike() -> None:
    for side in (0, 1):
        assert len({WORDS[reason][side].in_language("en") for reason in Reason}) == len(Reason)


def test_every_number_is_said() -> None:
    assert set(WORDS) == set(Reason)


def test_a_tap_too_slow_to_be_taken_offline_is_said_as_that() -> None:
    view = reason_view(Refusal(reason=Reason.OFFLINE_NOT_POSSIBLE, code=Cap.TAP_TOO_SLOW), "en")
    assert (view.code, view.detail) == (20, "tap_too_slow")
    assert "too slowly" in view.shopper
    assert "tap again" in view.cashier


def test_whoever_was_not_charged_is_told_so() -> None:
    """All but the two that may still charge."""
    silent = {reason for reason in Reason if "扣款" not in WORDS[reason].shopper.in_language("zh-Hans")}
    assert silent == {Reason.BEGUN_ANOTHER_WAY, Reason.HELD}


@pytest.mark.parametrize("code", [*BACKEND_CODES, "call_issuer", None, ""])
def test_a_plainer_sentence_keeps_the_number(code: str | None) -> None:
    view = reason_view(Refusal(reason=Reason.DECLINED_BY_BACKEND, code=code), "en")
    plainer = BACKEND_CODES.get(code or "", Reason.DECLINED_BY_BACKEND)
    assert (view.code, view.detail, view.shopper) == (23, code, WORDS[plainer].shopper.in_language("en"))
