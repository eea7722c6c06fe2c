# SPDX-License-Identifier: Apache-2.0
"""Scenes as values and their pixels: type, shapes, QR codes, painting. Opens no display.

Reading order: qr, scene, writing, system_fonts, faces, shapes, raster, typeset, paint.
"""

__all__ = ["faces", "paint", "qr", "scene", "shapes", "system_fonts", "typeset", "writing"]
