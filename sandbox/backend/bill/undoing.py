# SPDX-License-Identifier: Apache-2.0
"""Says what of each line a refund undoes: in proportion, to the minor unit, whatever came before it.

Source: backend API, *The bill*, refunds.
"""

from collections.abc import Mapping, Sequence

from sandbox.backend.bill.lines import BillLine, funded


def back_minor(line_minor: int, refunded_minor: int, taken_minor: int) -> int:
    """What of a line has come back once so much of what was taken has been refunded in all.

    It hangs on the sum of the refunds alone, so their number and order make no difference; it never shrinks while that
    grows; and with the last of the money all of the line is back. Rounded down for each line by itself: by largest
    remainders over all lines a line could have to give back again what it got before (the Alabama paradox).
    """
    return line_minor if refunded_minor == taken_minor else line_minor * refunded_minor // taken_minor


def undone(
    lines: Sequence[BillLine], before: Mapping[str, int], refunded_minor: int, taken_minor: int
) -> list[BillLine]:
    """What the newest refund undoes of each funded line, above zero. `before`: by place and source what came back."""
    found = list[BillLine]()
    for line, funder in funded(lines):
        minor = back_minor(-line.amount_minor, refunded_minor, taken_minor) - before.get(place_of(line), 0)
        if minor > 0:
            found.append(
                BillLine(kind=line.kind, amount_minor=minor, source=line.source, name=line.name, funder=funder)
            )
    return found


def place_of(line: BillLine) -> str:
    """What names a line within its bill: there is one campaign, and each voucher once."""
    return f"{line.kind.value}:{line.source}"
