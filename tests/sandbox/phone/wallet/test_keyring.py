# SPDX-License-Identifier: Apache-2.0
"""The phone's keys: files closed to others, found by kid; a missing or damaged one is said, none is overwritten."""

import stat
from pathlib import Path

import pytest

from pengpos.core.errors import ConfigError
from pengpos.core.ports import Signer
from pengpos.wire.encoding.keys import PublicKey
from sandbox.phone.wallet import keyring as module
from sandbox.phone.wallet.keyring import KeyRing


def kid(signer: Signer) -> bytes:
    return PublicKey.of(signer).kid


def filled(directory: Path, count: int) -> list[bytes]:
    """The kids of so many new keys, all in use."""
    ring, held = KeyRing(directory), list[bytes]()
    for _ in range(count):
        held.append(kid(ring.unused(held)))
    return held


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_directory_and_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    directory = tmp_path / "phone" / "keys"
    filled(directory, 2)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {
        "00001.key": 0o600,
        "00002.key": 0o600,
    }


def test_keys_are_found_again_after_a_restart(tmp_path: Path) -> None:
    held = filled(tmp_path, 3)
    again = KeyRing(tmp_path)
    assert [kid(again.signer_of(one)) for one in held] == held
    assert again.signer_of(held[0]).sign(b"data") != again.signer_of(held[1]).sign(b"data")


def test_a_key_of_a_request_that_broke_off_is_used_before_a_new_one_is_made(tmp_path: Path) -> None:
    first, second = filled(tmp_path, 2)
    assert kid(KeyRing(tmp_path).unused([first])) == second
    assert names(tmp_path) == ["00001.key", "00002.key"]


def test_a_new_key_never_takes_the_name_of_a_lost_one(tmp_path: Path) -> None:
    held = filled(tmp_path, 3)
    (tmp_path / "00002.key").unlink()
    KeyRing(tmp_path).unused(held)
    assert names(tmp_path) == ["00001.key", "00003.key", "00004.key"]


def test_a_missing_key_is_said_with_its_kid(tmp_path: Path) -> None:
    (held,) = filled(tmp_path, 1)
    (tmp_path / "00001.key").unlink()
    with pytest.raises(ConfigError, match=f"{held.hex()} of a credential is missing"):
        KeyRing(tmp_path).signer_of(held)


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\n"], ids=["empty", "cut"])
def test_a_damaged_key_is_said_and_left_as_it_is(content: bytes, tmp_path: Path) -> None:
    filled(tmp_path, 2)
    damaged = tmp_path / "00001.key"
    damaged.write_bytes(content)
    with pytest.raises(ConfigError, match=r"00001\.key"):
        KeyRing(tmp_path)
    assert damaged.read_bytes() == content


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    filled(tmp_path, 1)
    (tmp_path / "00001.key").chmod(0o640)
    with pytest.raises(ConfigError, match="open to others"):
        KeyRing(tmp_path)


def test_other_files_beside_the_keys_are_left_alone(tmp_path: Path) -> None:
    filled(tmp_path, 1)
    for name in (".00002.key.tmp", "old.key", "00001.key.next"):
        (tmp_path / name).write_bytes(b"no key")
    assert kid(KeyRing(tmp_path).unused([])) == kid(KeyRing(tmp_path).unused([]))


def test_a_phone_has_no_more_than_so_many_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_KEYS", 2)
    held = filled(tmp_path, 2)
    with pytest.raises(ConfigError, match="holds 2 keys"):
        KeyRing(tmp_path).unused(held)
