# SPDX-License-Identifier: Apache-2.0
"""The device: the daemon of one terminal, in rooms, and the commands that start it.

Reading order: cli, console, device, parent, standing, sales, backend, operators, taps, api, wiring, app, delivery,
serving, commands.
"""

__all__ = ["app", "backend", "cli", "console", "device", "parent", "sales", "serving", "taps", "wiring"]
