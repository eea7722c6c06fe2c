# SPDX-License-Identifier: Apache-2.0
"""A shop's counter in a browser: the terminal's screen and a virtual phone side by side, the books underneath.

Reading order: board, books, listening, moments, showing, actions, handset, line, shop, app, server.
"""

__all__ = ["board", "line", "server", "shop"]
