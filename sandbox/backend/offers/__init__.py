# SPDX-License-Identifier: Apache-2.0
"""What is taken off a bill: vouchers, memberships, and the bill's lines.

Reading order: vouchers, bill.
"""

__all__ = ["bill", "vouchers"]
