# SPDX-License-Identifier: Apache-2.0
"""Routes of the terminal, shopper and operator APIs, and who is calling. Nothing is decided here.

Reading order: caller, routing, problem_translation, rendering, terminal_api, batch, wallet_api, wallet_sharing_api,
admin_api, postings_api, reviews_api, imports, delivery.
"""

__all__ = [
    "admin_api",
    "delivery",
    "postings_api",
    "problem_translation",
    "reviews_api",
    "routing",
    "terminal_api",
    "wallet_api",
    "wallet_sharing_api",
]
