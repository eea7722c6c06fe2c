# SPDX-License-Identifier: Apache-2.0
"""Files that hold a secret: mode 0600, there whole or not at all, power cut or not. Knows no key and no format."""

import os
import tempfile
from pathlib import Path


def create_private(path: Path, content: bytes) -> bool:
    """Write `content` to a new file at `path`, durably; False, and nothing changed, if there is one already.

    Of two processes that start at once exactly one gets True. Raises OSError.
    """
    temporary = _written_beside(path, content)
    try:
        # A rename would overwrite what another process has just made and perhaps already enrolled.
        path.hardlink_to(temporary)
    except FileExistsError:
        return False
    finally:
        temporary.unlink()
    sync_directory(path.parent)
    return True


def replace_private(path: Path, content: bytes) -> None:
    """Put `content` in the place of the file at `path`, durably: old or new, never half. Raises OSError."""
    temporary = _written_beside(path, content)
    try:
        temporary.replace(path)
    except OSError:
        temporary.unlink()
        raise
    sync_directory(path.parent)


def _written_beside(path: Path, content: bytes) -> Path:
    """A file of mode 0600 in the same directory, on the medium under a name of its own."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        temporary.unlink()
        raise
    return temporary


def sync_directory(directory: Path) -> None:
    """Make names that came or went in `directory` durable. Raises OSError."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
