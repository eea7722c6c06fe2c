# SPDX-License-Identifier: Apache-2.0
"""The state of the screen as frozen values: what it knows, what is typed into it, and the calls that follow.

Reading order: calls, entry, pin, office, local, typing, asking, items, sales.
"""

__all__ = ["asking", "calls", "entry", "items", "local", "office", "pin", "sales", "typing"]
