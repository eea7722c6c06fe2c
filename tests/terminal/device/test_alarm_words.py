# SPDX-License-Identifier: Apache-2.0
"""Every alarm has words in every language, with what it is about in each of them."""

from dataclasses import replace

import pytest

from offline_queue.export.mirror import MirrorHealth, MirrorState
from offline_queue.values import IntentNumber, MissingRows, WaitingPayment
from pengpos.client import Sentences
from pengpos.core.effects import AlarmKind
from pengpos.core.errors import (
    JournalCorruptError,
    JournalFullError,
    JournalMediumError,
    JournalUnavailableError,
)
from pengpos.core.money import AMOUNT_LIMIT_MINOR
from pengpos.core.reasons import Reason
from pengpos.core.sale import Due, DueState, Refusal, SaleState
from terminal.device import alarm_words
from terminal.device.alarm_words import AlarmWords
from workshop.samples.journal import SaleMaker

SALE = SaleMaker().signed(IntentNumber(1, 7))


def test_payments_that_are_gone_add_up_to_more_than_one_amount_can_be() -> None:
    gone = WaitingPayment(bytes(16), "CNY", AMOUNT_LIMIT_MINOR)
    words = alarm_words.rows_missing(MissingRows(had=9, have=1, epoch=1, payments=[gone, gone]))
    assert "20000000000.00 CNY" in words.text.en


def each(said: Sentences) -> tuple[str, str, str]:
    return said.zh_hans, said.zh_hant, said.en


@pytest.mark.parametrize("kind", AlarmKind)
def test_an_alarm_about_a_sale_names_it(kind: AlarmKind) -> None:
    words = alarm_words.about_sale(kind, SALE)
    assert all(SALE.number in said for said in each(words.text))
    assert all(each(words.cure))


@pytest.mark.parametrize(
    ("words", "about"),
    [
        (alarm_words.credential_ends(6), "6"),
        (alarm_words.clock_ahead(420), "420"),
        (alarm_words.storage_full(JournalFullError("no space left")), "no space left"),
        (alarm_words.storage_failing(JournalMediumError("disk I/O error", "Replace it")), "disk I/O error"),
        (alarm_words.journal_unavailable(JournalUnavailableError("locked")), "locked"),
        (alarm_words.journal_damaged(JournalCorruptError(7, "changed")), "row 7"),
        (alarm_words.software_fault("no such table"), "no such table"),
        *(
            (alarm_words.second_copy(MirrorHealth(state, "pulled out", 3)), "pulled out")
            for state in MirrorState
            if state is not MirrorState.WELL
        ),
    ],
)
def test_an_alarm_says_what_it_is_about(words: AlarmWords, about: str) -> None:
    assert all(about in said for said in each(words.text))
    assert all(each(words.cure))


@pytest.mark.parametrize("words", [alarm_words.tag_rewritten(), alarm_words.tag_unprotected()])
def test_an_alarm_without_values_has_a_sentence_of_its_own_in_each_language(words: AlarmWords) -> None:
    for said in (each(words.text), each(words.cure)):
        assert len(set(said)) == 3
        assert all(said)
        assert not any("alarm." in sentence for sentence in said)


@pytest.mark.parametrize(
    ("borne_by", "says"),
    [
        ("merchant", ("由商家承担", "由店家承擔", "you bear the loss")),
        ("platform", ("12.34", "12.34", "12.34")),
        (None, ("", "", "")),
    ],
)
def test_who_bears_a_decline_at_sync(borne_by: str | None, says: tuple[str, str, str]) -> None:
    refusal = Refusal(reason=Reason.NOT_ENOUGH_MONEY, borne_by=borne_by, guaranteed_minor=12_34)
    words = alarm_words.about_sale(AlarmKind.DECLINED_AT_SYNC, replace(SALE, refusal=refusal))
    assert [part in said for part, said in zip(says, each(words.text), strict=True)] == [True] * 3


