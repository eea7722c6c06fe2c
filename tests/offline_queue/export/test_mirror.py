# SPDX-License-Identifier: Apache-2.0
"""The second medium: what is on it, what happens when it is pulled out, full, or full of rubbish."""

import errno
import json
import os
import queue
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from offline_queue.export import mirror_file
from offline_queue.export.mirror import Mirror, MirrorHealth, MirrorState
from offline_queue.export.mirror_file import read_mirror
from offline_queue.values import IntentNumber
from pengpos.core.sale import Sale, SaleState
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.keys import PublicKey
from workshop.samples.journal import NOON, SaleMaker, moved

BACKEND = SoftwareKey.from_scalar(bytes(31) + b"\x07")
WAIT_S = 10
FILE_NAME = "pengpos-T-0001.mirror"


@dataclass
class Stick:
    """A mirror on a directory, and what it has told."""

    directory: Path
    told: "queue.Queue[MirrorHealth]" = field(default_factory=queue.Queue)

    def open(self, journal_directory: Path | None = None) -> Mirror:
        return Mirror(
            self.directory,
            terminal_id="T-0001",
            recipient=PublicKey.of(BACKEND),
            journal_directory=journal_directory,
            changed=self.told.put,
            retry_s=0.01,
        )

    def copy(self, *sales: Sale) -> None:
        """Open, copy, close."""
        mirror = self.open()
        mirror.copy(sales)
        mirror.close(WAIT_S)

    def next_health(self) -> MirrorHealth:
        return self.told.get(timeout=WAIT_S)

    def numbers(self) -> list[str]:
        """The numbers of the sales on it."""
        return [payment.number for payment in read_mirror(self.directory / FILE_NAME, BACKEND.private)]


@pytest.fixture
def stick(tmp_path: Path) -> Stick:
    (tmp_path / "stick").mkdir()
    return Stick(tmp_path / "stick")


@pytest.fixture
def sales() -> list[Sale]:
    maker = SaleMaker()
    return [
        moved(maker.authorised(maker.signed(IntentNumber(1, n)), counter=n), SaleState.ACCEPTED_OFFLINE, NOON)
        for n in range(1, 5)
    ]


def test_each_payment_is_one_sealed_line(stick: Stick, sales: list[Sale]) -> None:
    stick.copy(*sales[:2])
    stick.copy(*sales[2:])
    assert stick.numbers() == [sale.number for sale in sales]
    lines = (stick.directory / FILE_NAME).read_text().splitlines()
    assert [json.loads(line)["intent_id"] for line in lines] == [str(sale.intent.intent_id) for sale in sales]
    assert sales[0].number not in (stick.directory / FILE_NAME).read_text()
    assert stick.told.empty()


def test_a_payment_is_copied_once(stick: Stick, sales: list[Sale]) -> None:
    stick.copy(*sales)
    stick.copy(*sales)
    assert len(stick.numbers()) == len(sales)


def test_a_sale_without_authorisation_is_not_copied(stick: Stick) -> None:
    stick.copy(SaleMaker().signed(IntentNumber(1, 1)))
    assert stick.numbers() == []


def test_a_stick_pulled_out_alarms_and_what_was_missed_is_copied_later(stick: Stick, sales: list[Sale]) -> None:
    pulled = stick.directory.with_name("in a pocket")
    mirror = stick.open()
    stick.directory.rename(pulled)
    mirror.copy(sales)
    absent = stick.next_health()
    assert (absent.state, bool(absent.detail)) == (MirrorState.ABSENT, True)
    assert mirror.health().waiting == len(sales)
    pulled.rename(stick.directory)
    assert stick.next_health() == MirrorHealth(MirrorState.WELL)
    mirror.close(WAIT_S)
    assert stick.numbers() == [sale.number for sale in sales]
    assert mirror.health() == MirrorHealth(MirrorState.WELL)


def test_an_empty_mount_point_is_no_second_medium(stick: Stick, sales: list[Sale]) -> None:
    mirror = stick.open(journal_directory=stick.directory.parent)
    mirror.copy(sales)
    health = stick.next_health()
    mirror.close(WAIT_S)
    assert (health.state, "no other medium is mounted" in health.detail) == (MirrorState.ABSENT, True)
    assert list(stick.directory.iterdir()) == []


@dataclass
class FailingOs:
    """The module `os` as the mirror sees it, with one call that fails."""

    call: str
    error: int

    def __getattr__(self, name: str) -> object:
        return self._fail if name == self.call else getattr(os, name)

    def _fail(self, *_: object) -> None:
        raise OSError(self.error, os.strerror(self.error))


@pytest.mark.parametrize(
    ("error", "state"),
    [(errno.ENOSPC, MirrorState.FULL), (errno.EIO, MirrorState.BROKEN), (errno.EROFS, MirrorState.BROKEN),
     (errno.ENODEV, MirrorState.ABSENT)],
    ids=["full", "I/O error", "read-only", "gone"],
)  # fmt: skip
@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_medium_that_fails_is_told_by_what_it_is(
    stick: Stick, sales: list[Sale], monkeypatch: pytest.MonkeyPatch, error: int, state: MirrorState, call: str
) -> None:
    monkeypatch.setattr(mirror_file, "os", FailingOs(call, error))
    mirror = stick.open()
    mirror.copy(sales[:2])
    health = stick.next_health()
    assert (health.state, health.waiting, bool(health.detail)) == (state, 2, True)
    monkeypatch.setattr(mirror_file, "os", os)
    assert stick.next_health().state is MirrorState.WELL
    mirror.copy(sales[2:])
    mirror.close(WAIT_S)
    assert sorted(set(stick.numbers())) == [sale.number for sale in sales]


def test_a_full_file_is_full(stick: Stick, sales: list[Sale], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror_file, "FILE_LIMIT", 3_000)
    stick.copy(sales[0])
    mirror = stick.open()
    mirror.copy(sales)
    assert stick.next_health().state is MirrorState.FULL
    mirror.close(WAIT_S)
    assert stick.numbers() == [sales[0].number]


def torn(content: bytes) -> bytes:
    return content[:-200]


def rubbish_before(content: bytes) -> bytes:
    return b"\x00\xff\n{}\n" + b"x" * 200_000 + b"\n" + content


@pytest.mark.parametrize(("spoil", "kept"), [(torn, 1), (rubbish_before, 2)], ids=["last line torn", "full of rubbish"])
def test_what_is_on_the_stick_is_left_alone_and_added_to(
    stick: Stick, sales: list[Sale], spoil: Callable[[bytes], bytes], kept: int
) -> None:
    stick.copy(*sales[:2])
    file = stick.directory / FILE_NAME
    spoilt = spoil(file.read_bytes())
    file.write_bytes(spoilt)
    assert len(stick.numbers()) == kept
    stick.copy(*sales)
    assert sorted(stick.numbers()) == [sale.number for sale in sales]
    assert file.read_bytes().startswith(spoilt)


def test_a_directory_in_the_files_place_is_told(stick: Stick, sales: list[Sale]) -> None:
    (stick.directory / FILE_NAME).mkdir()
    mirror = stick.open()
    mirror.copy(sales)
    assert stick.next_health().state is MirrorState.BROKEN
    mirror.close(WAIT_S)
