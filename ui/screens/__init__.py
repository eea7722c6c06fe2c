# SPDX-License-Identifier: Apache-2.0
"""The screens of selling, each a pure function of what is known to a canvas. Which one is shown: `ui.projection`.

Reading order: amount, large_amount, code, lists, notice, pin, present, queue, result, progress, receipt.
"""

__all__ = [
    "amount",
    "code",
    "large_amount",
    "lists",
    "notice",
    "pin",
    "present",
    "progress",
    "queue",
    "receipt",
    "result",
]
