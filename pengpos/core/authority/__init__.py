# SPDX-License-Identifier: Apache-2.0
"""Authority at the counter: which person may have the terminal do what, and what nobody may. Source: local API.

Reading order: roles, limits.
"""

__all__ = ["limits", "roles"]
