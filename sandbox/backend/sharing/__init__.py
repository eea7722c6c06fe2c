# SPDX-License-Identifier: Apache-2.0
"""Money that several people share: purses and splits.

Reading order: acquaintances, purses, splits.
"""

__all__ = ["acquaintances", "purses", "splits"]
