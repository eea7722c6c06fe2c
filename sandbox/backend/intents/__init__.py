# SPDX-License-Identifier: Apache-2.0
"""Intents and how they stand: registered, claimed, paid, final, due.

Reading order: intents, reports, event_data, dues, finality, trial_amounts.
"""

__all__ = ["dues", "event_data", "finality", "intents", "reports", "trial_amounts"]
