# SPDX-License-Identifier: Apache-2.0
"""`pengpos bench`: what things cost on this machine, beside their floor and their peers.

Reading order: queue_contenders, screen, start, sync, tap_parts, queue, soak, tap, tap_beside_lists,
backend_parties, backend, cli.
"""

__all__ = ["backend_parties"]
