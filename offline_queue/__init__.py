# SPDX-License-Identifier: Apache-2.0
"""Durable truth: the append-only, hash-chained journal and the drainer that sends it.

Reading order: words, values, lease, port, retries, records, journal, salvage, memory, sync, export, printing, cli.
"""

__all__ = ["cli", "export", "journal", "port", "records", "retries", "sync", "values"]
