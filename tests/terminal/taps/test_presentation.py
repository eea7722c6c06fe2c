# SPDX-License-Identifier: Apache-2.0
"""Our own presentation is verified once, not at each tap, and anew wherever the verdict could be another."""

import threading
from pathlib import Path

import pytest

from pengpos.core.errors import SignatureError
from pengpos.wire.encoding.keys import Issuers, PublicKey
from terminal.taps.presentation import OwnPresentation
from tests.pengpos.wire import shop
from tests.vectors import ISSUERS, STRANGER
from workshop.bench.tap_parts import MeasuredTerminal

RAW = shop.presentation_bytes()


@pytest.fixture
def ours() -> OwnPresentation:
    ours = OwnPresentation()
    ours.read(RAW, ISSUERS)
    return ours


def test_the_same_bytes_by_the_same_issuers_are_verified_once(ours: OwnPresentation) -> None:
    again = ours.read(bytes(bytearray(RAW)), ISSUERS)
    assert again is ours.read(RAW, ISSUERS)
    assert again == shop.presentation()


def test_by_a_renewed_set_of_issuers_they_are_verified_anew(ours: OwnPresentation) -> None:
    before = ours.read(RAW, ISSUERS)
    assert ours.read(RAW, Issuers(ISSUERS)) is not before


@pytest.mark.parametrize(
    ("raw", "issuers"),
    [
        pytest.param(RAW, Issuers([PublicKey.of(STRANGER)]), id="our issuer was withdrawn"),
        pytest.param(RAW[:-1] + bytes([RAW[-1] ^ 1]), ISSUERS, id="one bit of the signature changed"),
    ],
)
def test_what_no_longer_holds_is_refused_each_time(ours: OwnPresentation, raw: bytes, issuers: Issuers) -> None:
    for _ in range(2):
        with pytest.raises(SignatureError):
            ours.read(raw, issuers)
    assert ours.read(RAW, ISSUERS).raw == RAW


def test_another_intent_takes_its_place(ours: OwnPresentation) -> None:
    before = ours.read(RAW, ISSUERS)
    other = shop.presentation_bytes(counter=shop.INTENT.counter + 1)
    assert ours.read(other, ISSUERS).raw == other
    assert ours.read(RAW, ISSUERS) is not before


class FromTheFirstCommand:
    """A phone that forgets, as it is first talked to, which signatures had been checked before it came."""

    def __init__(self, terminal: MeasuredTerminal, checked_by: list[int | None]) -> None:
        self._terminal = terminal
        self._checked_by = checked_by
        self._commands = 0

    def transceive(self, command: bytes, _timeout_s: float) -> bytes:
        if not self._commands:
            self._terminal.new_stay()
            self._checked_by.clear()
        self._commands += 1
        return self._terminal.wallet(command)


def test_a_waiting_phone_is_kept_for_the_checks_of_its_own_two_signatures_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked_by: list[int | None] = []
    verify = PublicKey.verify

    def counted(self: PublicKey, signature: bytes, data: bytes) -> None:
        checked_by.append(threading.current_thread().ident)
        verify(self, signature, data)

    monkeypatch.setattr(PublicKey, "verify", counted)
    terminal = MeasuredTerminal(tmp_path)
    terminal.tap(FromTheFirstCommand(terminal, checked_by))
    terminal.close()
    phones = threading.current_thread().ident
    assert len([thread for thread in checked_by if thread != phones]) == 2  # its credential, its authorisation
