# SPDX-License-Identifier: Apache-2.0
"""Asks a PC/SC service, in a process of its own, until it offers the readers named on the command line.

`python -m sandbox.phone.field.reader_probe DEADLINE_S NAME…` exits with 0 once it does, with 1 and what it saw instead
when the time is over. A process of its own because libpcsclite keeps the first socket it was given until it ends.
"""

import sys
import time

from smartcard import scard

_PAUSE_S = 0.02


def main(arguments: list[str]) -> int:
    """Run the probe; the exit status."""
    deadline_s = time.monotonic() + float(arguments[0])
    wanted = set(arguments[1:])
    while True:
        seen = _readers()
        if wanted <= set(seen):
            return 0
        if time.monotonic() > deadline_s:
            sys.stderr.write(f"readers offered: {', '.join(seen) or 'none'}\n")
            return 1
        time.sleep(_PAUSE_S)


def _readers() -> list[str]:
    status, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    if status != scard.SCARD_S_SUCCESS:
        return []
    try:
        status, names = scard.SCardListReaders(context, [])
        return list(names) if status == scard.SCARD_S_SUCCESS else []
    finally:
        scard.SCardReleaseContext(context)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
