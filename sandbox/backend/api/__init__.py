# SPDX-License-Identifier: Apache-2.0
"""Routes of the terminal, shopper and operator APIs, and who is calling.

Reading order: admin, caller, delivery, routing, admin_api, postings_api, terminal_api, wallet_api, wallet_social_api.
"""

__all__ = ["admin_api", "delivery", "postings_api", "routing", "terminal_api", "wallet_api", "wallet_social_api"]
