# SPDX-License-Identifier: Apache-2.0
"""What of an answer may be shown to people: addresses of our backend only, and text as clean as our own.

Source: backend API, "Addresses and texts"; tap protocol §1 (text) and §3 (URLs). Nothing here costs an answer about the
money: what may not be shown is left out.

Tests: tests/terminal/backend/test_shown.py.
"""

import logging
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

import httpx

from pengpos.backend_api.messages import CardMessage, LineMessage
from pengpos.core.errors import MalformedError
from pengpos.core.sale import Line, LinkCard
from pengpos.wire.encoding.cbor import check_text

log = logging.getLogger(__name__)

LINES_MOST = 100
CARDS_MOST = 20
TEXT_SIZE_MOST = 512
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_CODE = re.compile(r"[a-z0-9_]{1,40}")


def is_ours(url: str, origins: Sequence[str]) -> bool:
    """Whether an address lies under one of these origins: https, or http on this very machine."""
    if not url.isascii() or not url.isprintable():
        return False
    here = _place(url)
    return here is not None and any(
        here[:3] == place[:3] and here[3].startswith(place[3].rstrip("/") + "/")
        for place in map(_place, origins)
        if place is not None
    )


def _place(url: str) -> tuple[str, str, int, str] | None:
    """Scheme, host, port and path of an address that a phone may be sent to."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
        if (
            not host.isascii()
        ):  # an origin as its technician typed it; the call goes to its A-label, as all addresses do
            host = httpx.URL(scheme=parts.scheme, host=host).raw_host.decode("ascii")
    except (ValueError, httpx.InvalidURL):
        return None
    safe = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    if not safe or not host or "@" in parts.netloc or "\\" in url or "/.." in parts.path or " " in url:
        return None
    return parts.scheme, host, port or (443 if parts.scheme == "https" else 80), parts.path or "/"


def name_of(told: str | None) -> str | None:
    """A short text, or None where it may not be shown."""
    return told if told is not None and _is_clean(told) else None


def code_of(told: str | None) -> str | None:
    """A word for programs."""
    return told if told is not None and _CODE.fullmatch(told) else None


def lines_of(told: Sequence[LineMessage]) -> tuple[Line, ...]:
    """The lines of a bill; none where one of them may not be shown, for a bill is whole or not at all."""
    if len(told) > LINES_MOST or not all(_is_clean(line.label) for line in told):
        log.warning("lines of a bill that may not be shown")
        return ()
    return tuple(Line(kind=line.kind, label=line.label, amount_minor=line.amount) for line in told)


def cards_of(told: Sequence[CardMessage], origins: Sequence[str]) -> tuple[LinkCard, ...]:
    """The cards that may be shown."""
    fit = [
        LinkCard(kind=card.kind, title=card.title, text=card.text, url=card.url)
        for card in told[:CARDS_MOST]
        if _is_clean(card.title) and _is_clean(card.text) and (not card.url or is_ours(card.url, origins))
    ]
    if len(fit) < len(told):
        log.warning("%d cards that may not be shown", len(told) - len(fit))
    return tuple(fit)


def _is_clean(told: str) -> bool:
    try:
        if told:
            check_text(told)
    except MalformedError:
        return False
    return len(told.encode(errors="surrogatepass")) <= TEXT_SIZE_MOST
