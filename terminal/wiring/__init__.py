# SPDX-License-Identifier: Apache-2.0
"""Wiring: a factory a room makes its parts once, from those of the rooms below. Decides nothing, starts nothing.

Reading order: surroundings, device, backend, orders, sales, api, taps.
"""

from terminal.wiring.surroundings import Readers, Surroundings

__all__ = ["Readers", "Surroundings", "api", "backend", "device", "orders", "sales", "surroundings", "taps"]
