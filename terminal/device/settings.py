# SPDX-License-Identifier: Apache-2.0
"""The technician's settings of one device: `pengpos.toml` beside the journal. No file: all defaults.

[backend]
proxy = "http://proxy:3128"      # an HTTP proxy that leads to the backend; absent: none, whatever the environment says

[mirror]
directory = "/media/pengpos"     # where a second copy of each stored payment goes; absent: no second copy

[readers]
serial_ports = ["/dev/serial0"]  # where a PN532 hangs on a UART's pins; those on USB are found without
include = ["OMNIKEY 5422"]       # used though name or card says that no phone can be held to it; a part of the name
exclude = ["label printer"]      # left alone, not even asked what it is; a part of the name

[tag]
chip = "/dev/i2c-1"              # the bus with an NTAG I2C plus; absent: none
pn53x = true                     # let PN53x readers play a tag between polls
shop_address = "https://…"       # what it says while there is no sale
"""

import tomllib
from pathlib import Path
from typing import Annotated, Any

import msgspec

from pengpos.backend_api.proxies import proxy_of
from pengpos.core.errors import ConfigError
from terminal.device import words

ReaderName = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
"""A part of a reader's name; an empty one would be in each."""


class BackendSettings(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The way to the backend."""

    proxy: str | None = None


class MirrorSettings(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The second medium."""

    directory: str


class ReaderSettings(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Readers that no plug tells of, and which of those there are to use."""

    serial_ports: tuple[str, ...] = ()
    include: tuple[ReaderName, ...] = ()
    exclude: tuple[ReaderName, ...] = ()


class TagSettings(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What phones that read find."""

    chip: str | None = None
    pn53x: bool = False
    shop_address: str | None = None


class Settings(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Everything a technician may set."""

    backend: BackendSettings = BackendSettings()
    mirror: MirrorSettings | None = None
    readers: ReaderSettings = ReaderSettings()
    tag: TagSettings = TagSettings()


def read_settings(path: Path) -> Settings:
    """Read the file. Raises ConfigError, naming the line or the setting, rather than guess."""
    try:
        raw: dict[str, Any] = tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        return Settings()
    except PermissionError:
        raise  # of another user: there is nothing to mend in it
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, OSError) as error:
        raise ConfigError(str(path), words.NOT_READABLE.said(why=error), words.MEND_SETTINGS.said()) from error
    try:
        settings = msgspec.convert(raw, Settings)
    except msgspec.ValidationError as error:
        raise ConfigError(str(path), str(error), words.SETTINGS_LISTED.said()) from error
    try:
        proxy_of(settings.backend.proxy)
    except ConfigError as error:
        raise ConfigError(
            str(path), words.SETTING_WRONG.said(name=error.where, detail=error.detail), error.way_out
        ) from None
    return settings
