# SPDX-License-Identifier: Apache-2.0
"""Routes of the terminal, shopper and operator APIs, and who is calling. Nothing is decided here.

Reading order: request_head, admission, caller, routing, problem_translation, rendering, terminal_api, payment_route,
paying, batch, wallet_api, wallet_sharing_api, operator_side, delivery.
"""

__all__ = [
    "caller",
    "delivery",
    "operator_side",
    "problem_translation",
    "rendering",
    "request_head",
    "routing",
    "terminal_api",
    "wallet_api",
    "wallet_sharing_api",
]
