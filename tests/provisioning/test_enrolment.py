# SPDX-License-Identifier: Apache-2.0
"""Enrolment as a step that can be broken off anywhere, said twice, and never overwrites what a terminal lives by."""

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from pengpos.backend_api.messages import EnrolmentMessage
from pengpos.backend_api.roots import FILE_NAME as ROOT_FILE
from pengpos.core.errors import ConfigError
from pengpos.core.ports import Signer
from pengpos.home import Home
from pengpos.keys.file import FileKey
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.credential import Role
from provisioning import enrolment as enrolment_module
from provisioning.activation import ActivationRequest, activate
from provisioning.enrolment import Enrolling
from tests.provisioning.stand_in import (
    CODE,
    DAY_S,
    MERCHANT,
    NOW,
    ORIGIN,
    Present,
    StandIn,
    answer_for,
    clock,
    credential,
    read_back,
)
from tests.vectors import STRANGER


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "state" / "pengpos")


def enrolling(home: Home, backend: StandIn, *, unsent: int = 0) -> Enrolling:
    def ask(origin: str, signer: Signer, request: ActivationRequest) -> EnrolmentMessage:
        return activate(origin, signer, request, now=clock, transport=backend.transport())

    return Enrolling(
        home=home,
        activate=ask,
        enrolled=lambda asked: read_back(home),
        unsent_payments=lambda asked: unsent,
        now=clock,
        software_version="0.1.0",
        machine=("10000000abcdef01", "Raspberry Pi 4"),
    )


def files_of(home: Home) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in home.root.iterdir()}


def test_a_new_device_becomes_a_terminal(home: Home) -> None:
    outcome = enrolling(home, StandIn()).enrol(f" {CODE.lower()} ", f"{ORIGIN}/")
    assert (outcome.terminal_id, outcome.merchant, outcome.before) == ("T-0001", MERCHANT, False)
    stored = json.loads(home.enrolment.read_bytes())
    key = PublicKey.of(FileKey.load(home.device_key))
    assert {name: stored[name] for name in answer_for(key)} == answer_for(key) | {"credential": stored["credential"]}
    assert stored["backend"] == ORIGIN
    assert stored["enrolled_at"] == "2026-01-01T00:00:05Z"
    assert CODE not in home.enrolment.read_text()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (home.root, home.device_key, home.enrolment)}
    assert modes == {"pengpos": 0o700, "device.key": 0o600, "terminal.json": 0o600}
    kept = [f"{name}{end}" for name in ("last_heard.json", "terminal.json") for end in ("", ".copy")]
    assert sorted(files_of(home)) == ["device.key", *kept], "nothing half-made stays behind"


@pytest.mark.parametrize("root", [None, b"-----BEGIN CERTIFICATE-----"], ids=["none", "its own"])
def test_the_backends_root_comes_and_goes_with_the_enrolment(home: Home, root: bytes | None) -> None:
    home.root.mkdir(parents=True)
    (home.root / ROOT_FILE).write_text("of another enrolment")
    replace(enrolling(home, StandIn()), root=root).enrol(CODE, ORIGIN)
    assert files_of(home).get(ROOT_FILE) == root


def test_the_same_command_again_changes_nothing_and_asks_no_backend(home: Home) -> None:
    backend = StandIn()
    first = enrolling(home, backend).enrol(CODE, ORIGIN)
    before = files_of(home)
    assert enrolling(home, backend).enrol(CODE.lower(), ORIGIN) == replace(first, before=True)
    assert (files_of(home), len(backend.asked)) == (before, 1)


def test_a_lost_answer_is_mended_by_the_same_command_with_the_same_key(home: Home) -> None:
    def lose(key: PublicKey) -> httpx.Response:
        raise httpx.ReadTimeout("lost")

    backend = StandIn(answer=lose)
    with pytest.raises(ConfigError, match="the same command again"):
        enrolling(home, backend).enrol(CODE, ORIGIN)
    backend.answer = StandIn().answer
    assert enrolling(home, backend).enrol(CODE, ORIGIN).terminal_id == "T-0001"
    assert backend.asked[0] == backend.asked[1]


