# SPDX-License-Identifier: Apache-2.0
"""The technician's settings of one device: `pengpos.toml` beside the journal. No file: all defaults.

[mirror]
directory = "/media/pengpos"     # where a second copy of each stored payment goes; absent: no second copy

[readers]
serial_ports = ["/dev/serial0"]  # where a PN532 hangs on a UART's pins; those on USB are found without
"""

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from terminal.core.errors import ConfigError


class MirrorSettings(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The second medium."""

    directory: str


class ReaderSettings(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Readers that no plug tells of."""

    serial_ports: tuple[str, ...] = ()


class Settings(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Everything a technician may set."""

    mirror: MirrorSettings | None = None
    readers: ReaderSettings = ReaderSettings()


def read_settings(path: Path) -> Settings:
    """Read the file. Raises ConfigError, naming the line or the setting, rather than guess."""
    try:
        raw: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return Settings()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(
            str(path), f"not readable ({error})", "Mend the file, or move it away for the defaults"
        ) from error
    try:
        return msgspec.convert(raw, Settings)
    except msgspec.ValidationError as error:
        raise ConfigError(str(path), str(error), "docs/technicians.md lists every setting") from error
