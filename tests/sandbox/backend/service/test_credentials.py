# SPDX-License-Identifier: Apache-2.0
"""Secrets: given by systemd, made where they are not, and never in the words of a refusal."""

from functools import partial
from pathlib import Path

import pytest

from pengpos.core.errors import ConfigError
from pengpos.keys.file import FileKey
from sandbox.backend.service.credentials import ADMIN_TOKEN, DATABASE_URL, ISSUER, check_credentials, read_credentials
from sandbox.backend.service.settings import ServiceSettings

SETTINGS = ServiceSettings(origin="https://pay.example.cn")
TOKEN = "an administrator's token, long enough"
URL = "postgresql+psycopg://pp:s3cr3t@db/pp"


@pytest.fixture
def given(tmp_path: Path) -> Path:
    directory = tmp_path / "credentials"
    directory.mkdir()
    return directory


@pytest.fixture
def state(tmp_path: Path) -> Path:
    directory = tmp_path / "state"
    directory.mkdir(mode=0o700)
    return directory


def test_without_credentials_they_are_made_once(state: Path) -> None:
    first = read_credentials(SETTINGS, state, {})
    again = read_credentials(SETTINGS, state, {})
    assert first.database_url == f"sqlite:///{state}/backend.db"
    assert (again.admin_token, again.issuer.public_point) == (first.admin_token, first.issuer.public_point)


def test_a_look_makes_nothing(state: Path) -> None:
    check_credentials(state, {})
    assert list(state.iterdir()) == []
    read_credentials(SETTINGS, state, {})
    check_credentials(state, {})
    (state / ISSUER).write_bytes(b"no key")
    with pytest.raises(ConfigError, match=ISSUER):
        check_credentials(state, {})


def test_what_systemd_gives_goes_before_all_else(state: Path, given: Path) -> None:
    key = FileKey.load_or_create(given / ISSUER)
    (given / ISSUER).chmod(0o440)  # as an ACL for the service shows
    (given / ADMIN_TOKEN).write_text(TOKEN + "\n")
    (given / DATABASE_URL).write_text(URL + "\n")
    found = read_credentials(SETTINGS, state, {"CREDENTIALS_DIRECTORY": str(given)})
    assert (found.admin_token, found.database_url) == (TOKEN, URL)
    assert found.issuer.public_point == key.public_point
    assert list(state.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (ISSUER, b"no key", "issuer.pem"),
        (ADMIN_TOKEN, b"s3cr3t", "can be guessed"),
        (ADMIN_TOKEN, b"\xff" * 40, "no text"),
        (DATABASE_URL, b"s3cr3t", "no URL"),
        (DATABASE_URL, b"mysql://u:s3cr3t@db/pp", "of none of"),
        (DATABASE_URL, b"x" * 9_000, "more than"),
    ],
)
def test_one_that_is_wrong_is_refused_by_its_name(
    state: Path, given: Path, name: str, content: bytes, said: str
) -> None:
    (given / name).write_bytes(content)
    (given / name).chmod(0o400)
    environment = {"CREDENTIALS_DIRECTORY": str(given)}
    for read in (partial(read_credentials, SETTINGS), check_credentials):
        with pytest.raises(ConfigError) as caught:
            read(state, environment)
        assert name in caught.value.where
        assert said in str(caught.value)
        assert "s3cr3t" not in str(caught.value)


def test_a_key_that_others_can_read_is_refused(state: Path, given: Path) -> None:
    FileKey.load_or_create(given / ISSUER)
    (given / ISSUER).chmod(0o444)
    with pytest.raises(ConfigError, match="issuer"):
        read_credentials(SETTINGS, state, {"CREDENTIALS_DIRECTORY": str(given)})
