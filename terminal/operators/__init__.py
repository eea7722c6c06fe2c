# SPDX-License-Identifier: Apache-2.0
"""Operators at this terminal: signing in with a PIN, and what a signed-in person may. Source: local API, *Operators*.

Reading order: tries, sessions.
"""

__all__ = ["sessions", "tries"]
