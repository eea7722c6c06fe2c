# SPDX-License-Identifier: Apache-2.0
"""Terminals: enrolment, policy, denylist, heartbeat.

Reading order: denylist, heartbeat, policy, enrolment.
"""

__all__ = ["denylist", "enrolment", "heartbeat", "policy"]
