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
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import msgspec

from pengpos.backend_api.proxies import proxy_of
from pengpos.core.errors import ConfigError
from terminal.device import words

PATH_MOST_BYTES: Final = 4_095
"""PATH_MAX of Linux, without the end."""
ADDRESS_MOST_BYTES: Final = 800
"""Less than fits a tag's message (`drivers.tags.ndef.MESSAGE_MOST`): a longer one would be an empty tag."""

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
        for name, file in _files_in(settings):
            if not file.startswith("/") or not file.isprintable() or len(file.encode()) > PATH_MOST_BYTES:
                raise ConfigError(name, words.NO_WHOLE_PATH.said(), words.SETTINGS_LISTED.said())
        if (address := settings.tag.shop_address) is not None and not _is_address(address):
            detail = words.NO_SHOP_ADDRESS.said(bytes=ADDRESS_MOST_BYTES)
            raise ConfigError("[tag] shop_address", detail, words.SETTINGS_LISTED.said())
    except ConfigError as error:
        raise ConfigError(
            str(path), words.SETTING_WRONG.said(name=error.where, detail=error.detail), error.way_out
        ) from None
    return settings


def _files_in(settings: Settings) -> Iterator[tuple[str, str]]:
    """What is a path in it: another for each directory that a program is started in, were it not a whole one."""
    if settings.mirror is not None:
        yield "[mirror] directory", settings.mirror.directory
    if settings.tag.chip is not None:
        yield "[tag] chip", settings.tag.chip
    for port in settings.readers.serial_ports:
        yield "[readers] serial_ports", port


def _is_address(text: str) -> bool:
    """What a phone opens that reads the tag, and what fits on one."""
    try:
        host = urlsplit(text).hostname
    except ValueError:
        return False
    fits = len(text.encode()) <= ADDRESS_MOST_BYTES
    return text.startswith("https://") and bool(host) and fits and text.isprintable() and " " not in text
