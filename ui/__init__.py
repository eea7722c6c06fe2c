# SPDX-License-Identifier: Apache-2.0
"""Pixels: projects a snapshot to a screen, touches to calls. A client of the local API in its own process.

Reading order: actions, fonts, i18n, theme, drawing, state, display, sounds, widgets, screens, office,
projection, update, app, cli.
"""

__all__ = ["actions", "app", "display", "drawing", "i18n", "projection", "state", "theme"]
