# SPDX-License-Identifier: Apache-2.0
"""The terminal's side of the backend: gateway, link, documents, heartbeat, renewal and events.

Reading order: gateway, link, stored_denylist, events, heartbeat, renewal, upkeep.
"""

__all__ = ["events", "gateway", "heartbeat", "link", "renewal", "upkeep"]
