# SPDX-License-Identifier: Apache-2.0
"""What screens are made of: text, shapes, buttons, keypad.

Reading order: canvas, amount, bar, button, ledger, strip, split, keypad.
"""

__all__ = ["amount", "bar", "button", "canvas", "keypad", "ledger", "split", "strip"]
