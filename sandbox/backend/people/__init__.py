# SPDX-License-Identifier: Apache-2.0
"""Shoppers' accounts and their credentials.

Reading order: accounts, tokens.
"""

__all__ = ["accounts", "tokens"]
