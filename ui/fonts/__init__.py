# SPDX-License-Identifier: Apache-2.0
"""The font files of the screen, cut by `scripts/build_fonts.py`. Licence: OFL.txt beside them."""

from pathlib import Path

__all__ = ["FOLDER"]


FOLDER = Path(__file__).parent
