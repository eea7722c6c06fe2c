# SPDX-License-Identifier: Apache-2.0
"""Rows of the journal as bytes: codec, hash chain, facts. Pure.

Reading order: chain, codec, packing, facts, rows.
"""

__all__ = ["chain", "codec", "facts", "packing", "rows"]
