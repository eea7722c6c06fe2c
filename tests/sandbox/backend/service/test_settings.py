# SPDX-License-Identifier: Apache-2.0
"""The file of settings: what it may say, and that everything else is refused by the name of its member."""

from pathlib import Path

import pytest

from pengpos.core.errors import ConfigError
from sandbox.backend.service.settings import SIZE_MOST, Place, ServiceSettings, check_database, read_settings

ORIGIN = 'origin = "https://pay.example.cn"\n'


def read(directory: Path, content: str) -> ServiceSettings:
    file = directory / "backend.toml"
    file.write_text(content)
    return read_settings(file)


def test_only_the_origin_must_be_said(tmp_path: Path) -> None:
    settings = read(tmp_path, ORIGIN)
    assert (settings.public_place, settings.operations_place) == (Place("127.0.0.1", 8480), Place("127.0.0.1", 8481))
    assert (settings.database, settings.log, settings.stop_within_s) == (None, "json", 20)


def test_all_of_it(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        'origin = "http://127.0.0.1:8480"\nlisten = "[::1]:80"\noperations = "10.0.0.7:9000"\nlog = "text"\n'
        'trusted_proxies = ["10.0.0.0/24", "::1"]\ndatabase = "postgresql+psycopg://pp@db/pp"\nstop_within_s = 5\n',
    )
    assert (settings.public_place, settings.operations_place) == (Place("::1", 80), Place("10.0.0.7", 9000))
    assert settings.database == "postgresql+psycopg://pp@db/pp"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "missing required field `origin`"),
        (ORIGIN + "colour = 1\n", "unknown field `colour`"),
        (ORIGIN + 'stop_within_s = "20"\n', "$.stop_within_s"),
        (ORIGIN + "stop_within_s = 0\n", "$.stop_within_s"),
        (ORIGIN + 'log = "xml"\n', "$.log"),
        (ORIGIN + ORIGIN, "overwrite"),
        ("origin =", "nvalid"),
        ('origin = "pay.example.cn"', ": origin: no address of the web"),
        ('origin = "https://u:p@pay.example.cn"', "more than an address"),
        ('origin = "https://pay.example.cn/shop"', "more than an address"),
        ('origin = "https://pay.example.cn:port"', ": origin: "),
        ('origin = "http://pay.example.cn"', "money does not travel by http"),
        (ORIGIN + 'listen = "8480"', ": listen: '8480' is no address and port"),
        (ORIGIN + 'listen = "::1:8480"', ": listen: "),
        (ORIGIN + 'listen = "127.0.0.1:65536"', ": listen: "),
        (ORIGIN + 'operations = "127.0.0.1:8480"', ": operations: it is where shoppers are"),
        (ORIGIN + 'trusted_proxies = ["proxy"]', ": trusted_proxies: "),
        (ORIGIN + 'database = "mysql://db/pp"', ": database: it is of none of"),
        (ORIGIN + 'database = "?"', ": database: it is no URL"),
        (ORIGIN + 'database = "postgresql+psycopg://pp:secret@db/pp"', ": database: it holds a password"),
        (ORIGIN + "#" * SIZE_MOST, f"more than {SIZE_MOST} bytes"),
    ],
)
def test_anything_else_is_refused(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, content)
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


def test_bytes_that_are_no_text_and_no_file_at_all(tmp_path: Path) -> None:
    (tmp_path / "backend.toml").write_bytes(b"origin = \xff")
    for name in ("backend.toml", "nowhere.toml"):
        with pytest.raises(ConfigError, match=name):
            read_settings(tmp_path / name)


def test_what_is_wrong_with_a_url_is_said_without_it() -> None:
    with pytest.raises(ValueError, match="no URL") as caught:
        check_database("postgresql+psycopg://pp:secret@db:port/pp")
    assert "secret" not in str(caught.value)
