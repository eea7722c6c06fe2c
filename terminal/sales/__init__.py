# SPDX-License-Identifier: Apache-2.0
"""Sales while they are open: commands, the one place where a sale changes, and carrying effects out.

Reading order: arming, offline, open_dues, open_sales, commands, day_refunds, day, inquiries, after_the_end,
intent_url, effects.
"""

__all__ = [
    "after_the_end",
    "arming",
    "commands",
    "day",
    "effects",
    "inquiries",
    "intent_url",
    "offline",
    "open_dues",
    "open_sales",
]
