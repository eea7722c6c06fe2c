# SPDX-License-Identifier: Apache-2.0
"""Rows read from a damaged journal past SQLite: page by page, each by its own HMAC.

Reading order: pages, leaves, salvage.
"""

__all__ = ["salvage"]
