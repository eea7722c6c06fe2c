# SPDX-License-Identifier: Apache-2.0
"""The terminal's side of the backend: gateway, link, documents, heartbeat, renewal and events.

Reading order: denylist, gateway, link, events, heartbeat, renewal, stored_denylist, upkeep.
"""

__all__ = ["events", "gateway", "heartbeat", "link", "renewal", "upkeep"]
