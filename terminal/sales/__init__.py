# SPDX-License-Identifier: Apache-2.0
"""Sales while they are open: commands, the one place where a sale changes, and carrying effects out.

Reading order: arming, offline, open_dues, open_sales, day_refunds, day, limits, commands, inquiries,
after_the_end, intent_url, effects.
"""

__all__ = [
    "after_the_end",
    "arming",
    "commands",
    "day",
    "effects",
    "inquiries",
    "intent_url",
    "limits",
    "offline",
    "open_dues",
    "open_sales",
]
