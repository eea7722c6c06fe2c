# SPDX-License-Identifier: Apache-2.0
"""`make ha`: the backend on three PostgreSQL, killed and cut off under load, and counted to the cent.

Reading order: configuration, faults, judging, software, child, network, cluster, workers, payers, tills, rehearsal.

The first three are pure. What it found and how to run such a cluster for real: docs/high-availability.md.
"""

__all__ = []
