# SPDX-License-Identifier: Apache-2.0
"""The device key in a file: made once, closed to others, replaced in one step."""

import errno
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from pengpos.core.errors import ConfigError
from pengpos.keys.file import FileKey
from pengpos.wire.encoding.keys import PublicKey

NONE = serialization.NoEncryption()
PEM, PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "device.pem"


def test_is_made_once_and_found_again(path: Path) -> None:
    made = FileKey.load_or_create(path)
    assert FileKey.load_or_create(path).public_point == made.public_point
    assert FileKey.load(path).public_point == made.public_point
    PublicKey.of(made).verify(FileKey.load(path).sign(b"data"), b"data")


def test_is_closed_to_others_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        FileKey.load_or_create(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_leaves_nothing_else_behind(path: Path) -> None:
    FileKey.load_or_create(path)
    assert [entry.name for entry in path.parent.iterdir()] == ["device.pem"]


def test_two_that_start_at_once_get_the_same_key(path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: FileKey.load_or_create(path).public_point, range(8)))
    assert len(set(keys)) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610, 0o601])
def test_refuses_a_key_open_to_others_and_says_how_to_mend(path: Path, mode: int) -> None:
    FileKey.load_or_create(path)
    path.chmod(mode)
    with pytest.raises(ConfigError) as refused:
        FileKey.load_or_create(path)
    assert refused.value.where == str(path)
    assert refused.value.way_out == f"Run: chmod 600 {path}"
    path.chmod(0o600)
    assert FileKey.load(path).path == path


def test_refuses_another_users_key(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FileKey.load_or_create(path)
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    if owner == 0:  # a root-owned file is what systemd hands to a service
        os.chown(path, 4712, -1)
    with pytest.raises(ConfigError, match="another user"):
        FileKey.load(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"-----BEGIN PRIVATE KEY-----\n",
        b"\x00" * 5_000,
        ec.generate_private_key(ec.SECP384R1()).private_bytes(PEM, PKCS8, NONE),
        ed25519.Ed25519PrivateKey.generate().private_bytes(PEM, PKCS8, NONE),
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            PEM, PKCS8, serialization.BestAvailableEncryption(b"secret")
        ),
    ],
    ids=["empty", "half", "zeros", "P-384", "Ed25519", "encrypted"],
)
def test_refuses_what_is_no_key_and_leaves_it_as_it_is(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700)
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="P-256"):
        FileKey.load_or_create(path)
    assert path.read_bytes() == content


def make_a_directory(path: Path) -> None:
    path.mkdir(parents=True)


def make_the_parent_a_file(path: Path) -> None:
    path.parent.write_bytes(b"")


@pytest.mark.parametrize("spoil", [make_a_directory, make_the_parent_a_file])
def test_an_unusable_place_is_a_setting_that_is_wrong(path: Path, spoil: Callable[[Path], None]) -> None:
    spoil(path)
    with pytest.raises(ConfigError):
        FileKey.load_or_create(path)


def test_a_full_medium_leaves_nothing_half_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(ConfigError, match="No space left"):
        FileKey.load_or_create(path)
    assert list(path.parent.iterdir()) == []


def test_a_missing_key_is_never_made_by_load(path: Path) -> None:
    with pytest.raises(ConfigError, match="missing"):
        FileKey.load(path)
    assert not path.exists()


def test_rotation_keeps_the_old_key_until_the_new_one_takes_its_place(path: Path) -> None:
    old = FileKey.load_or_create(path)
    new = FileKey.successor(path)
    assert new.public_point != old.public_point
    assert FileKey.load(path).public_point == old.public_point
    assert FileKey.successor(path).public_point == new.public_point  # a broken-off renewal goes on with the same key
    replaced = FileKey.replace(path)
    assert replaced.path == path
    assert replaced.public_point == FileKey.load(path).public_point == new.public_point
    assert [entry.name for entry in path.parent.iterdir()] == ["device.pem"]


@pytest.mark.parametrize("spoil", [False, True], ids=["no successor", "a spoilt successor"])
def test_nothing_is_replaced_by_nothing(path: Path, spoil: bool) -> None:
    old = FileKey.load_or_create(path)
    if spoil:
        beside = FileKey.successor(path).path
        beside.write_bytes(b"")
    with pytest.raises(ConfigError):
        FileKey.replace(path)
    assert FileKey.load(path).public_point == old.public_point
