# SPDX-License-Identifier: Apache-2.0
"""Everything that reads bytes from outside, as functions that any bytes may be thrown at.

A target returns, or raises what its room says it raises, which is caught here; whatever else comes out is a fault.
"""

from collections.abc import Callable
from dataclasses import dataclass

from drivers.isodep.ats import AtsError, read_ats
from drivers.isodep.card import ATS, Command, Picc
from drivers.isodep.reader import GarbledError, IsoDep, SilentError
from drivers.simulated.uart import FrameReader, framed
from drivers.tags.ndef import read_message, uri_message
from drivers.tags.type4 import Type4Tag
from pengpos.core.errors import (
    CardProtocolError,
    MalformedError,
    ReaderLostError,
    RefusedError,
    SignatureError,
    TapTimeoutError,
)
from pengpos.core.ports import TagWaiting
from pengpos.wire import apdu
from pengpos.wire.encoding.cbor import decode, encode
from pengpos.wire.encoding.cose import Sign1
from pengpos.wire.encoding.keys import Issuers, PublicKey
from pengpos.wire.judge import judge_reply
from pengpos.wire.objects.credential import Credential
from pengpos.wire.objects.presentation import Presentation
from pengpos.wire.objects.receipt import Receipt
from pengpos.wire.objects.reply import read_reply
from pengpos.wire.session import CardSession
from sandbox.phone.workbench import Bench
from tests.fuzz.wires import answers_of_a_chip, link_on

SIZE_MOST = 600


@dataclass(frozen=True, slots=True)
class Target:
    """`feed` takes any bytes; `seeds` are good ones to begin from."""

    feed: Callable[[bytes], None]
    seeds: tuple[bytes, ...]


class _Tap:
    """A till's side of one tap, to which the card says what it is told."""

    def __init__(self) -> None:
        bench = Bench()
        bench.store.set_balance("CNY", None)
        self.credential = bench.give_new().raw
        self.presentation = bench.till.presentation()
        self.reply = bench.present()
        self.issuers = Issuers([PublicKey.of(bench.issuer)])
        self.read = Presentation.read(self.presentation, self.issuers)
        self.now = bench.clock.now()
        self.card = bench.card()

    def session(self, raw: bytes) -> None:
        """SELECT and PRESENT to a card whose answers are in `raw`, each after its length."""
        answers = [raw[at + 1 : at + 1 + raw[at]] for at in _starts(raw)]

        def transceive(command: bytes, timeout_s: float) -> bytes:
            return answers.pop(0) if answers else b"\x90\x00"

        session = CardSession(transceive, lambda: 0.0)
        try:
            if session.select() is not None:
                session.present(self.presentation)
            session.push_result(b"\x00" * 40)
        except (CardProtocolError, TapTimeoutError):
            return

    def judge(self, raw: bytes) -> None:
        """A wallet's reply, all checks."""
        try:
            judge_reply(
                raw,
                presentation=self.read,
                issuers=self.issuers,
                now=self.now,
                denylisted=lambda _kid: False,
                last_counter=lambda _kid: 0,
                stored=lambda: None,
            )
        except RefusedError:
            return

    def card_hears(self, raw: bytes) -> None:
        """The virtual wallet's card."""
        assert len(self.card.respond(raw)) >= 2


def _starts(raw: bytes) -> list[int]:
    at = 0
    found: list[int] = []
    while at < len(raw) and len(found) < 40:
        found.append(at)
        at += 1 + raw[at]
    return found


def _refused(read: Callable[[bytes], object], *errors: type[Exception]) -> Callable[[bytes], None]:
    def feed(raw: bytes) -> None:
        try:
            read(raw)
        except errors:
            return

    return feed


def _cbor(raw: bytes) -> None:
    try:
        value = decode(raw, max_size=4_096)
    except MalformedError:
        return
    assert encode(value) == raw


def _tag(raw: bytes) -> None:
    tag = Type4Tag()
    tag.show(TagWaiting("https://pay.example/t/AZizVQAAcACAAAAAAAAAAA"))
    for at in _starts(raw):
        assert 2 <= len(tag.respond(raw[at + 1 : at + 1 + raw[at]])) <= 258


