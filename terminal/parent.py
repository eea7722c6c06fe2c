# SPDX-License-Identifier: Apache-2.0
"""A process that was started by another of ours ends with it, however that one ended."""

import ctypes
import os
import signal
import sys
from typing import Final

PARENT: Final = "PENGPOS_PARENT"
"""Environment variable: the process id of the parent."""
_PR_SET_PDEATHSIG = 1  # prctl(2)


def end_with_parent() -> None:
    """Have the kernel end this process (SIGTERM) when the parent that started it is gone, killed or not."""
    parent = os.environ.pop(PARENT, None)
    if parent is None:
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != int(parent):  # it went before we could ask
        sys.exit(1)