def test_what_the_platform_guarantees_no_more_is_not_said_to_be_owed() -> None:
    refusal = Refusal(reason=Reason.NOT_ENOUGH_MONEY, borne_by="platform", guaranteed_minor=0)
    words = alarm_words.about_sale(AlarmKind.DECLINED_AT_SYNC, replace(SALE, refusal=refusal))
    assert "0.00" not in "".join(each(words.text))
    assert "you bear the loss" in words.text.en


@pytest.mark.parametrize("borne_by", ["merchant", "platform", None])
@pytest.mark.parametrize(
    ("state", "calm", "says", "does"),
    [
        (
            DueState.OPEN,
            False,
            ("已请顾客补付", "已請顧客補付", "the shopper has been asked to pay"),
            ("请勿重复收款", "請勿重複收款", "Do not charge again"),
        ),
        (
            DueState.REFUSED,
            False,
            ("顾客不同意补付", "顧客不同意補付", "the shopper refused to pay"),
            ("联系顾客", "聯絡顧客", "Contact the shopper"),
        ),
        (
            DueState.PAID,
            True,
            ("顾客已补付18.23 CNY", "顧客已補付18.23 CNY", "the shopper has since paid 18.23 CNY"),
            ("无需处理", "無需處理", "Nothing to do"),
        ),
        (
            DueState.WITHDRAWN,
            True,
            ("顾客无需再付", "顧客無需再付", "nothing more is owed"),
            ("无需处理", "無需處理", "Nothing to do"),
        ),
    ],
    ids=list(DueState),
)
def test_what_came_of_asking_the_shopper(
    state: DueState, says: tuple[str, ...], does: tuple[str, ...], borne_by: str | None, *, calm: bool
) -> None:
    """Who bears it is not said of what nobody bears any more."""
    refusal = Refusal(reason=Reason.NOT_ENOUGH_MONEY, borne_by=borne_by, due=Due(state=state, amount_minor=18_23))
    words = alarm_words.about_sale(AlarmKind.DECLINED_AT_SYNC, replace(SALE, refusal=refusal))
    assert [part in said for part, said in zip(says, each(words.text), strict=True)] == [True] * 3
    assert [part in said for part, said in zip(does, each(words.cure), strict=True)] == [True] * 3
    assert [SALE.number in said for said in each(words.text)] == [True] * 3
    bears = any(part in said for said in each(words.text) for part in ("承担", "承擔", "you bear", "covers it"))
    assert bears == (borne_by is not None and not calm)
    assert words.calm is calm


def test_another_alarm_of_the_same_sale_says_nothing_of_its_due() -> None:
    refusal = Refusal(reason=Reason.NOT_ENOUGH_MONEY, due=Due(state=DueState.PAID, amount_minor=18_23))
    asked = replace(SALE, refusal=refusal)
    for kind in set(AlarmKind) - {AlarmKind.DECLINED_AT_SYNC}:
        plain = replace(SALE, refusal=replace(refusal, due=None))
        assert alarm_words.about_sale(kind, asked) == alarm_words.about_sale(kind, plain)


def test_found_paid_after_it_was_given_up_it_counts_and_says_so() -> None:
    over, stands = (replace(SALE, state=state) for state in (SaleState.CANCELLED, SaleState.APPROVED))
    said = [alarm_words.about_sale(AlarmKind.PAID_AFTER_CANCEL, sale) for sale in (over, stands)]
    assert said[0] != said[1]
    assert "stands" in said[1].cure.en


OF_THE_BACKEND = {"new_epoch", "head_went_back", "new_key", "early_renewal", "second_stream", "key_flooded"}


@pytest.mark.parametrize("kind", [*sorted(OF_THE_BACKEND), "of_tomorrow", "<b>"])
def test_an_alarm_of_the_backends_has_words_and_shows_no_word_of_its_own(kind: str) -> None:
    shown, words = alarm_words.of_the_backend(kind)
    assert shown == (kind if kind in OF_THE_BACKEND else "backend_alarm")
    assert all([*each(words.text), *each(words.cure)])
    assert not any(kind in said for said in [*each(words.text), *each(words.cure)])
