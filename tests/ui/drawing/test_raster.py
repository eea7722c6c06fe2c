# SPDX-License-Identifier: Apache-2.0
"""Pixels of shapes, rounded rectangles, waves and codes; what is kept of them is bounded."""

import itertools

import pygame
import pytest

from ui.drawing.qr import modules
from ui.drawing.raster import (
    WAVES,
    corner_surface,
    fill_rounded,
    qr_surface,
    shape_surface,
    wave_alpha,
    wave_surface,
)
from ui.drawing.scene import Shape
from ui.theme import Rgb
from workshop.samples.screens import ONLINE_URL

INK, GROUND, PAPER = Rgb(180, 35, 24), Rgb(255, 255, 255), Rgb(1, 2, 3)


def colour_at(surface: pygame.Surface, x: int, y: int) -> tuple[int, ...]:
    return tuple(surface.get_at((x, y)))


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("size", [(11, 11), (14, 16), (128, 128), (128, 40)], ids=str)
def test_a_shape_fills_its_box_with_its_own_colours(shape: Shape, size: tuple[int, int]) -> None:
    drawn = shape_surface(shape, *size, INK, GROUND)
    assert drawn.get_size() == size
    assert drawn.get_bounding_rect(127).w > 0
    seen = {colour_at(drawn, x, y)[:3] for x, y in itertools.product(range(size[0]), range(size[1]))}
    low, high = tuple(map(min, INK, GROUND)), tuple(map(max, INK, GROUND))
    assert all(low[n] <= colour[n] <= high[n] for colour in seen for n in range(3)), "no black is mixed in"


def test_what_is_knocked_out_shows_the_ground() -> None:
    tick = shape_surface(Shape.APPROVED, 100, 100, INK, GROUND)
    assert colour_at(tick, 44, 66) == (*GROUND, 255)
    assert colour_at(tick, 50, 90) == (*INK, 255)
    assert colour_at(tick, 1, 1)[3] == 0


def test_a_shape_stands_in_the_middle_of_a_wide_box() -> None:
    drawn = shape_surface(Shape.DECLINED, 200, 100, INK, GROUND).get_bounding_rect(127)
    assert abs(drawn.centerx - 100) <= 1
    assert abs(drawn.w - 98) <= 2


@pytest.mark.parametrize(
    ("radius", "corner_is_filled"), [(0, True), (-3, True), (12, False), (99, False)],
    ids=["square", "less than nothing", "round", "more than half"],
)  # fmt: skip
def test_a_rounded_rectangle(radius: int, corner_is_filled: bool) -> None:
    surface = pygame.Surface((80, 60))
    surface.fill(PAPER)
    rect = pygame.Rect(10, 10, 60, 40)
    fill_rounded(surface, rect, INK, radius)
    assert colour_at(surface, *rect.center)[:3] == INK
    for x, y in itertools.product((rect.left, rect.right - 1), (rect.top, rect.bottom - 1)):
        assert (colour_at(surface, x, y)[:3] == INK) is corner_is_filled
    outside = [(9, 30), (70, 30), (40, 9), (40, 50)]
    assert {colour_at(surface, *place)[:3] for place in outside} == {tuple(PAPER)}


@pytest.mark.parametrize("unit", [1, 3])
def test_a_code_is_drawn_module_by_module(unit: int) -> None:
    rows = modules(ONLINE_URL)
    drawn = qr_surface(ONLINE_URL, unit * len(rows) + unit - 1, INK)
    offset = (unit - 1) // 2
    for y, row in enumerate(rows):
        for x, is_dark in enumerate(row):
            alpha = {colour_at(drawn, offset + unit * x + dx, offset + unit * y)[3] for dx in range(unit)}
            assert alpha == ({255} if is_dark else {0}), (x, y)


def test_waves_go_out_to_the_right() -> None:
    ink = [wave_surface(index, 68, 80, INK).get_bounding_rect(60) for index in range(WAVES)]
    assert [wave.left for wave in ink] == sorted({wave.left for wave in ink})
    assert [wave.h for wave in ink] == sorted({wave.h for wave in ink})


def test_a_wave_at_rest_fades_outwards() -> None:
    assert [wave_alpha(index, -1.0) for index in range(WAVES)] == [255, 150, 75]


def test_strength_runs_outwards_and_every_cycle_begins_as_it_ends() -> None:
    phases = [step / 100 for step in range(101)]
    strongest = [max(phases, key=lambda phase: wave_alpha(index, phase)) for index in range(WAVES)]
    assert strongest == sorted(set(strongest))
    for index in range(WAVES):
        assert wave_alpha(index, 0.0) == wave_alpha(index, 1.0) == 50
        assert all(50 <= wave_alpha(index, phase) <= 255 for phase in phases)


def test_what_is_kept_is_bounded() -> None:
    for side in range(4, 120):
        colour = Rgb(side, side, side)
        shape_surface(Shape.DOT, side, side, colour, GROUND)
        corner_surface(side // 8 + 1, colour)
        wave_surface(side % WAVES, side, side, colour)
        qr_surface(str(side), 30, colour)
    for kept in (shape_surface, corner_surface, wave_surface, qr_surface):
        info = kept.cache_info()
        assert info.currsize <= (info.maxsize or 0) <= 96
