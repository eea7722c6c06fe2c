# SPDX-License-Identifier: Apache-2.0
"""Money moves: booking a payment, cancelling, refunding, and what ends by itself in time.

Reading order: booking, cancel, refunds, sweep.
"""

__all__ = ["booking", "cancel", "refunds", "sweep"]
