# SPDX-License-Identifier: Apache-2.0
"""What each part of the backend is given: context, event streams, threads, alarms.

Reading order: context, kept, limits, nonces, hub, threads, event_statements, events, alarms.
"""

__all__ = ["alarms", "context", "events", "hub", "kept", "limits", "threads"]
