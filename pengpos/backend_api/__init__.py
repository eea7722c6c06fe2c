# SPDX-License-Identifier: Apache-2.0
"""The backend API over HTTP: the one place that turns transport trouble into outcomes. Decides nothing.

Reading order: messages, operators, limits, proxies, roots, signing, signed_answer, settlement_digest,
answer_bytes, calls, names_loop, one_call.
"""

__all__ = [
    "calls",
    "limits",
    "messages",
    "names_loop",
    "one_call",
    "operators",
    "proxies",
    "roots",
    "settlement_digest",
    "signed_answer",
    "signing",
]
