# SPDX-License-Identifier: Apache-2.0
"""What merchants offer shoppers: vouchers, memberships, campaigns; and the line items that show them.

Reading order: vouchers, memberships, line_items.
"""

__all__ = ["line_items", "memberships", "vouchers"]
