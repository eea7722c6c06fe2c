# SPDX-License-Identifier: Apache-2.0
"""Ways in which a payment arrives: by tap, by page, from a friend, for a due.

Reading order: payments, straight_through, straight_statements, claims, means, page_payments, page_reports,
request_bounds, payment_requests, due_payments, reviews, decisions.
"""

__all__ = [
    "decisions",
    "due_payments",
    "means",
    "page_payments",
    "page_reports",
    "payment_requests",
    "payments",
    "reviews",
    "straight_through",
]
