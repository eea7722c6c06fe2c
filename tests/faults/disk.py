# SPDX-License-Identifier: Apache-2.0
"""What a disk may hold after a power cut: the model that crash images are made from.

A file's bytes are safe once the file was synced, its name once its directory was. Of everything since, any subset may
be there, sector by sector (512 or 4,096 bytes), in any order: a write can be torn, lost, or overtake an earlier one.
Names change in the order in which they were changed, up to some point (the file system's own journal).
"""

import random
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from tests.faults.iotrace import Call, Op

SECTORS = (512, 4_096)


@dataclass
class _File:
    safe: bytearray = field(default_factory=bytearray)
    pending: list[Call] = field(default_factory=list)

    def sync(self) -> None:
        for call in self.pending:
            _apply(self.safe, call)
        self.pending.clear()

    def after_a_cut(self, chance: random.Random, share: float, sector_size: int) -> bytes:
        """The bytes with about `share` of the unsynced sectors."""
        content = bytearray(self.safe)
        for call in self.pending:
            for sector in _sectors(call, sector_size):
                if chance.random() < share:
                    _apply(content, sector)
        return bytes(content)


class Disk:
    """Follows a program's calls; can say at any point what a power cut would leave."""

    def __init__(self) -> None:
        self._names: dict[str, _File] = {}
        self._safe_names: dict[str, _File] = {}
        self._pending_names: list[dict[str, _File]] = []

    def follow(self, call: Call) -> None:
        """Take one more call into account."""
        match call.op:
            case Op.WRITE | Op.TRUNCATE:
                if call.path not in self._names:
                    self._rename({**self._names, call.path: _File()})
                self._names[call.path].pending.append(call)
            case Op.SYNC if call.path in self._names:
                self._names[call.path].sync()
            case Op.SYNC:  # of the directory
                self._safe_names, self._pending_names = self._names, []
            case Op.RENAME:
                others = {name: file for name, file in self._names.items() if name != call.path}
                self._rename({**others, call.data.decode(): self._names[call.path]})
            case Op.UNLINK:
                self._rename({name: file for name, file in self._names.items() if name != call.path})

    def image(self, chance: random.Random) -> dict[str, bytes]:
        """One of the states that a cut could leave: files by name."""
        names = chance.choice([self._safe_names, *self._pending_names])
        share, sector_size = chance.choice((0.0, 0.1, 0.5, 0.9, 1.0)), chance.choice(SECTORS)
        return {Path(name).name: file.after_a_cut(chance, share, sector_size) for name, file in names.items()}

    def _rename(self, names: dict[str, _File]) -> None:
        self._names = names
        self._pending_names.append(names)


def _sectors(call: Call, size: int) -> list[Call]:
    if call.op is Op.TRUNCATE:
        return [call]
    cuts = [0, *range(size - call.offset % size, len(call.data), size), len(call.data)]
    return [
        Call(call.op, call.path, call.offset + start, call.data[start:end])
        for start, end in pairwise(cuts)
        if end > start
    ]


def _apply(content: bytearray, call: Call) -> None:
    if call.op is Op.TRUNCATE:
        del content[call.offset :]
        content.extend(bytes(call.offset - len(content)))
        return
    end = call.offset + len(call.data)
    content.extend(bytes(max(0, end - len(content))))
    content[call.offset : end] = call.data
