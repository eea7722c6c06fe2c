# SPDX-License-Identifier: Apache-2.0
"""Bytes and wires: readers, tags, printer. Knows no money and no payment bytes.

Reading order: words, isodep, readers, tags, simulated.
"""

__all__ = ["readers", "simulated", "tags"]
