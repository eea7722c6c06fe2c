# SPDX-License-Identifier: Apache-2.0
"""The currencies of ISO 4217: decimals, sign, cash, names. The one table that every program and page writes money by.

Reading order: table, currency.
"""

__all__ = ["currency"]
