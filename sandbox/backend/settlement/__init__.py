# SPDX-License-Identifier: Apache-2.0
"""Settlement per business date, and who has funded what of it.

Reading order: funded, settlements.
"""

__all__ = ["funded", "settlements"]
