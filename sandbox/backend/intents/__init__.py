# SPDX-License-Identifier: Apache-2.0
"""Intents and how they stand: registered, claimed, paid, final, due.

Reading order: intents, reports, event_data, dues, finality, test_amounts.
"""

__all__ = ["dues", "event_data", "finality", "intents", "reports", "test_amounts"]
