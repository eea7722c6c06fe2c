# SPDX-License-Identifier: Apache-2.0
"""What the screen knows and is typed into it, as frozen values; and the calls that follow.

Reading order: calls, entry, local, items, sales.
"""

__all__ = ["calls", "entry", "items", "local", "sales"]
