# SPDX-License-Identifier: Apache-2.0
"""A tinted strip with a small shape and one line or two: news beside the main thing on the screen."""

from typing import NamedTuple

from pengpos.i18n import Message
from ui.drawing.scene import Box, Shape
from ui.i18n import words
from ui.theme import RADIUS, Style, Token, Weight
from ui.widgets.canvas import Canvas

_KNOWN_TROUBLE: dict[str, Message] = {
    "busy": words.TROUBLE_BUSY,
    "not_now": words.TROUBLE_NOT_NOW,
    "offline_not_possible": words.TROUBLE_OFFLINE,
    "too_much_offline": words.TROUBLE_TOO_MUCH_OFFLINE,
    "credential_expired": words.TROUBLE_CREDENTIAL,
    "journal_full": words.TROUBLE_FULL,
    "journal_medium": words.TROUBLE_MEDIUM,
    "journal_unavailable": words.TROUBLE_UNAVAILABLE,
    "software": words.TROUBLE_SOFTWARE,
    "code_closed": words.CODE_CLOSED,
    "code_over_limit": words.CODE_OVER_LIMIT,
    "role_needed": words.TROUBLE_ROLE,
    "terminal_locked": words.TROUBLE_LOCKED,
    "terminal_revoked": words.TROUBLE_REVOKED,
    "nothing_left": words.TROUBLE_NOTHING_LEFT,
    "too_much": words.TROUBLE_TOO_MUCH,
    "refund_over_limit": words.TROUBLE_REFUND_LIMIT,
    "backend_away": words.TROUBLE_BACKEND_AWAY,
    "unread": words.TROUBLE_UNREAD,
    "away": words.TROUBLE_AWAY,
}


class Strip(NamedTuple):
    """A state's shape and colours."""

    shape: Shape
    colour: Token
    tint: Token

    def draw(self, canvas: Canvas, box: Box, text: str) -> None:
        """Draw the strip over the whole box."""
        canvas.fill(box, self.tint, radius=RADIUS)
        side = 22
        style = Style(16, Weight.BOLD, self.colour)
        room, whole = Box(box.x + 48, box.y, box.w - 60, box.h), box.inset(10, 0)
        lines, at_most = (canvas.count_lines(text, style._replace(size=15), place.w) for place in (room, whole))
        if lines > 2 >= at_most:
            room = whole  # words go before the picture
        else:
            place = Box(box.x + 14, box.y + (box.h - side) / 2, side, side)
            canvas.drawing(place, self.shape, self.colour, Token.ON_FILL)
        if canvas.width(text, style) <= room.w:
            canvas.text(room, text, style)
            return
        two_lines = 2 * canvas.line_height(15)
        top = Box(room.x, box.y + (box.h - two_lines) / 2, room.w, box.h)
        canvas.paragraph(top, text, style._replace(size=15), most_lines=2)


def trouble_strip(canvas: Canvas, box: Box) -> bool:
    """Draw what the daemon refused last, until the next touch; False if nothing."""
    trouble = canvas.local.trouble
    if trouble is None:
        return False
    if message := _KNOWN_TROUBLE.get(trouble.code):
        text = canvas.say(message)
    elif trouble.detail:
        text = canvas.say(words.TROUBLE_OTHER, detail=trouble.detail)
    else:
        text = canvas.say(words.TROUBLE_UNNAMED)
    Strip(Shape.ALARM, Token.DECLINED, Token.DECLINED_TINT).draw(canvas, box, text)
    return True
