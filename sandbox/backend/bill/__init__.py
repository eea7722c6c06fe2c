# SPDX-License-Identifier: Apache-2.0
"""Prices a bill: what campaigns, vouchers and a tip make of the goods, who funds each line, what a refund undoes.

Pure: integers in minor units, time and randomness as arguments, no database.

Reading order: lines, campaigns, pricing, undoing.
"""

__all__ = ["campaigns", "lines", "pricing", "undoing"]
