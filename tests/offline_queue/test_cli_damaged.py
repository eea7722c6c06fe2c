# SPDX-License-Identifier: Apache-2.0
"""`pengpos queue` on a damaged journal: what can be read is listed and exported, in words. Row 57 of 2026-11."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric import ec

from offline_queue.cli import queue
from offline_queue.export.export import read_export
from offline_queue.journal.files import load_or_create_key
from offline_queue.journal.journal import Journal
from offline_queue.values import ENROLMENT, ValueStored
from pengpos.core.errors import JournalMediumError
from pengpos.core.sale import Sale, SaleState
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.credential import Merchant, Role, issue_credential
from workshop.samples.journal import NOON, HeldClock, SaleMaker, moved, store

PAGE = 4_096
UNSENT = 90
D = int.from_bytes(bytes(31) + b"\x07")
BACKEND = SoftwareKey.from_scalar(D.to_bytes(32))
PRIVATE = ec.derive_private_key(D, ec.SECP256R1())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A settled sale, ninety that wait, and an enrolment."""
    home, maker = tmp_path / "home", SaleMaker()
    with Journal.open(home / "journal.db", key=load_or_create_key(home / "journal.key"), clock=HeldClock()) as journal:
        settled = maker.approved(maker.authorised(maker.signed(journal.next_counter())))
        store(journal, settled)
        next_one = journal.next_counter()
        waiting: list[Sale] = []
        for n in range(UNSENT):
            signed = maker.signed(replace(next_one, counter=next_one.counter + n))
            authorised = maker.authorised(signed)
            waiting += [signed, authorised, moved(authorised, SaleState.ACCEPTED_OFFLINE)]
        store(journal, *waiting)
    credential = issue_credential(
        BACKEND, role=Role.TERMINAL, subject="T-0001", key=PublicKey.of(SoftwareKey.generate()), issued_at=NOON,
        expires_at=NOON + 86_400, merchant=Merchant(merchant_id="m", name="Noodles"),
    )  # fmt: skip
    enrolment = {"issuers": [PublicKey.of(BACKEND).to_jwk()], "credential": b64u(credential)}
    (home / "terminal.json").write_text(json.dumps(enrolment))
    (home / "pengpos.toml").write_text('[mirror]\ndirectory = "/media/usb"\n')
    return home


def ask(home: Path, *words: str) -> Result:
    return CliRunner().invoke(queue, ["--home", str(home), *words])


def flip(number: int) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[(number - 1) * PAGE + 1_234] ^= 1
        path.write_bytes(content)

    return spoil


def zero(number: int) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[(number - 1) * PAGE : number * PAGE] = bytes(PAGE)
        path.write_bytes(content)

    return spoil


def cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // PAGE // 2 * PAGE])


PAGES = 40  # of a file of about 160
SPOILT = {
    **{f"page {number} zeroed": zero(number) for number in range(2, PAGES)},
    **{f"a bit of page {number} flipped": flip(number) for number in range(1, PAGES)},
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_what_can_be_read_is_listed_and_exported(home: Path, spoil: Callable[[Path], None]) -> None:
    spoil(home / "journal.db")
    listed = ask(home, "list", "--json")
    assert listed.exit_code == 0, listed.output
    assert len(listed.stdout.splitlines()) >= UNSENT - 1

    exported = ask(home, "export", str(home / "export"))
    assert exported.exit_code == 0, exported.output
    export = read_export((home / "export").read_text(), PRIVATE)
    assert len(export.payments) >= UNSENT - 2
    if len(export.payments) < UNSENT:
        assert "/media/usb" in exported.stderr
        assert "rows are gone" in exported.stderr

    for words in (["verify"], ["show", "0001-0002"]):
        said = ask(home, *words)
        assert said.exception is None or isinstance(said.exception, SystemExit), said.exception
        assert "Traceback" not in said.output


def test_of_half_a_file_half_is_exported(home: Path) -> None:
    cut_in_half(home / "journal.db")
    assert ask(home, "export", str(home / "export")).exit_code == 0
    assert UNSENT // 3 < len(read_export((home / "export").read_text(), PRIVATE).payments) < UNSENT


def test_a_file_of_rubbish_is_still_called_one(home: Path) -> None:
    (home / "journal.db").write_bytes(b"x" * 10 * PAGE)
    said = ask(home, "export", str(home / "export"))
    assert said.exit_code == 1
    assert "does not open with this device's key" in said.output
    assert not (home / "export").exists()


def test_an_export_needs_no_enrolment_file(home: Path) -> None:
    """The journal has its content too. Row 64 of 2026-11."""
    content = (home / "terminal.json").read_bytes()
    with Journal.open(home / "journal.db", key=load_or_create_key(home / "journal.key"), clock=HeldClock()) as journal:
        journal.record([ValueStored(kind=ENROLMENT, key="", body=content)]).result(10)
    for spoilt in (None, content[: len(content) // 2]):
        (home / "terminal.json").unlink()
        if spoilt is not None:
            (home / "terminal.json").write_bytes(spoilt)
        assert ask(home, "export", str(home / f"export {spoilt is None}")).exit_code == 0
        sealed = (home / f"export {spoilt is None}").read_text()
        assert len(read_export(sealed, PRIVATE).payments) == UNSENT
        (home / "terminal.json").touch()


def test_a_medium_that_takes_nothing_is_read_past_sqlite(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite wants an index beside the log, also to read. Row 63 of 2026-11."""

    def refuses(_path: Path, _key: bytes) -> object:
        raise JournalMediumError("journal.db: Read-only file system", "Replace the card")

    monkeypatch.setattr("offline_queue.export.unsent.JournalReader", refuses)
    exported = ask(home, "export", str(home / "export"))
    assert "Replace the card" in exported.stderr
    assert "second copy" not in exported.stderr
    assert len(read_export((home / "export").read_text(), PRIVATE).payments) == UNSENT
