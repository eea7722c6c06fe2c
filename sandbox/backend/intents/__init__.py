# SPDX-License-Identifier: Apache-2.0
"""Intents and how they stand: registered, claimed, paid, final, due.

Reading order: dues, magic, finality, views, intents.
"""

__all__ = ["dues", "finality", "intents", "magic", "views"]
