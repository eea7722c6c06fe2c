# SPDX-License-Identifier: Apache-2.0
"""A small file that must not be lost, and a second copy of it that can be told from a damaged one.

The file itself stays as it always was. Its copy, `NAME.copy`, mode 0600, is the SHA-256 of the content (32 bytes), then
the content. Each is there whole or not at all; the file is written first, so that of two that differ and are both
sound the file is the newer one. Knows no format: whoever reads says by `parse` whether it is sound.
"""

import logging
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from pengpos.core.errors import ConfigError
from pengpos.keys.private_file import replace_private

log = logging.getLogger(__name__)

T = TypeVar("T")

_HASH_SIZE = 32
SIZE_MOST = 1_048_576


def copy_of(path: Path) -> Path:
    """Where the second copy lies."""
    return path.with_name(path.name + ".copy")


def read_either(path: Path, parse: Callable[[bytes], T]) -> T:
    """What `parse` makes of the file, or else of its copy. Raises what the file itself raised: OSError, ConfigError.

    A file that is not there is not replaced here: see `read_copy`.
    """
    try:
        return parse(path.read_bytes())
    except FileNotFoundError:
        raise
    except (OSError, ConfigError) as first:
        copy = read_copy(path)
        if copy is None:
            raise
        try:
            found = parse(copy)
        except ConfigError:
            raise first from None
        log.warning("%s is damaged (%s): its second copy is used", path, first)
        return found


def read_copy(path: Path) -> bytes | None:
    """The content of the second copy of `path`; None: there is none, or it is not whole."""
    try:
        with copy_of(path).open("rb") as file:
            found = file.read(SIZE_MOST + _HASH_SIZE)
    except OSError:
        return None
    content = found[_HASH_SIZE:]
    return content if sha256(content).digest() == found[:_HASH_SIZE] else None


def write_copy(path: Path, content: bytes) -> None:
    """Make the second copy of `path` be this content. A failure is logged: the file itself is there."""
    if read_copy(path) == content:
        return
    try:
        replace_private(copy_of(path), sha256(content).digest() + content)
    except OSError as error:
        log.warning("%s: %s", copy_of(path), error.strerror)


def mend(path: Path, content: bytes) -> None:
    """Make file and copy be `content`, which was found sound. A failure is logged: it was read all the same."""
    try:
        if not path.exists() or path.read_bytes() != content:
            replace_private(path, content)
    except OSError as error:
        log.warning("%s is not mended: %s", path, error.strerror)
    write_copy(path, content)
