# SPDX-License-Identifier: Apache-2.0
"""Scenes as values and their pixels: type, shapes, QR codes, painting. Opens no display.

Reading order: qr, scene, faces, shapes, raster, typeset, paint.
"""

__all__ = ["paint", "qr", "scene", "shapes", "typeset"]
