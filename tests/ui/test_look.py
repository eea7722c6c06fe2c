# SPDX-License-Identifier: Apache-2.0
"""The look's rules, held against every screen in every language on every panel. Source: look, rules and tokens.

That nothing is cut, overlaps or is too small to touch: `tests/ui/test_layout.py`.
"""

import itertools

import pytest

from pengpos.client import Language
from pengpos.i18n import LANGUAGES
from tests.ui.scenes import drawings, ground, scale, scene, texts, typesetter, variants
from ui.drawing.scene import Box, Fill, Role, Shape
from ui.theme import BAR_HEIGHT, TARGET_MINIMUM, Theme, Token, contrast
from workshop.gallery.screens import SIZES
from workshop.samples.screens import SAMPLES

EVERY_SAMPLE = pytest.mark.parametrize("name", SAMPLES)
WITHOUT_AMOUNT = ("starting", "away", "not-enrolled", "locked", "revoked", "waiting", "alarms", "pin", "menu",
                  "history", "no-history", "close", "settings", "help")  # fmt: skip
APPROVED_SHOWN = ("approved", "receipt", "amount-late-result", "history", "record-approved")


@EVERY_SAMPLE
def test_no_box_of_tofu(name: str) -> None:
    has = typesetter().faces.has_glyph
    missing = {
        character
        for _, one in variants(name)
        for node in texts(one)
        for character in node.text
        if not has(character, node.weight, node.script)
    }
    assert missing == set()


@EVERY_SAMPLE
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_contrast(name: str, theme: str) -> None:
    palette = Theme("dark" if theme == "dark" else "light")
    weak = set()
    for size in SIZES:
        one = scene(name, "zh-Hans", size)
        for text in texts(one):
            if contrast(palette.rgb(text.colour), palette.rgb(ground(one, text))) < 4.5:
                weak.add((text.colour, ground(one, text)))
        for shape in drawings(one):
            if contrast(palette.rgb(shape.colour), palette.rgb(ground(one, shape))) < 3:
                weak.add((shape.colour, ground(one, shape)))
            if contrast(palette.rgb(shape.colour), palette.rgb(shape.ground)) < 3:
                weak.add((shape.colour, shape.ground))
    assert weak == set()


@pytest.mark.parametrize("name", [name for name in SAMPLES if not name.startswith(WITHOUT_AMOUNT)])
def test_the_amount_is_the_largest_thing(name: str) -> None:
    for label, one in variants(name):
        sizes = sorted(node.size for node in texts(one))
        largest = [node.text for node in texts(one) if node.size == sizes[-1]]
        assert len(largest) == 1, label
        assert largest[0].replace(",", "").isdigit(), label


@EVERY_SAMPLE
def test_one_filled_button_at_most_and_it_is_the_next_action_bottom_right(name: str) -> None:
    for label, one in variants(name):
        filled = [
            node.box
            for node in one.nodes
            if isinstance(node, Fill) and node.colour is Token.BRAND and node.box.h > TARGET_MINIMUM * scale(one.size)
        ]
        primary = one.target_of(Role.PRIMARY)
        assert filled == ([primary.box] if primary else []), label
        if primary:
            bottoms = [target.box.bottom for target in one.targets]
            assert primary.box.bottom == max(bottoms), label
            assert primary.box.right >= one.size[0] - 25 * scale(one.size), label


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_cancel_is_never_where_a_next_action_was(size: tuple[int, int]) -> None:
    boxes: dict[Role, set[Box]] = {Role.CANCEL: set(), Role.PRIMARY: set()}
    for name in SAMPLES:
        for role, seen in boxes.items():
            seen.update(target.box for target in scene(name, "zh-Hans", size).targets if target.role is role)
    assert boxes[Role.CANCEL]
    assert [(a, b) for a, b in itertools.product(*boxes.values()) if a.meets(b)] == []


@pytest.mark.parametrize("name", ["present", "present-refused", "paying", "unknown", "declined", "code-empty"])
def test_the_way_out_is_bottom_left(name: str) -> None:
    for label, one in variants(name):
        way_out = one.target_of(Role.CANCEL)
        assert way_out is not None, label
        assert way_out.box.x <= 25 * scale(one.size), label
        assert way_out.box.bottom >= one.size[1] * 0.94, label


@EVERY_SAMPLE
def test_only_approved_looks_approved(name: str) -> None:
    for label, one in variants(name):
        below_bar = BAR_HEIGHT * 2 * scale(one.size)
        coloured = [(n.colour, n.box) for n in texts(one)] + [(n.colour, n.box) for n in drawings(one)]
        green = [box for colour, box in coloured if colour is Token.APPROVED and box.y > below_bar]
        tick = [node for node in drawings(one) if node.shape is Shape.APPROVED]
        assert bool(green or tick) == name.startswith(APPROVED_SHOWN), label


RESULTS = {
    "approved": Shape.APPROVED,
    "stored": Shape.STORED,
    "declined": Shape.DECLINED,
    "unknown": Shape.UNKNOWN,
    "cancelled": Shape.RETURNED,
    "expired": Shape.TIMED_OUT,
    "confirming": Shape.WORKING,
}


@pytest.mark.parametrize(("name", "shape"), RESULTS.items(), ids=RESULTS)
def test_each_result_has_its_own_shape_and_word(name: str, shape: Shape) -> None:
    mine = scene(name, "zh-Hans", (800, 480))
    large = [node for node in drawings(mine) if node.box.h > 80]
    assert [node.shape for node in large] == [shape]
    words_of = {other: scene(other, "zh-Hans", (800, 480)).words for other in RESULTS}
    headline = max((node for node in texts(mine) if node.text[:1].isalpha()), key=lambda node: node.size)
    assert [other for other, found in words_of.items() if headline.text in found] == [name]


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.startswith("present")])
def test_only_a_phone_that_may_tap_sees_motion(name: str) -> None:
    still = ("arming", "two-phones", "remove-phone", "scan-only", "refused-remove")
    assert scene(name, "zh-Hans", (800, 480)).moves is not name.endswith(still)


@pytest.mark.parametrize("name", [name for name in SAMPLES if not name.startswith("present")])
def test_nothing_else_moves(name: str) -> None:
    assert not scene(name, "zh-Hans", (800, 480)).moves


@pytest.mark.parametrize("language", LANGUAGES)
def test_link_and_reader_are_always_seen_as_shape_and_word(language: Language) -> None:
    said = {"zh-Hans": ("读卡器断开", "离线"), "zh-Hant": ("讀卡機斷線", "離線"), "en": ("Reader lost", "Offline")}
    for size in SIZES:
        one = scene("amount-all-badges", language, size)
        assert set(said[language]) <= set(one.words)
        assert sum(node.shape is Shape.SLASH for node in drawings(one)) == 2
