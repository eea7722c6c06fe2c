# SPDX-License-Identifier: Apache-2.0
"""`pengpos.toml`: what it may say, and a clear error that names the line or the setting. Source: technicians' page."""

from pathlib import Path

import pytest

from pengpos.core.errors import ConfigError
from terminal.device.settings import (
    BackendSettings,
    MirrorSettings,
    ReaderSettings,
    Settings,
    TagSettings,
    read_settings,
)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "pengpos.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_all_is_as_usual(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "pengpos.toml") == Settings()


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("", Settings()),
        (
            '[backend]\nproxy = "http://shop:secret@proxy:3128"',
            Settings(backend=BackendSettings(proxy="http://shop:secret@proxy:3128")),
        ),
        ('[mirror]\ndirectory = "/media/店"', Settings(mirror=MirrorSettings(directory="/media/店"))),
        (
            '[readers]\nserial_ports = ["/dev/a", "/dev/b"]',
            Settings(readers=ReaderSettings(serial_ports=("/dev/a", "/dev/b"))),
        ),
        (
            '[readers]\ninclude = ["OMNIKEY"]\nexclude = ["YubiKey", "ttyUSB1"]',
            Settings(readers=ReaderSettings(include=("OMNIKEY",), exclude=("YubiKey", "ttyUSB1"))),
        ),
        ("[tag]\npn53x = true", Settings(tag=TagSettings(pn53x=True))),
        (
            '[tag]\nchip = "/dev/i2c-1"\nshop_address = "https://shop.example"',
            Settings(tag=TagSettings(chip="/dev/i2c-1", shop_address="https://shop.example")),
        ),
    ],
    ids=["empty", "proxy", "mirror", "readers", "which readers", "tag by a reader", "tag by a chip"],
)
def test_what_it_may_say(tmp_path: Path, text: str, settings: Settings) -> None:
    assert read_settings(written(tmp_path, text)) == settings


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[mirror]", "directory"),
        ('[backend]\nproxy = "socks5://proxy:1080"', "HTTP proxy"),
        ("[mirror]\ndirectory = 7", "mirror.directory"),
        ('[mirrors]\ndirectory = "/media"', "mirrors"),
        ('[tag]\nchips = "/dev/i2c-1"', "chips"),
        ("[tag]\npn53x = 1", "tag.pn53x"),
        ('[readers]\nserial_ports = "/dev/a"', "readers.serial_ports"),
        ('[mirror]\ndirectory = ""', "[mirror] directory"),
        ('[mirror]\ndirectory = "media/copy"', "[mirror] directory"),
        ('[mirror]\ndirectory = "/media/\\u0000"', "[mirror] directory"),
        (f'[mirror]\ndirectory = "/{"x" * 5_000}"', "[mirror] directory"),
        ('[tag]\nchip = "i2c-1"', "[tag] chip"),
        ('[readers]\nserial_ports = ["/dev/serial0", "ttyUSB0"]', "[readers] serial_ports"),
        ('[tag]\nshop_address = ""', "[tag] shop_address"),
        ('[tag]\nshop_address = "shop.example"', "[tag] shop_address"),
        ('[tag]\nshop_address = "javascript:alert(1)"', "[tag] shop_address"),
        ('[tag]\nshop_address = "https:///here"', "[tag] shop_address"),
        ('[tag]\nshop_address = "https://[::1"', "[tag] shop_address"),
        ('[tag]\nshop_address = "https://shop.example/\\n"', "[tag] shop_address"),
        (f'[tag]\nshop_address = "https://shop.example/{"x" * 800}"', "[tag] shop_address"),
        ("[tag\n", "line 1"),
        ("a = 1\na = 2", "not readable"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_guessed(tmp_path: Path, text: str, named: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        read_settings(path)
    assert named in str(caught.value)
    assert str(path) in str(caught.value)
    assert caught.value.way_out


def test_a_byte_order_mark_of_windows_is_no_part_of_it(tmp_path: Path) -> None:
    path = tmp_path / "pengpos.toml"
    path.write_bytes(b'\xef\xbb\xbf[mirror]\r\ndirectory = "/m"\r\n')
    assert read_settings(path) == Settings(mirror=MirrorSettings(directory="/m"))


def test_brackets_without_end_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not readable"):
        read_settings(written(tmp_path, "a = " + "[" * 5_000))


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "pengpos.toml"
    path.write_bytes('[mirror]\ndirectory = "é"'.encode("latin-1"))
    with pytest.raises(ConfigError, match="not readable"):
        read_settings(path)


def test_a_folder_in_its_place_is_named(tmp_path: Path) -> None:
    path = tmp_path / "pengpos.toml"
    path.mkdir()
    with pytest.raises(ConfigError, match="Is a directory"):
        read_settings(path)
