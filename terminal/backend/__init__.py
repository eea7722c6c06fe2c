# SPDX-License-Identifier: Apache-2.0
"""The terminal's side of the backend: endings, answers, gateway, link, documents, heartbeat, renewal and events.

Reading order: denylist, endings, shown, answers, gateway, link, events, heartbeat, renewal, confirmation_secret,
stored_denylist, upkeep.
"""

__all__ = ["answers", "confirmation_secret", "endings", "events", "gateway", "heartbeat", "link", "renewal", "upkeep"]
