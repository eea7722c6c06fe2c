# SPDX-License-Identifier: Apache-2.0
"""Scenes as values and their pixels: type, shapes, QR codes, painting. Opens no display."""
