# SPDX-License-Identifier: Apache-2.0
"""A payment backend and phones to develop, show and test against. Never on a device that sells.

Reading order: pages, phone, backend, simulator, cli.
"""

__all__ = ["pages", "phone", "simulator"]