def _picc(raw: bytes) -> None:
    picc = Picc()
    for at in _starts(raw):
        picc, outcome = picc.hear(raw[at + 1 : at + 1 + raw[at]])
        if isinstance(outcome, Command):
            picc, _ = picc.answer(b"\x90\x00")


class _Says:
    def __init__(self, raw: bytes) -> None:
        self._answers = [raw[at + 1 : at + 1 + raw[at]] for at in _starts(raw)]

    def exchange(self, frame: bytes, timeout_s: float) -> bytes:
        if not self._answers:
            raise SilentError
        return self._answers.pop(0)


def _isodep(raw: bytes) -> None:
    try:
        IsoDep(_Says(raw), read_ats(ATS), frame_most=256).exchange(apdu.select())
    except (SilentError, GarbledError):
        return


def _frames(raw: bytes) -> None:
    reader = FrameReader()
    reader.feed(raw)
    for _ in range(SIZE_MOST):
        if reader.next() is None:
            return
    raise AssertionError("frames without end")


def _uart(raw: bytes) -> None:
    link = link_on(raw)
    try:
        found = link.sense()
        if found is not None:
            link.exchange(b"\xe0\x80", 0.03)
    except (ReaderLostError, SilentError, GarbledError):
        return


def _told(*answers: bytes) -> bytes:
    return b"".join(bytes([len(answer)]) + answer for answer in answers)


def targets() -> dict[str, Target]:
    """All of them; making keys takes some milliseconds."""
    tap = _Tap()
    fci = tap.card.respond(apdu.select())
    halves = tap.reply[:250] + b"\x61\x40", tap.reply[250:] + b"\x90\x00"
    signed = (MalformedError, SignatureError)
    command_errors = (MalformedError,)
    return {
        "APDU, answers in a tap": Target(tap.session, (_told(fci, b"\x90\x00", *halves), _told(fci))),
        "APDU, a card's": Target(tap.card_hears, (apdu.select(), *apdu.present(tap.presentation))),
        "APDU, a tag's": Target(_tag, (_told(bytes.fromhex("00A4040007D276000085010100"), b"\x00\xb0\x00\x00\x00"),)),
        "APDU, command": Target(_refused(apdu.Command.parse, *command_errors), (apdu.select(),)),
        "APDU, response": Target(_refused(apdu.Response.parse, *command_errors), (fci, b"\x90\x00")),
        "ISO-DEP, a card's blocks": Target(
            _isodep, (_told(b"\x02\x90\x00"), _told(b"\xf2\x01", b"\x12\x90", b"\x03\x00"))
        ),
        "ISO-DEP, a reader's blocks": Target(_picc, (_told(b"\xe0\x80", b"\x12\x00", b"\x03\xa4", b"\xb2", b"\xc2"),)),
        "ATS": Target(_refused(read_ats, AtsError), (ATS, b"\x01", bytes.fromhex("04688102"))),
        "CBOR": Target(_cbor, (tap.reply, tap.credential, encode({1: [2, b"3"], 4: "5"}))),
        "COSE, Sign1": Target(_refused(lambda raw: Sign1.parse(raw, max_size=2_048), *signed), (tap.credential,)),
        "COSE, credential": Target(_refused(lambda raw: Credential.read(raw, tap.issuers), *signed), (tap.credential,)),
        "COSE, presentation": Target(
            _refused(lambda raw: Presentation.read(raw, tap.issuers), *signed), (tap.presentation,)
        ),
        "COSE, receipt": Target(_refused(lambda raw: Receipt.read(raw, tap.issuers), *signed), (tap.credential,)),
        "reply": Target(_refused(read_reply, *signed), (tap.reply, encode([1, 0]), encode([2, 4, tap.now]))),
        "reply, judged": Target(tap.judge, (tap.reply,)),
        "NDEF": Target(_refused(read_message, MalformedError), (uri_message("https://pay.example/t/A"),)),
        "UART, frames": Target(_frames, (framed(bytes.fromhex("D402")), framed(bytes(300)))),
        "UART, a chip's answers": Target(_uart, answers_of_a_chip()),
    }
