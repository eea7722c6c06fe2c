# SPDX-License-Identifier: Apache-2.0
"""Authority at the counter: which person may have the terminal do what. Source: local API, *Operators*.

Reading order: roles.
"""

__all__ = ["roles"]
