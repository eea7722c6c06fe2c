# SPDX-License-Identifier: Apache-2.0
"""Truth by shape: the four results are unlike in outline, for eyes that see no colour (look, rule 2)."""

import itertools
import math
from typing import assert_never

import pygame
import pytest

from tests.ui.scenes import drawings, scale, variants
from ui.drawing.raster import shape_surface
from ui.drawing.scene import Shape
from ui.drawing.shapes import Disc, Part, Plate, Polygon, Stroke, arc, left_edge, parts
from ui.theme import Rgb
from workshop.samples.screens import SAMPLES

RESULTS = (Shape.APPROVED, Shape.STORED, Shape.DECLINED, Shape.UNKNOWN)
SMALL = {Shape.DOT: 16, Shape.RING: 16, Shape.SLASH: 16}
GRID, INK, HOLE = 100, Rgb(0, 0, 0), Rgb(255, 255, 255)
UNLIKE = 3.0
"""In parts of the grid: at 128 pixels a mark, four of them."""


def outline(shape: Shape) -> list[float]:
    """How far the drawing reaches from its middle, each 5 degrees."""
    mask = pygame.mask.from_surface(shape_surface(shape, GRID, GRID, INK, HOLE), 127)

    def reach(degrees: int) -> float:
        dx, dy = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        steps = (step / 2 for step in range(2 * GRID - 1, -1, -1))
        for step in steps:
            x, y = int(50 + dx * step), int(50 + dy * step)
            if 0 <= x < GRID and 0 <= y < GRID and mask.get_at((x, y)):
                return step
        return 0.0

    return [reach(degrees) for degrees in range(0, 360, 5)]


def ink_share(shape: Shape) -> float:
    mask = pygame.mask.from_surface(shape_surface(shape, GRID, GRID, INK, HOLE), 127)
    return mask.count() / GRID**2


def reach_of(part: Part) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a part, with its round ends."""
    match part:
        case Disc((x, y), radius):
            return x - radius, y - radius, x + radius, y + radius
        case Plate(x, y, w, h):
            return x, y, x + w, y + h
        case Polygon(points):
            half = 0.0
        case Stroke(points, width):
            half = width / 2
        case _:
            assert_never(part)
    xs, ys = zip(*points, strict=True)
    return min(xs) - half, min(ys) - half, max(xs) + half, max(ys) + half


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(RESULTS, 2)))
def test_two_results_are_unlike_in_outline(one: Shape, other: Shape) -> None:
    differences = [abs(mine - its) for mine, its in zip(outline(one), outline(other), strict=True)]
    assert max(differences) >= UNLIKE


@pytest.mark.parametrize(
    ("shape", "body"),
    [(Shape.APPROVED, Disc), (Shape.STORED, Plate), (Shape.DECLINED, 8), (Shape.UNKNOWN, 4)],
    ids=["a circle", "a tray", "an octagon", "a diamond"],
)
def test_the_body_of_a_result_is_its_own(shape: Shape, body: type[Part] | int) -> None:
    first, *rest = parts(shape)
    assert (len(first.points) if isinstance(first, Polygon) else type(first)) == body
    assert rest
    assert all(part.knock for part in rest), "the rest is knocked out of it"


@pytest.mark.parametrize("shape", [shape for shape in Shape if shape not in {*RESULTS, *SMALL}])
def test_nothing_else_is_a_filled_body_of_that_size(shape: Shape) -> None:
    assert ink_share(shape) < 0.8 * min(ink_share(result) for result in RESULTS) or any(
        part.knock for part in parts(shape)
    )
    first = parts(shape)[0]
    left, top, right, bottom = reach_of(first)
    assert isinstance(first, Stroke) or (right - left < 60 and bottom - top < 100)


@pytest.mark.parametrize("name", SAMPLES)
def test_dots_are_drawn_small_only(name: str) -> None:
    for label, one in variants(name):
        for node in drawings(one):
            assert node.box.w <= SMALL.get(node.shape, 1000) * scale(one.size), f"{label}: {node}"


@pytest.mark.parametrize("shape", Shape)
def test_a_drawing_stays_on_its_grid(shape: Shape) -> None:
    assert parts(shape)
    for part in parts(shape):
        left, top, right, bottom = reach_of(part)
        assert -1 <= left < right <= 101, part
        assert -1 <= top < bottom <= 101, part


@pytest.mark.parametrize("shape", [shape for shape in Shape if "phone" in shape])
def test_a_picture_begins_where_its_left_edge_is_said_to_be(shape: Shape) -> None:
    ink = shape_surface(shape, GRID, GRID, INK, HOLE).get_bounding_rect(127)
    assert abs(ink.left - GRID * left_edge(shape)) <= 1


@pytest.mark.parametrize(("start_deg", "end_deg"), [(0, 90), (-31, 31), (180, 360), (0, 360), (0, 1)])
def test_an_arc_runs_along_its_circle(start_deg: float, end_deg: float) -> None:
    points = arc((50, 40), 20, start_deg, end_deg)
    assert len(points) >= 7
    assert all(math.isclose(math.dist(point, (50, 40)), 20) for point in points)
    for (x, y), degrees in ((points[0], start_deg), (points[-1], end_deg)):
        assert math.isclose(x, 50 + 20 * math.cos(math.radians(degrees)), abs_tol=1e-9)
        assert math.isclose(y, 40 + 20 * math.sin(math.radians(degrees)), abs_tol=1e-9)
