# SPDX-License-Identifier: Apache-2.0
"""Double entry: postings that add up to zero.

Reading order: ledger, statements.
"""

__all__ = ["ledger"]
