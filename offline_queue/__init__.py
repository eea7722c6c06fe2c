# SPDX-License-Identifier: Apache-2.0
"""Durable truth: the append-only, hash-chained journal and the drainer that sends it."""
