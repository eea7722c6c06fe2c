# SPDX-License-Identifier: Apache-2.0
"""Money that several people share: purses and splits.

Reading order: purses, splits.
"""

__all__ = ["purses", "splits"]
