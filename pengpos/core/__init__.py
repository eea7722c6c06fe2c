# SPDX-License-Identifier: Apache-2.0
"""What a payment is, purely: money, sale, machine, risk, ports, errors. No clock, file, thread or library.

Reading order: denylist, money, ports, reasons, risk, times, uuid7, errors, sale, events, effects, machine.
"""

__all__ = [
    "denylist",
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
