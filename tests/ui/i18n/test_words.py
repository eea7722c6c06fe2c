# SPDX-License-Identifier: Apache-2.0
"""The messages of the screen, and every sentence the daemon may send: complete, drawable, inside its box."""

import re
import string
from dataclasses import replace

import msgspec
import pytest

from pengpos.client import AlarmView, ReasonView
from pengpos.core.effects import AlarmKind
from pengpos.core.reasons import Reason
from pengpos.core.sale import Due, DueState, SaleState
from pengpos.i18n import LANGUAGES, Message
from terminal.api.reason_words import CODE_WORDS, WORDS, ReasonWords
from terminal.device.alarm_words import AlarmWords, about_sale
from terminal.device.words import sentences
from tests.ui.scenes import ink, scene_of, texts, typesetter
from ui.drawing.scene import Script
from ui.i18n import words
from ui.state.local import Page
from ui.theme import Weight
from workshop.gallery.screens import SIZES
from workshop.samples import sales as samples
from workshop.samples.screens import IDLE, ONLINE_URL, Sample, ago, local, online, sale

TABLE = {name: value for name, value in vars(words).items() if isinstance(value, Message)}
SENTENCES = {name: tuple(message.in_language(one) for one in LANGUAGES) for name, message in TABLE.items()}
EVERY_MESSAGE = pytest.mark.parametrize("name", TABLE)
PROMISES = re.compile("成功|已付|已收款|到账|到賬|approved|paid", re.IGNORECASE)
MAY_PROMISE = {
    "APPROVED", "STORED", "CONFIRMING_MEANS", "QUEUE_MEANS", "UNKNOWN_WHAT", "CANCELLING_MEANS", "ALARM_REFUND",
    "ALARM_PAID_AFTER_CANCEL", "DUE_PAID", "DUE_PAID_SHORT", "DUE_PAID_WHAT",
}  # fmt: skip
"""Approved says so, and a due that was paid since; the others say that it is not, or not known."""


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@EVERY_MESSAGE
def test_a_message_has_three_languages_with_the_same_values(name: str) -> None:
    sentences = SENTENCES[name]
    assert all(text == text.strip() and text for text in sentences)
    assert len({frozenset(fields(text)) for text in sentences}) == 1


@EVERY_MESSAGE
def test_chinese_uses_its_own_punctuation(name: str) -> None:
    for text in SENTENCES[name][:2]:
        assert not re.search(r"[一-鿿] ?[,.;:!?]", text), text


@EVERY_MESSAGE
def test_nothing_but_approved_sounds_paid(name: str) -> None:
    assert name in MAY_PROMISE or not any(PROMISES.search(text) for text in SENTENCES[name])


@EVERY_MESSAGE
def test_no_tofu_in_any_weight(name: str) -> None:
    has = typesetter().faces.has_glyph
    scripts = (Script.HANS, Script.HANT, Script.HANS)
    missing = [
        (character, weight)
        for text, script in zip(SENTENCES[name], scripts, strict=True)
        for character in text
        for weight in (Weight.REGULAR, Weight.BOLD)
        if not has(character, weight, script)
    ]
    assert missing == []


@EVERY_MESSAGE
def test_a_message_is_used(name: str) -> None:
    from pathlib import Path

    room = Path(words.__file__).parents[1]
    used = any(re.search(rf"\bwords\.{name}\b", path.read_text()) for path in room.rglob("*.py"))
    assert used


REASONS = [(reason, WORDS[reason]) for reason in Reason] + [
    (Reason.OFFLINE_NOT_POSSIBLE, said) for said in CODE_WORDS.values()
]


def reason_view(reason: Reason, said: ReasonWords) -> ReasonView:
    return ReasonView(
        code=reason.value,
        shopper=said.shopper.in_language("zh-Hans"),
        cashier=said.cashier.in_language("zh-Hans"),
        shopper_in=sentences(said.shopper),
        cashier_in=sentences(said.cashier),
    )


@pytest.mark.parametrize(
    ("reason", "said_of_it"), REASONS, ids=[*(reason.name.lower() for reason in Reason), *CODE_WORDS]
)
@pytest.mark.parametrize("state", ["declined", "presented", "presented-prompt"])
def test_every_reason_fits_on_every_panel(reason: Reason, said_of_it: ReasonWords, state: str) -> None:
    view = reason_view(reason, said_of_it)
    refused = sale("declined", "again", reason=view)
    if state != "declined":
        prompt = "remove_phone" if state == "presented-prompt" else None
        refused = sale("presented", "cancel", "again", reason=view, url=ONLINE_URL, prompt=prompt)
    wrong = []
    for size in SIZES:
        for language in LANGUAGES:
            one = scene_of(Sample(online(refused), replace(local(), size=size, language=language)))
            said = "".join(one.words).replace(" ", "")
            if view.shopper_in is None or view.shopper_in.in_language(language).replace(" ", "") not in said:
                wrong.append(f"{size} {language}: not said in full")
            boxes = [(node.text, ink(node)) for node in texts(one)]
            wrong += [
                f"{size} {language}: {first!r} on {second!r}"
                for index, (first, box) in enumerate(boxes)
                for second, other in boxes[index + 1 :]
                if box.meets(other)
            ]
            wrong += [f"{size} {language}: {node.text!r}" for node in texts(one) if node.cut]
    assert wrong == []


ASKED = [None, *(Due(state=state, amount_minor=18_80) for state in DueState)]
ALARMS = {
    f"{kind}, {borne_by}, {due.state if due else 'not asked'}": about_sale(
        kind,
        samples.sale_in(
            SaleState.DECLINED_AT_SYNC, refusal=samples.refusal(due, borne_by=borne_by, guaranteed_minor=1_234_56)
        ),
    )
    for kind in AlarmKind
    for borne_by in (None, "merchant", "platform")
    for due in ASKED
    if kind is AlarmKind.DECLINED_AT_SYNC or (borne_by, due) == (None, None)
}


@pytest.mark.parametrize("said", ALARMS.values(), ids=ALARMS)
def test_every_alarm_about_a_sale_is_said_in_full_on_every_panel(said: AlarmWords) -> None:
    alarm = AlarmView(id="a", kind="x", at=ago(60), text="-", text_in=said.text, cure_in=said.cure, calm=said.calm)
    status = msgspec.structs.replace(IDLE, alarms=[alarm])
    wrong = []
    for size in SIZES:
        for language in LANGUAGES:
            one = scene_of(Sample(status, replace(local(), page=Page.ALARMS, size=size, language=language)))
            seen = "".join(one.words).replace(" ", "")
            wrong += [
                f"{size} {language}: {sentence.in_language(language)!r}"
                for sentence in (said.text, said.cure)
                if sentence.in_language(language).replace(" ", "") not in seen
            ]
    assert wrong == []
