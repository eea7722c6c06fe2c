# SPDX-License-Identifier: Apache-2.0
"""What reaches the panel: only what differs, and then exactly what a fresh drawing would show."""

import itertools

import pygame
import pytest

from tests.ui.scenes import scene, scene_of, typesetter
from ui.drawing.paint import Painter, merged
from ui.drawing.scene import Scene, Waves
from ui.state.entry import Entry
from ui.theme import Theme, ThemeName
from workshop.gallery.screens import variant
from workshop.samples.screens import IDLE, SAMPLES, Sample, local

SIZE = (800, 480)
JOURNEY = (
    "starting", "amount-empty", "amount-sum", "present", "present-unlock", "present-refused", "confirming", "approved",
    "receipt", "amount-items", "present-offline", "stored", "queue", "unknown", "waiting", "away",
)  # fmt: skip


def painter(theme: ThemeName = "light") -> tuple[Painter, pygame.Surface]:
    surface = pygame.Surface(SIZE)
    return Painter(surface, Theme(theme), typesetter()), surface


def pixels(surface: pygame.Surface) -> bytes:
    return pygame.image.tobytes(surface, "RGB")


def drawn_fresh(one: Scene) -> bytes:
    fresh, surface = painter()
    fresh.show(one)
    return pixels(surface)


def test_a_screen_drawn_over_another_is_the_screen_itself() -> None:
    brush, surface = painter()
    for name in (*JOURNEY, *reversed(JOURNEY)):
        one = scene(name, "zh-Hans", SIZE)
        brush.show(one)
        assert pixels(surface) == drawn_fresh(one), name


def test_the_same_scene_again_draws_nothing() -> None:
    brush, _ = painter()
    one = scene("present", "zh-Hans", SIZE)
    assert brush.show(one) == [pygame.Rect(0, 0, *SIZE)]
    assert brush.show(one) == []


def test_a_key_redraws_little() -> None:
    brush, _ = painter()
    brush.show(scene_of(Sample(IDLE, local(entry=Entry(currency="CNY", typed="1")))))
    dirty = brush.show(scene_of(Sample(IDLE, local(entry=Entry(currency="CNY", typed="18")))))
    assert 0 < sum(area.w * area.h for area in dirty) < 0.25 * SIZE[0] * SIZE[1]


def test_the_waves_redraw_only_themselves() -> None:
    brush, surface = painter()
    one = scene("present", "zh-Hans", SIZE)
    brush.show(one)
    box = next(node.box for node in one.nodes if isinstance(node, Waves))
    seen = set()
    for phase in (0.1, 0.35, 0.6, 0.85):
        assert brush.move(phase) == [pygame.Rect(*map(int, box))]
        seen.add(pixels(surface))
    assert len(seen) == 4


def test_without_motion_the_waves_stand() -> None:
    brush, surface = painter()
    brush.show(scene("present", "zh-Hans", SIZE))
    assert pixels(surface) == drawn_fresh(scene("present", "zh-Hans", SIZE))


def test_an_arriving_result_ends_as_itself() -> None:
    brush, surface = painter()
    one = scene("approved", "zh-Hans", SIZE)
    brush.show(one)
    brush.arrive(0.2)
    halfway = pixels(surface)
    brush.arrive(1.0)
    assert pixels(surface) == drawn_fresh(one) != halfway


def test_a_refused_pin_shakes_and_comes_to_rest_where_it_was() -> None:
    brush, surface = painter()
    one = scene("pin-wrong", "zh-Hans", SIZE)
    brush.show(one)
    at_rest = pixels(surface)
    [area] = brush.arrive(0.1)
    assert pixels(surface) != at_rest
    assert area.w * area.h < SIZE[0] * SIZE[1] / 20
    brush.arrive(1.0)
    assert pixels(surface) == at_rest == drawn_fresh(one)


@pytest.mark.parametrize("name", SAMPLES)
def test_each_sample_can_be_drawn_dark_and_differs(name: str) -> None:
    dark, surface = painter("dark")
    dark.show(scene_of(variant(SAMPLES[name], SIZE, "dark", "zh-Hans")))
    assert pixels(surface) != drawn_fresh(scene(name, "zh-Hans", SIZE))


def test_a_code_is_dark_on_light_in_the_dark_too() -> None:
    dark, surface = painter("dark")
    one = scene("present", "zh-Hans", SIZE)
    dark.show(one)
    card = next(node.box for node in one.nodes if type(node).__name__ == "Qr")
    corner = int(card.x) + 8, int(card.y) + 8
    assert surface.get_at(corner)[:3] == (255, 255, 255)


def test_merged_rectangles_cover_the_same_and_do_not_overlap() -> None:
    areas = [pygame.Rect(x, y, 30, 30) for x, y in ((0, 0), (20, 20), (100, 0), (45, 45), (110, 10), (300, 300))]
    joined = merged(areas)
    assert all(any(whole.contains(area) for whole in joined) for area in areas)
    assert not any(one.colliderect(other) for one, other in itertools.combinations(joined, 2))
