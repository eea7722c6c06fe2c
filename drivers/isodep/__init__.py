# SPDX-License-Identifier: Apache-2.0
"""ISO/IEC 14443-4 block protocol: answer to select, the card's side and the reader's side.

Reading order: ats, card, reader.
"""

__all__ = ["ats", "card", "reader"]
