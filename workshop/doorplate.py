# SPDX-License-Identifier: Apache-2.0
"""One shop a home: who has opened it, and where it is. The kernel lets go of the lock as its holder ends."""

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pengpos.core.errors import ConfigError, PengposError
from pengpos.home import Home

_SIZE_MOST = 4_096


@dataclass(frozen=True, slots=True)
class OpenShop:
    """A shop that another process has opened over the same home."""

    pid: int | None
    """None while that one has only just begun."""
    where: str | None
    """Its simulator's address, else its backend's; None until it is open."""

    def lines(self) -> str:
        """For people: that it is open, where, and how to end it."""
        who = "by another `pengpos run`" if self.pid is None else f"by process {self.pid}"
        if self.where is None:
            return f"This shop is just being opened {who}. Say this again in a moment, and it says where."
        end = "" if self.pid is None else f" or: kill {self.pid}"
        return f"This shop is open already, {who}: {self.where}\nCtrl-C in its window closes it{end}"


class ShopIsOpenError(PengposError):
    """Another process has opened this shop."""

    def __init__(self, shop: OpenShop) -> None:
        super().__init__(shop.lines())
        self.shop = shop


class Doorplate:
    """Holds the shop of a home for this process, from `with` to its end."""

    def __init__(self, home: Home) -> None:
        self._root = home.root
        self._path = home.root / "run" / "shop.lock"
        self._number = -1

    def __enter__(self) -> Self:
        """Raises ShopIsOpenError, ConfigError."""
        try:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            self._number = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigError(str(self._path), f"cannot be written ({error.strerror})", "See the directory") from error
        try:
            fcntl.flock(self._number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            shop = _read(self._path)
            self._close()
            raise ShopIsOpenError(shop) from None
        self.say(None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def say(self, where: str | None) -> None:
        """Where the shop is, for the next who asks. A medium that takes nothing is said by the parts it matters to."""
        content = json.dumps({"pid": os.getpid(), "where": where}).encode()
        try:
            os.ftruncate(self._number, 0)
            os.pwrite(self._number, content, 0)
        except OSError:
            return

    def _close(self) -> None:
        os.close(self._number)
        self._number = -1


def _read(path: Path) -> OpenShop:
    """What the holder wrote; nothing of it where it is just writing."""
    try:
        said: Any = json.loads(path.read_bytes()[:_SIZE_MOST])
        return OpenShop(int(said["pid"]), said["where"] if isinstance(said["where"], str) else None)
    except (OSError, ValueError, KeyError, TypeError):
        return OpenShop(None, None)
