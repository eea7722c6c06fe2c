# SPDX-License-Identifier: Apache-2.0
"""A complete payment backend: accounts, a double-entry ledger, the terminal, wallet and admin APIs.

Reading order: errors, bill, records, trust, kernel, operators, terminals, ledger, offers, sharing, intents, booking,
payments, people, settlement, contract, api, serving, service.
"""

__all__ = ["serving"]
