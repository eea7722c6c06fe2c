# SPDX-License-Identifier: Apache-2.0
"""Draws scenes on a pygame surface, and of a new scene only what differs from the last. Opens no display."""

import math
from collections.abc import Callable
from typing import assert_never

import pygame

from ui.drawing.raster import WAVES, fill_rounded, qr_surface, shape_surface, wave_alpha, wave_surface
from ui.drawing.scene import Align, Box, Drawing, Fill, Node, PinDots, Qr, Scene, Shaking, Shape, Text, Waves
from ui.drawing.typeset import Typesetter
from ui.theme import Theme, Token

SWING = 0.9
"""How far a refused PIN swings, in heights of its dots."""
_SHAKEN_BY = 16
"""Pixels that a refused line of text swings, at most."""
AT_REST = -1.0
"""Phase of the waves where nothing moves."""


class Painter:
    """One surface, one theme. Remembers the scene it has drawn."""

    def __init__(self, surface: pygame.Surface, theme: Theme, typesetter: Typesetter) -> None:
        self._surface = surface
        self._theme = theme
        self._type = typesetter
        self._drawn: Scene | None = None

    def show(self, scene: Scene, phase: float = AT_REST) -> list[pygame.Rect]:
        """Draw what differs from the scene before; gives the rectangles that changed."""
        if self._drawn is None or self._drawn.size != scene.size:
            dirty = [self._surface.get_rect()]
        else:
            old, new = set(self._drawn.nodes), set(scene.nodes)
            dirty = merged([_rect(node.box) for node in old ^ new])
        self._drawn = scene
        for area in dirty:
            self._repaint(scene, area, phase, 1.0)
        return dirty

    def move(self, phase: float) -> list[pygame.Rect]:
        """Draw what moves by itself at a moment 0..1 of its cycle."""
        return self._redraw_where(lambda node: isinstance(node, Waves), phase, 1.0)

    def arrive(self, progress: float) -> list[pygame.Rect]:
        """Draw a result's shape, or a refused PIN, while it comes to rest: `progress` 0..1."""
        return self._redraw_where(_comes_to_rest, AT_REST, progress)

    def _redraw_where(self, chosen: Callable[[Node], bool], phase: float, progress: float) -> list[pygame.Rect]:
        scene = self._drawn
        if scene is None:
            return []
        dirty = [_rect(node.box) for node in scene.nodes if chosen(node)]
        for area in dirty:
            self._repaint(scene, area, phase, progress)
        return dirty

    def _repaint(self, scene: Scene, area: pygame.Rect, phase: float, progress: float) -> None:
        self._surface.set_clip(area)
        shaking = [node.box for node in scene.nodes if isinstance(node, Shaking) and node.refusals]
        swing = round(_swing(progress) * SWING * _SHAKEN_BY)
        for node in scene.nodes:
            if area.colliderect(_rect(node.box)):
                is_shaken = any(box.meets(node.box) for box in shaking)
                self._draw(node, phase, progress, swing if is_shaken else 0)
        self._surface.set_clip(None)

    def _draw(self, node: Node, phase: float, progress: float, swing: int) -> None:
        match node:
            case Fill():
                self._draw_fill(node)
            case Text():
                self._draw_text(node, swing)
            case Shaking():
                pass
            case Drawing():
                self._draw_shape(node, progress)
            case Qr():
                rect = _rect(node.box)
                self._surface.blit(qr_surface(node.data, min(rect.w, rect.h), self._theme.rgb(Token.QR_DARK)), rect)
            case Waves():
                self._draw_waves(node, phase)
            case PinDots():
                self._draw_pin(node, progress, swing)
            case _:
                assert_never(node)

    def _draw_fill(self, node: Fill) -> None:
        rect = _rect(node.box)
        if node.border is None:
            fill_rounded(self._surface, rect, self._theme.rgb(node.colour), node.radius)
            return
        fill_rounded(self._surface, rect, self._theme.rgb(node.border), node.radius)
        fill_rounded(self._surface, rect.inflate(-2, -2), self._theme.rgb(node.colour), node.radius - 1)

    def _draw_text(self, node: Text, swing: int) -> None:
        colour = self._theme.rgb(node.colour)
        line = self._type.line(node.text, node.size, node.weight, node.script, colour)
        box, x = node.box, node.box.x + swing
        if node.align is not Align.LEFT:
            free = box.w - self._type.optical_width(node.text, node.size, node.weight, node.script)
            x += free if node.align is Align.RIGHT else free / 2
        self._surface.blit(line.surface, (round(x), round(box.y + box.h / 2) - line.middle))

    def _draw_shape(self, node: Drawing, progress: float) -> None:
        rect = _rect(node.box)
        drawn = shape_surface(node.shape, rect.w, rect.h, self._theme.rgb(node.colour), self._theme.rgb(node.ground))
        if node.arrives and progress < 1:
            share = 0.8 + 0.2 * (1 - (1 - progress) ** 3)
            drawn = pygame.transform.smoothscale(drawn, (round(rect.w * share), round(rect.h * share)))
        self._surface.blit(drawn, drawn.get_rect(center=rect.center))

    def _draw_pin(self, node: PinDots, progress: float, swing: int) -> None:
        rect = _rect(node.box)
        side, pitch = rect.h, round(rect.h * 1.9)
        moved = _swing(progress) * SWING * rect.h if node.wrong else swing
        x = rect.centerx - (pitch * (node.count - 1) + side) / 2 + moved
        for place in range(node.count):
            shape, token = (Shape.DOT, node.colour) if place < node.filled else (Shape.RING, node.hollow)
            dot = shape_surface(shape, side, side, self._theme.rgb(token), self._theme.rgb(node.ground))
            self._surface.blit(dot, (round(x + place * pitch), rect.y))

    def _draw_waves(self, node: Waves, phase: float) -> None:
        rect = _rect(node.box)
        for index in range(WAVES):
            wave = wave_surface(index, rect.w, rect.h, self._theme.rgb(node.colour))
            wave.set_alpha(wave_alpha(index, phase))
            self._surface.blit(wave, rect)


def _comes_to_rest(node: Node) -> bool:
    match node:
        case Drawing():
            return node.arrives
        case PinDots():
            return node.wrong > 0
        case Shaking():
            return node.refusals > 0
        case _:
            return False


def _swing(progress: float) -> float:
    """Where a refused thing is at a moment of its shaking, -1..1; at rest in the end."""
    return math.sin(progress * 4 * math.pi) * (1 - progress)


def merged(areas: list[pygame.Rect]) -> list[pygame.Rect]:
    """Join rectangles that overlap, so that nothing is drawn twice."""
    left = list(areas)
    done: list[pygame.Rect] = []
    while left:
        area = left.pop()
        hit = area.collidelist(done)
        if hit < 0:
            done.append(area)
        else:
            left.append(done.pop(hit).union(area))
    return done


def _rect(box: Box) -> pygame.Rect:
    return pygame.Rect(int(box.x), int(box.y), int(box.w), int(box.h))
