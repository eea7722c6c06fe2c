# SPDX-License-Identifier: Apache-2.0
"""Money moves: booking a payment, cancelling, refunding, and what ends by itself in time.

Reading order: set_aside, funders, booking, given_back, cancel, refunds, sweep.
"""

__all__ = ["booking", "cancel", "funders", "given_back", "refunds", "set_aside", "sweep"]
