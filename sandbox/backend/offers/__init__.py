# SPDX-License-Identifier: Apache-2.0
"""What merchants offer shoppers: campaigns, vouchers, memberships; what a bill comes to by them, and how that is said.

Reading order: vouchers, memberships, campaigns, bills, line_items.
"""

__all__ = ["bills", "campaigns", "line_items", "memberships", "vouchers"]
