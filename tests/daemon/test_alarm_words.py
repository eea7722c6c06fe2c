# SPDX-License-Identifier: Apache-2.0
"""Every alarm has words in every language, with what it is about in each of them."""

from dataclasses import replace

import pytest

from offline_queue.mirror import MirrorHealth, MirrorState
from offline_queue.samples import SaleMaker
from offline_queue.values import IntentNumber
from terminal.client import Sentences
from terminal.core.effects import AlarmKind
from terminal.core.reasons import Reason
from terminal.core.sale import Refusal
from terminal.daemon import alarm_words
from terminal.daemon.alarm_words import AlarmWords

SALE = SaleMaker().signed(IntentNumber(1, 7))


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
        (alarm_words.storage_full(OSError("no space left")), "no space left"),
        *(
            (alarm_words.second_copy(MirrorHealth(state, "pulled out", "-", 3)), "pulled out")
            for state in MirrorState
            if state is not MirrorState.WELL
        ),
    ],
)
def test_an_alarm_says_what_it_is_about(words: AlarmWords, about: str) -> None:
    assert all(about in said for said in each(words.text))
    assert all(each(words.cure))


@pytest.mark.parametrize(
    ("borne_by", "says"),
    [
        ("merchant", ("由您承担", "由您承擔", "you bear it")),
        ("platform", ("12.34", "12.34", "12.34")),
        (None, ("", "", "")),
    ],
)
def test_who_bears_a_decline_at_sync(borne_by: str | None, says: tuple[str, str, str]) -> None:
    refusal = Refusal(reason=Reason.NOT_ENOUGH_MONEY, borne_by=borne_by, guaranteed_minor=12_34)
    words = alarm_words.about_sale(AlarmKind.DECLINED_AT_SYNC, replace(SALE, refusal=refusal))
    assert [part in said for part, said in zip(says, each(words.text), strict=True)] == [True] * 3
