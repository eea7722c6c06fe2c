# SPDX-License-Identifier: Apache-2.0
"""The backend API over HTTP: the one place that turns transport trouble into outcomes. Decides nothing.

Reading order: messages, operators, limits, roots, signing, clock_answer, calls.
"""

__all__ = ["calls", "limits", "messages", "operators", "roots", "signing"]
