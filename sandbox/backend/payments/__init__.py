# SPDX-License-Identifier: Apache-2.0
"""Ways in which a payment arrives: by tap, batch, page, a friend, a due, an import.

Reading order: page_payments, due_payments, payment_requests, payments, batch, imports.
"""

__all__ = ["batch", "due_payments", "imports", "page_payments", "payment_requests", "payments"]
