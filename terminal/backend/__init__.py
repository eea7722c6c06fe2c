# SPDX-License-Identifier: Apache-2.0
"""The terminal's side of the backend: gateway, link, documents, heartbeat, renewal and events."""
