# SPDX-License-Identifier: Apache-2.0
"""What this machine calls itself, so that a terminal can be found among many. Nothing here identifies a person."""

import platform
from pathlib import Path

from pengpos.names import mended, unfit

SIZE_MOST = 80
_PLACES = {
    "serial": ("proc/device-tree/serial-number", "sys/class/dmi/id/product_serial"),
    "model": ("proc/device-tree/model", "sys/class/dmi/id/product_name"),
}


def serial_and_model(root: Path = Path("/")) -> tuple[str, str]:
    """Of a Raspberry Pi by its device tree, of a PC by its firmware; else the host's name and architecture."""
    return (
        _first(root, _PLACES["serial"]) or mended(platform.node(), most=SIZE_MOST) or "unknown",
        _first(root, _PLACES["model"]) or mended(platform.machine(), most=SIZE_MOST) or "unknown",
    )


def _first(root: Path, places: tuple[str, ...]) -> str:
    """The first that can be read and says something; the device tree ends its strings in a zero byte."""
    for place in places:
        try:
            text = (root / place).read_bytes().decode("utf-8", "replace").strip("\0 \n")
        except OSError:
            continue
        if unfit(text) is None:
            return mended(text, most=SIZE_MOST)
    return ""
