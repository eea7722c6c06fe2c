# SPDX-License-Identifier: Apache-2.0
"""The device key in a file: PKCS #8 PEM, mode 0600, created whole or not at all.

Anyone who can read the card can copy this key; a secure element behind the same port is better.
"""

import os
import stat
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pengpos import words
from pengpos.core.errors import ConfigError
from pengpos.keys.private_file import create_private, sync_directory
from pengpos.keys.software import SoftwareKey

_MAX_FILE_SIZE = 4_096
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class FileKey:
    """The key a file holds, behind `core.ports.Signer`.

    Rotation: `successor` makes the next key beside the present one, durably, so that a broken-off renewal goes on with
    the same key; `replace` puts it in the present one's place once the credential made out to it is stored. A start
    that finds that credential while the successor still waits calls `replace` itself.
    """

    def __init__(self, path: Path, key: SoftwareKey) -> None:
        self.path = path
        self._key = key

    @property
    def public_point(self) -> tuple[bytes, bytes]:
        """The public key's x and y, 32 bytes each."""
        return self._key.public_point

    @property
    def private(self) -> ec.EllipticCurvePrivateKey:
        """The library's key, to open what was sealed to it."""
        return self._key.private

    def sign(self, data: bytes) -> bytes:
        """ES256 over `data`: 64 bytes, raw r‖s."""
        return self._key.sign(data)

    @classmethod
    def load(cls, path: Path, *, is_guarded: bool = False) -> "FileKey":
        """Read the key; raises ConfigError if it is missing, foreign, or readable by others.

        `is_guarded`: systemd's credential. An ACL lets the service in, and shows as the group's mode.
        """
        try:
            return cls(path, _parse(path, _read_private(path, stat.S_IRWXO if is_guarded else _OTHERS)))
        except FileNotFoundError:
            raise ConfigError(str(path), words.KEY_MISSING.said(), words.KEY_RESTORE.said()) from None
        except OSError as error:
            raise _unusable(path, error) from None

    @classmethod
    def load_or_create(cls, path: Path) -> "FileKey":
        """Read the key, or make a new one if there is no file; of two that start at once both get the same key.

        Raises ConfigError.
        """
        try:
            if not path.exists():
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                _create(path, SoftwareKey.generate())
        except OSError as error:
            raise _unusable(path, error) from None
        return cls.load(path)

    @classmethod
    def successor(cls, path: Path) -> "FileKey":
        """The key that is to follow the one at `path`: read, or made and kept beside it. Raises ConfigError."""
        return cls.load_or_create(_beside(path))

    @classmethod
    def replace(cls, path: Path) -> "FileKey":
        """Put the successor in the place of the key at `path`, in one step; the old key is gone. Raises ConfigError."""
        successor = cls.load(_beside(path))
        try:
            successor.path.replace(path)
            sync_directory(path.parent)
        except OSError as error:
            raise _unusable(path, error) from None
        return cls.load(path)


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".next")


def _create(path: Path, key: SoftwareKey) -> None:
    """Write `key` unless another process was first; then its key is as good."""
    create_private(
        path,
        key.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )


def _read_private(path: Path, closed: int) -> bytes:
    """The file's bytes, provided that it is a file of ours with none of these bits in its mode."""
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        if os.geteuid() not in (0, status.st_uid) and status.st_uid != 0:
            raise ConfigError(str(path), words.KEY_OF_ANOTHER_USER.said(), words.KEY_CHOWN.said(path=path))
        if status.st_mode & closed:
            mode = stat.S_IMODE(status.st_mode)
            raise ConfigError(str(path), words.KEY_OPEN.said(mode=f"{mode:04o}"), words.KEY_CHMOD.said(path=path))
        return file.read(_MAX_FILE_SIZE)


def _parse(path: Path, pem: bytes) -> SoftwareKey:
    try:
        private = serialization.load_pem_private_key(pem, password=None)
        if isinstance(private, ec.EllipticCurvePrivateKey):
            return SoftwareKey(private)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        pass
    raise ConfigError(str(path), words.KEY_NO_KEY.said(), words.KEY_RESTORE.said())


def _unusable(path: Path, error: OSError) -> ConfigError:
    return ConfigError(str(path), words.KEY_UNUSABLE.said(why=error.strerror), words.KEY_GIVE_DIRECTORY.said())
