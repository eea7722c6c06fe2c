# SPDX-License-Identifier: Apache-2.0
"""What the documents are made of, each under an address that holds a digest of its content, so that browsers keep it.

Tests: tests/sandbox/backend/serving/test_pages.py
"""

import hashlib
import re
from dataclasses import dataclass
from functools import cache

from sandbox.pages import STATIC
from sandbox.pages.bundle import bundle

_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_NAMES = ("icon.svg", "look.css", "pay.js", "receipt.js")
_NAMED = re.compile(r'"/pages/([\w.]+)"')


@dataclass(frozen=True, slots=True)
class Part:
    """A file that a document asks for; a script is bundled."""

    content: bytes
    media_type: str
    address: str


@cache
def parts() -> dict[str, Part]:
    """Every part, by the name that stands in the sources. Read once: an update starts the sandbox anew."""
    made = {}
    for name in _NAMES:
        path = STATIC / name
        content = bundle(path).encode() if path.suffix == ".js" else path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()[:16]
        made[name] = Part(content, _TYPES[path.suffix], f"/pages/{digest}/{name}")
    return made


@cache
def worker() -> bytes:
    """The service worker, with the addresses of what it keeps; it changes with whatever of that does."""
    shell = "".join((STATIC / name).read_text(encoding="utf-8") for name in ("pay.html", "receipt.html"))
    of_documents = hashlib.sha256(shell.encode()).hexdigest()[:16]
    return f"{with_addresses((STATIC / 'worker.js').read_text(encoding='utf-8'))}// documents {of_documents}\n".encode()


def with_addresses(text: str) -> str:
    """A source with the parts that it names, `"/pages/NAME"`, by their addresses."""
    return _NAMED.sub(lambda named: f'"{parts()[named[1]].address}"', text)
