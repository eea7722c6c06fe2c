# SPDX-License-Identifier: Apache-2.0
"""Terminals: enrolment, policy, denylist, heartbeat, who was revoked; the merchants and stores they belong to.

Reading order: enrolment, confirmation, policy, denylist, heartbeat, operators, bounds, merchants, held_orders,
suspicion, revoked, standing.
"""

__all__ = [
    "bounds",
    "confirmation",
    "denylist",
    "enrolment",
    "heartbeat",
    "held_orders",
    "merchants",
    "operators",
    "policy",
    "revoked",
    "standing",
    "suspicion",
]
