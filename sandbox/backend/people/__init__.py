# SPDX-License-Identifier: Apache-2.0
"""Shoppers' accounts and their credentials.

Reading order: accounts.
"""

__all__ = ["accounts"]
