# SPDX-License-Identifier: Apache-2.0
"""What the operator wants of this terminal: whether it may sell, and what it is to do.

Reading order: last_heard, standing, orders, told_alarms.
"""

__all__ = ["last_heard", "orders", "standing", "told_alarms"]
