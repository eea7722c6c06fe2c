# SPDX-License-Identifier: Apache-2.0
"""QR codes as rows of modules, quiet zone included (ISO/IEC 18004; tap protocol §3: version 20 or less)."""

from functools import lru_cache

QUIET_ZONE = 4


@lru_cache(maxsize=8)
def modules(data: str) -> tuple[tuple[bool, ...], ...]:
    """Give the rows of dark and light modules. Long data gets the least correction, so that its modules stay large."""
    import segno  # 50 ms that only a sale with a code needs

    code = segno.make_qr(data, error="m" if len(data) < 120 else "l", boost_error=False)
    return tuple(tuple(bool(cell) for cell in row) for row in code.matrix_iter(scale=1, border=QUIET_ZONE))


def side_of(data: str, room_px: int) -> int:
    """Give the largest side ≤ room on which each module is a whole number of pixels."""
    count = len(modules(data))
    return max(1, room_px // count) * count
