# SPDX-License-Identifier: Apache-2.0
"""Hardware that is not there: a PN532 on a pseudo-terminal, the air between it and phones, a tag chip on a bus.

For tests, and to try the readers where none is plugged in. What no simulation shows: radio timing, collisions, FIFO
limits, the moods of real firmware.

Reading order: reader, field, uart, board, pn532_target, pn532, ntag.
"""

__all__ = ["field", "pn532"]
