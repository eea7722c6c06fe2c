# SPDX-License-Identifier: Apache-2.0
"""The second question: no answer where the finger was, none by Enter, the amount in digits and in words."""

from tests.ui.scenes import variants
from ui.actions import Do
from ui.drawing.scene import Box, Role, Scene


def box_of(scene: Scene, action: Do) -> Box:
    found = scene.find(action)
    assert found is not None, action
    return found.box


def overlaps(one: Box, other: Box) -> bool:
    return one.x < other.right and other.x < one.right and one.y < other.bottom and other.y < one.bottom


def test_neither_answer_is_where_the_finger_was() -> None:
    for (label, amount), (_, question) in zip(variants("amount-typing"), variants("large-amount"), strict=True):
        finger = box_of(amount, Do.CHARGE)
        assert not overlaps(finger, box_of(question, Do.CHARGE_LARGE)), label
        assert not overlaps(finger, box_of(question, Do.BACK)), label


def test_enter_answers_nothing() -> None:
    for label, question in variants("large-amount"):
        assert question.target_of(Role.PRIMARY) is None, label


def test_it_says_the_amount_twice() -> None:
    for (label, question), said in zip(
        variants("large-amount"), ["一万二千元整", "人民幣一萬二千元整", "12,000.00 Chinese Yuan"] * 9, strict=False
    ):
        assert said.replace(" ", "") in "".join(question.words).replace(" ", ""), label
        assert "12,000" in question.words, label
