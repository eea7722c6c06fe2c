# SPDX-License-Identifier: Apache-2.0
"""Smooth pixels for shapes, rounded rectangles, waves and QR codes: drawn enlarged, scaled down, cached."""

import itertools
import math
from functools import lru_cache
from typing import assert_never

import pygame

from ui.drawing.qr import modules
from ui.drawing.scene import Shape
from ui.drawing.shapes import Disc, Part, Plate, Point, Polygon, Stroke, arc, parts
from ui.theme import Rgb

_ENLARGED = 4
WAVES = 3


@lru_cache(maxsize=96)
def shape_surface(shape: Shape, width: int, height: int, colour: Rgb, ground: Rgb) -> pygame.Surface:
    """Draw a shape in the middle of a surface, its grid as large as the shorter side."""
    big = _blank(width * _ENLARGED, height * _ENLARGED, colour)
    side = min(width, height) * _ENLARGED
    left, top = (big.get_width() - side) / 2, (big.get_height() - side) / 2
    for part in parts(shape):
        _draw(big, part, ground if part.knock else colour, left, top, side / 100)
    return pygame.transform.smoothscale(big, (width, height))


def _draw(surface: pygame.Surface, part: Part, colour: Rgb, left: float, top: float, unit: float) -> None:
    def at(point: Point) -> Point:
        return left + point[0] * unit, top + point[1] * unit

    match part:
        case Disc(centre, radius):
            pygame.draw.circle(surface, colour, at(centre), radius * unit)
        case Plate(x, y, w, h, radius):
            corner = at((x, y))
            rect = pygame.Rect(round(corner[0]), round(corner[1]), round(w * unit), round(h * unit))
            pygame.draw.rect(surface, colour, rect, border_radius=round(radius * unit))
        case Polygon(points):
            pygame.draw.polygon(surface, colour, [at(point) for point in points])
        case Stroke(points, width):
            _stroke(surface, colour, [at(point) for point in points], width * unit)
        case _:
            assert_never(part)


def _stroke(surface: pygame.Surface, colour: Rgb, points: list[Point], width: float) -> None:
    half = width / 2
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        length = math.hypot(x1 - x0, y1 - y0) or 1
        nx, ny = (y0 - y1) / length * half, (x1 - x0) / length * half
        pygame.draw.polygon(
            surface, colour, [(x0 + nx, y0 + ny), (x1 + nx, y1 + ny), (x1 - nx, y1 - ny), (x0 - nx, y0 - ny)]
        )
    for point in points:
        pygame.draw.circle(surface, colour, point, half)


@lru_cache(maxsize=64)
def corner_surface(radius: int, colour: Rgb) -> pygame.Surface:
    """Draw a disc of a rectangle's corner radius; its quarters are the four corners."""
    big = _blank(2 * radius * _ENLARGED, 2 * radius * _ENLARGED, colour)
    pygame.draw.circle(big, colour, (radius * _ENLARGED, radius * _ENLARGED), radius * _ENLARGED)
    return pygame.transform.smoothscale(big, (2 * radius, 2 * radius))


def fill_rounded(surface: pygame.Surface, rect: pygame.Rect, colour: Rgb, radius: int) -> None:
    """Fill a rectangle with smooth corners."""
    radius = min(radius, rect.w // 2, rect.h // 2)
    if radius <= 0:
        surface.fill(colour, rect)
        return
    surface.fill(colour, rect.inflate(-2 * radius, 0))
    surface.fill(colour, rect.inflate(0, -2 * radius))
    disc = corner_surface(radius, colour)
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        place = (rect.x + dx * (rect.w - radius), rect.y + dy * (rect.h - radius))
        surface.blit(disc, place, pygame.Rect(dx * radius, dy * radius, radius, radius))


@lru_cache(maxsize=8)
def qr_surface(data: str, side: int, dark: Rgb) -> pygame.Surface:
    """Draw a QR code's dark modules in whole pixels each, in a square's middle; the light ones are its card's."""
    rows = modules(data)
    count = len(rows)
    unit = max(1, side // count)
    surface = _blank(side, side, dark)
    offset = (side - unit * count) // 2
    for y, row in enumerate(rows):
        for x, is_dark in enumerate(row):
            if is_dark:
                surface.fill((*dark, 255), (offset + x * unit, offset + y * unit, unit, unit))
    return surface


@lru_cache(maxsize=8)
def wave_surface(index: int, width: int, height: int, colour: Rgb) -> pygame.Surface:
    """Draw one of the arcs that go out from the phone, 0 the nearest."""
    big = _blank(width * _ENLARGED, height * _ENLARGED, colour)
    unit = height * _ENLARGED / 100
    radius = (34, 58, 82)[index]
    points = arc((-14, 50), radius, -31, 31)
    _stroke(big, colour, [(x * unit, y * unit) for x, y in points], 7.5 * unit)
    return pygame.transform.smoothscale(big, (width, height))


def wave_alpha(index: int, phase: float) -> int:
    """Give how strong an arc is at a moment 0..1 of the cycle: strength runs outwards, at rest (phase < 0) it fades."""
    if phase < 0:
        return (255, 150, 75)[index]
    distance = (phase * (WAVES + 2) - index) / 2
    glow = math.sin(math.pi * distance) ** 2 if 0 < distance < 1 else 0.0
    return round(50 + 205 * glow)


def _blank(width: int, height: int, colour: Rgb) -> pygame.Surface:
    """Make a surface, transparent yet of the colour: scaling down mixes no black into the edges."""
    surface = pygame.Surface((max(1, width), max(1, height)), pygame.SRCALPHA)
    surface.fill((*colour, 0))
    return surface
