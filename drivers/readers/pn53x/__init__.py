# SPDX-License-Identifier: Apache-2.0
"""PN53x readers over nfcpy's drivers behind `core.ports.Reader`.

Reading order: errors, place, card, serial_port, link, presence_events, presence, reader, discovery.
"""

__all__ = ["discovery", "link", "place", "reader"]
