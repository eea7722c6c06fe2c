# SPDX-License-Identifier: Apache-2.0
"""Why the last process ended, for the next one to tell: in a file, for the journal itself may be the reason."""

import contextlib
import logging
from pathlib import Path

from pengpos.keys.private_file import replace_private

log = logging.getLogger(__name__)

SIZE_MOST = 500


def note_fault(path: Path, detail: str) -> None:
    """Leave `detail` for the next process. A medium that takes no file leaves it to the log."""
    try:
        replace_private(path, detail.encode(errors="replace")[:SIZE_MOST])
    except OSError as error:
        log.error("why it ended is not noted: %s", error)


def take_fault(path: Path) -> str | None:
    """What the last process left, once; None if it ended in order."""
    try:
        with path.open("rb") as file:
            detail = file.read(SIZE_MOST).decode(errors="replace")
    except OSError:
        return None
    with contextlib.suppress(OSError):  # it is shown again then, and that changes nothing
        path.unlink(missing_ok=True)
    return detail
