# SPDX-License-Identifier: Apache-2.0
"""What each part of the backend is given: context, event streams, alarms.

Reading order: context, hub, events, alarms.
"""

__all__ = ["alarms", "context", "events", "hub"]
