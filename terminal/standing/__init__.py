# SPDX-License-Identifier: Apache-2.0
"""What the operator wants of this terminal: whether it may sell, and what it is to do.

Reading order: standing, orders, told_alarms.
"""

__all__ = ["orders", "standing", "told_alarms"]
