# SPDX-License-Identifier: Apache-2.0
"""Keeps the phone's private keys: one file a credential, found by the kid of its public half.

On a real phone they would be in StrongBox or the Secure Enclave; here they are files of mode 0600 in one directory.
"""

from collections.abc import Collection
from pathlib import Path

from pengpos.core.errors import ConfigError
from pengpos.core.ports import Signer
from pengpos.keys.file import FileKey
from pengpos.wire.encoding.keys import PublicKey

_MAX_KEYS = 10_000


class KeyRing:
    """All keys of one phone; one process at a time may use them. Raises ConfigError for a damaged or open file."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._signers: dict[bytes, Signer] = {}
        self._newest = 0
        for path in sorted(path for path in directory.glob("*.key") if path.stem.isdecimal()):
            self._newest = max(self._newest, int(path.stem))
            self._keep(FileKey.load_or_create(path))

    def unused(self, held: Collection[bytes]) -> Signer:
        """A key that no credential is `held` for: one left from a request that broke off, else a new one, stored."""
        for kid, signer in self._signers.items():
            if kid not in held:
                return signer
        if len(self._signers) >= _MAX_KEYS:
            raise ConfigError(str(self._directory), f"holds {_MAX_KEYS} keys", "Use another phone name")
        self._newest += 1
        return self._keep(FileKey.load_or_create(self._directory / f"{self._newest:05}.key"))

    def kids(self) -> list[bytes]:
        """All keys, the newest first."""
        return list(reversed(self._signers))

    def signer_of(self, kid: bytes) -> Signer:
        """The private key whose public half has this kid. Raises ConfigError if it is not here."""
        try:
            return self._signers[kid]
        except KeyError:
            raise ConfigError(
                str(self._directory), f"the key {kid.hex()} of a credential is missing", "Use another phone name"
            ) from None

    def _keep(self, signer: Signer) -> Signer:
        self._signers[PublicKey.of(signer).kid] = signer
        return signer
