# SPDX-License-Identifier: Apache-2.0
"""Terminals: enrolment, policy, denylist, heartbeat; the merchants and stores they belong to.

Reading order: enrolment, policy, denylist, heartbeat, operators, merchants, held_orders.
"""

__all__ = ["denylist", "enrolment", "heartbeat", "held_orders", "merchants", "operators", "policy"]
