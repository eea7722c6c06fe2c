# SPDX-License-Identifier: Apache-2.0
"""What screens are made of: text, shapes, buttons, keypad.

Reading order: canvas, amount, bar, button, ledger, strip, split, stages, day_turner, keypad.
"""

__all__ = ["amount", "bar", "button", "canvas", "day_turner", "keypad", "ledger", "split", "stages", "strip"]
