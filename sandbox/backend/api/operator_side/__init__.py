# SPDX-License-Identifier: Apache-2.0
"""Routes of the operator side: what they need, what is written down of them, what they do.

Reading order: operator_route, operators_api, admin_api, reviews_api, postings_api, imports.
"""

__all__ = ["admin_api", "operators_api", "postings_api", "reviews_api"]
