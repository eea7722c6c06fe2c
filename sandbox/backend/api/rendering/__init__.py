# SPDX-License-Identifier: Apache-2.0
"""Values of the rooms below as the shapes of the three APIs.

Reading order: endings, terminal, wallet, operator.
"""

__all__ = ["endings", "operator", "terminal", "wallet"]
