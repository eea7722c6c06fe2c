# SPDX-License-Identifier: Apache-2.0
"""A complete payment backend: accounts, a double-entry ledger, the terminal, wallet and admin APIs.

Reading order: records, contract, ledger, trust, kernel, offers, terminals, intents, people, sharing, booking,
settlement, payments, api, serving.
"""

__all__ = ["serving"]