def test_a_disk_that_takes_no_more_leaves_no_half_enrolment(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> bool:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(enrolment_module, "create_private", full)
        with pytest.raises(ConfigError, match=r"No space left on device.*Make room"):
            enrolling(home, StandIn()).enrol(CODE, ORIGIN)
    assert not home.enrolment.exists()
    assert enrolling(home, StandIn()).enrol(CODE, ORIGIN).before is False


@pytest.mark.parametrize(
    ("code", "backend", "unsent", "way_out"),
    [
        ("WXYZ-9876", ORIGIN, 0, "move .* away, and keep it until its day is settled"),
        (CODE, "https://other.example", 0, "move .* away"),
        ("WXYZ-9876", ORIGIN, 3, "3 of its sales wait for the backend.*let it run"),
    ],
    ids=["another code", "another backend", "with unsent payments"],
)
def test_another_enrolment_is_refused(home: Home, code: str, backend: str, unsent: int, way_out: str) -> None:
    enrolling(home, StandIn()).enrol(CODE, ORIGIN)
    before, asked = files_of(home), StandIn()
    with pytest.raises(ConfigError, match=f"already enrolled as T-0001 of {MERCHANT.name}.*{way_out}"):
        enrolling(home, asked, unsent=unsent).enrol(code, backend)
    assert (files_of(home), asked.asked) == (before, []), "a code must not be used up for nothing"


def test_payments_of_a_lost_enrolment_keep_a_new_one_away(home: Home) -> None:
    backend = StandIn()
    with pytest.raises(ConfigError, match=r"2 unsent sales.*Restore terminal.json"):
        enrolling(home, backend, unsent=2).enrol(CODE, ORIGIN)
    assert (backend.asked, files_of(home)) == ([], {})


def test_a_damaged_enrolment_is_left_to_people(home: Home) -> None:
    def damaged(asked: object) -> Present | None:
        raise ConfigError("terminal.json", "not JSON", "Restore it from a backup")

    backend = StandIn()
    with pytest.raises(ConfigError, match="Restore it"):
        replace(enrolling(home, backend), enrolled=damaged).enrol(CODE, ORIGIN)
    assert backend.asked == []


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda key: {"issuers": []}, "issuer"),
        (lambda key: {"issuers": [{"kty": "RSA"}]}, "JWK"),
        (lambda key: {"issuers": [PublicKey.of(STRANGER).to_jwk()]}, "issuer"),
        (lambda key: {"credential": b64u(credential(PublicKey.of(STRANGER)))}, "another key"),
        (lambda key: {"credential": b64u(credential(key, subject="T-0002"))}, "not this terminal's"),
        (lambda key: {"credential": b64u(credential(key, role=Role.WALLET))}, "not this terminal's"),
        (lambda key: {"credential": "AAAA"}, "COSE"),
        (lambda key: {"credential": "!"}, "base64url"),
        (lambda key: {"policy": b64u(credential(key))}, "signature"),
        (lambda key: {"confirmation_secret": b64u(bytes(31))}, "31 bytes"),
    ],
    ids=[
        "no issuer",
        "no JWK",
        "stranger",
        "other key",
        "other id",
        "wallet",
        "no COSE",
        "no base64",
        "policy",
        "secret",
    ],
)
def test_an_answer_that_no_phone_would_trust_is_not_stored(
    home: Home, wrong: Callable[[PublicKey], dict[str, Any]], says: str
) -> None:
    backend = StandIn(answer=lambda key: httpx.Response(200, json=answer_for(key, **wrong(key))))
    with pytest.raises(ConfigError, match=f"does not hold .*{says}.*Nothing was stored"):
        enrolling(home, backend).enrol(CODE, ORIGIN)
    assert not home.enrolment.exists()


def test_a_clock_beyond_the_credential_is_said(home: Home) -> None:
    late = replace(enrolling(home, StandIn()), now=lambda: float(NOW + 40 * DAY_S))
    with pytest.raises(ConfigError, match=r"clock.*2026-02-10.*timedatectl"):
        late.enrol(CODE, ORIGIN)
    assert not home.enrolment.exists()


@pytest.mark.parametrize("code", ["", "ABC", "ABCD*2345", "ÄBCD-2345", "A" * 41, "-ABCD", "ABCD\n2345"])
def test_what_cannot_be_a_code_is_not_sent(home: Home, code: str) -> None:
    backend = StandIn()
    with pytest.raises(ConfigError, match="activation code"):
        enrolling(home, backend).enrol(code, ORIGIN)
    assert backend.asked == []


def test_two_enrolments_at_once_leave_one(home: Home) -> None:
    rival = json.dumps({"activation": "of another code"}).encode()

    def overtake(key: PublicKey) -> httpx.Response:
        home.enrolment.write_bytes(rival)
        return httpx.Response(201, json=answer_for(key))

    with pytest.raises(ConfigError, match="another enrolment was faster"):
        enrolling(home, StandIn(answer=overtake)).enrol(CODE, ORIGIN)
    assert home.enrolment.read_bytes() == rival


def test_a_directory_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError, match=r"cannot be made.*PENGPOS_HOME"):
        enrolling(Home(tmp_path / "file" / "pengpos"), StandIn()).enrol(CODE, ORIGIN)
