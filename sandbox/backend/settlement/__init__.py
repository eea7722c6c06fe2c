# SPDX-License-Identifier: Apache-2.0
"""Settlement per business date.

Reading order: settlements.
"""

__all__ = ["settlements"]
