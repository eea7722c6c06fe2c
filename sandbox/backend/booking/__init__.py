# SPDX-License-Identifier: Apache-2.0
"""Money moves: booking a payment, cancelling, refunding, and what falls due by time.

Reading order: booking, cancel, refunds, sweep.
"""

__all__ = ["booking", "cancel", "refunds", "sweep"]
