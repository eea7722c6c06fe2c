# SPDX-License-Identifier: Apache-2.0
"""What a payment is, purely: money, sale, machine, risk, ports, errors. No clock, file, thread or library.

Reading order: authority, confirmation, currencies, money, ports, reasons, risk, times, uuid7, errors, sale,
business_day, events, effects, machine.
"""

__all__ = [
    "authority",
    "business_day",
    "confirmation",
    "currencies",
    "effects",
    "errors",
    "events",
    "machine",
    "money",
    "ports",
    "reasons",
    "risk",
    "sale",
    "times",
    "uuid7",
]
