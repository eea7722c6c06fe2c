# SPDX-License-Identifier: Apache-2.0
"""What waits to be sent: none of it reads as taken, and it can be sent by hand when there is any."""

import msgspec
import pytest

from pengpos.client import Language, QueueView, Status
from pengpos.i18n import LANGUAGES, Message
from tests.ui.scenes import EVERY_PANEL, Offered, Size, below_bar, drawings, offered, scene_of, wrong_targets
from ui.actions import Action, Do
from ui.drawing.scene import Scene, Shape
from ui.i18n import words
from ui.state.calls import AlarmSeen, Call, Sync
from ui.state.local import Page, Trouble
from ui.theme import Token
from workshop.samples.screens import CAPS, IDLE, OFFLINE, Sample, ago, local

FULL = msgspec.structs.replace(OFFLINE.queue, unknown=2)


def queued(queue: QueueView) -> Status:
    return msgspec.structs.replace(OFFLINE, queue=queue)


def shown(queue: QueueView = OFFLINE.queue, **fields: object) -> Scene:
    return scene_of(Sample(queued(queue), local(page=Page.QUEUE, **fields)))


@pytest.mark.parametrize(
    ("queue", "calling", "next_action"),
    [
        (OFFLINE.queue, None, Do.SYNC),
        (OFFLINE.queue, Sync(), None),
        (OFFLINE.queue, AlarmSeen("1"), Do.SYNC),
        (QueueView(), None, None),
        (FULL, None, Do.SYNC),
    ],
    ids=["some wait", "being sent", "another call", "none", "some are being checked"],
)
@EVERY_PANEL
def test_what_may_be_done(size: Size, queue: QueueView, calling: Call | None, next_action: Action | None) -> None:
    one = shown(queue, calling=calling, size=size)
    assert offered(one) == Offered(next_action, Do.BACK, set())
    assert wrong_targets(one.targets, size) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("queue", "title", "means"),
    [
        (OFFLINE.queue, words.QUEUE, words.QUEUE_MEANS),
        (QueueView(), words.QUEUE_EMPTY, words.QUEUE_EMPTY_MEANS),
    ],
    ids=["some wait", "none"],
)
def test_how_many_and_what_that_means(queue: QueueView, title: Message, means: Message, language: Language) -> None:
    said = "".join(shown(queue, language=language).words).replace(" ", "")
    assert title.in_language(language, n=queue.count).replace(" ", "") in said
    assert means.in_language(language).replace(" ", "") in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_button_says_that_it_sends(language: Language) -> None:
    assert words.SYNC.in_language(language) in shown(language=language).words
    assert words.SYNCING.in_language(language) in shown(language=language, calling=Sync()).words


ROWS = {
    "nothing known": (QueueView(), []),
    "some wait": (
        QueueView(count=3, total=5640, oldest=ago(1810), deadline=ago(-28800)),
        [("最早一笔", "30分钟"), ("上传期限", "今天22:32前")],
    ),
    "rules": (
        QueueView(caps=CAPS),
        [
            ("离线可收", "¥1,943.60"),
            ("剩余笔数", "47笔"),
            ("单笔上限", "¥500.00"),
            ("规则有效至", "11月27日 14:32"),
        ],
    ),
    "checked": (QueueView(count=1, total=1880, unknown=2), [("待核实", "2笔")]),
    "approved by code": (QueueView(by_code=2, by_code_total=3760), [("凭确认码收下，待核实", "¥37.60")]),
    "six of seven": (
        msgspec.structs.replace(FULL, by_code=2, by_code_total=3760),
        [
            ("最早一笔", "30分钟"),
            ("上传期限", "今天22:32前"),
            ("待核实", "2笔"),
            ("凭确认码收下，待核实", "¥37.60"),
            ("离线可收", "¥1,943.60"),
            ("剩余笔数", "47笔"),
        ],
    ),
    "all six, without the rules' end": (
        FULL,
        [
            ("最早一笔", "30分钟"),
            ("上传期限", "今天22:32前"),
            ("待核实", "2笔"),
            ("离线可收", "¥1,943.60"),
            ("剩余笔数", "47笔"),
            ("单笔上限", "¥500.00"),
        ],
    ),
}


@pytest.mark.parametrize(("queue", "rows"), ROWS.values(), ids=ROWS)
def test_the_conditions_in_a_card(queue: QueueView, rows: list[tuple[str, str]]) -> None:
    said = list(shown(queue).words)
    labels = [words.QUEUE_OLDEST, words.QUEUE_DEADLINE, words.QUEUE_UNKNOWN, words.QUEUE_BY_CODE,
              words.CAPS_AMOUNT, words.CAPS_COUNT, words.CAPS_EACH, words.CAPS_UNTIL]  # fmt: skip
    known = {label.in_language("zh-Hans") for label in labels}
    assert [(line, said[at + 1]) for at, line in enumerate(said) if line in known] == rows


@EVERY_PANEL
@pytest.mark.parametrize("language", LANGUAGES)
def test_without_rules_it_says_that_nothing_is_taken_offline(size: Size, language: Language) -> None:
    said = "".join(shown(QueueView(count=1), size=size, language=language).words).replace(" ", "")
    assert words.CAPS_NONE.in_language(language).replace(" ", "") in said


@EVERY_PANEL
def test_nothing_that_waits_looks_taken(size: Size) -> None:
    one = scene_of(Sample(queued(FULL), local(page=Page.QUEUE, size=size)))
    assert not [node for node in below_bar(one) if node.colour is Token.APPROVED]


def test_a_refusal_is_said() -> None:
    one = shown(trouble=Trouble("away", ""))
    assert words.TROUBLE_AWAY.in_language("zh-Hans") in one.words
    assert any(node.shape is Shape.ALARM for node in drawings(one))


def test_online_too_what_waits_can_be_sent_at_once() -> None:
    status = msgspec.structs.replace(IDLE, queue=OFFLINE.queue)
    assert offered(scene_of(Sample(status, local(page=Page.QUEUE)))).next_action is Do.SYNC
