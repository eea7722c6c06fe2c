# SPDX-License-Identifier: Apache-2.0
"""The enrolment file read back: every way in which it can be wrong is a sentence. Source: `POST /enrolments`."""

import json
from pathlib import Path
from typing import Any

import pytest

from pengpos.core.errors import ConfigError
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.keys import Issuers, PublicKey
from pengpos.wire.objects.credential import Merchant, Role, issue_credential
from terminal.device.identity import CurrentIdentity, NotEnrolledError, read_enrolment, read_identity

NOON = 1_800_000_000
ISSUER, OTHER_ISSUER, DEVICE = SoftwareKey.generate(), SoftwareKey.generate(), SoftwareKey.generate()


def credential(subject: str = "T-0001", issuer: SoftwareKey = ISSUER, key: SoftwareKey = DEVICE) -> str:
    raw = issue_credential(
        issuer,
        subject=subject,
        key=PublicKey.of(key),
        role=Role.TERMINAL,
        issued_at=NOON,
        expires_at=NOON + 10**7,
        merchant=Merchant(merchant_id="M-42", name="晨光咖啡"),
    )
    return b64u(raw)


def enrolment(**changes: Any) -> dict[str, Any]:
    return {
        "backend": "https://backend.example",
        "issuers": [PublicKey.of(ISSUER).to_jwk()],
        "credential": credential(),
        "confirmation_secret": b64u(bytes(32)),
        "policy": None,
        "enrolled_at": "2027-01-15T08:00:00Z",
    } | changes


def written(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "terminal.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_what_enrolment_brought_is_read_back(tmp_path: Path) -> None:
    identity = read_identity(written(tmp_path, enrolment(policy=b64u(b"policy"))), DEVICE)
    assert (identity.terminal_id, identity.merchant.name) == ("T-0001", "晨光咖啡")
    assert (identity.backend, identity.policy) == ("https://backend.example", b"policy")
    assert identity.enrolled_at == 1_800_000_000
    assert [key.kid for key in identity.issuers] == [PublicKey.of(ISSUER).kid]


def test_a_backend_in_other_letters_is_called_tagged_and_shown_by_one_name(tmp_path: Path) -> None:
    """Enrolled before that was so: a tag and a code carry ASCII alone, and a signature covers it."""
    identity = read_identity(written(tmp_path, enrolment(backend="https://例子.cn")), DEVICE)
    assert identity.backend == "https://xn--fsqu00a.cn"


def test_without_a_file_it_is_not_enrolled(tmp_path: Path) -> None:
    with pytest.raises(NotEnrolledError):
        read_identity(tmp_path / "terminal.json", DEVICE)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "not JSON"),
        ('{"backend": "https', "not JSON"),
        ("[]", "not a JSON object"),
        ({}, "damaged"),
        (enrolment(issuers=[]), "damaged"),
        (enrolment(issuers=[{"kty": "EC"}]), "damaged"),
        (enrolment(credential="!"), "damaged"),
        (enrolment(credential=credential(issuer=OTHER_ISSUER)), "damaged"),
        (enrolment(confirmation_secret=7), "damaged"),
        (enrolment(enrolled_at="yesterday"), "damaged"),
        (enrolment(credential=credential(key=SoftwareKey.generate())), "belongs to another device key"),
    ],
    ids=["empty", "torn", "a list", "no members", "no issuer", "no key", "no base64url", "another issuer",
         "no secret", "no time", "another key"],
)  # fmt: skip
def test_what_is_wrong_is_said_with_the_way_out(tmp_path: Path, content: object, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        read_identity(written(tmp_path, content), DEVICE)
    assert caught.value.way_out


@pytest.mark.parametrize("raw", [b"\xff\xfe{}", b"\x00"], ids=["utf-16", "zero"])
def test_bytes_that_are_no_text_are_said_so(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "terminal.json"
    path.write_bytes(raw)
    with pytest.raises(ConfigError):
        read_enrolment(path)


@pytest.mark.parametrize(("terminal_id", "short"), [("T-0001", "0001"), ("T-123456", "3456"), ("pos", "pos")])
def test_the_part_of_its_id_that_people_read_out(tmp_path: Path, terminal_id: str, short: str) -> None:
    path = written(tmp_path, enrolment(credential=credential(subject=terminal_id)))
    assert read_identity(path, DEVICE).short_number == short


def test_newer_issuers_and_credentials_take_the_place_of_the_old(tmp_path: Path) -> None:
    enrolled = read_identity(written(tmp_path, enrolment()), DEVICE)
    current = CurrentIdentity(enrolled)
    issuers = Issuers([PublicKey.of(ISSUER), PublicKey.of(OTHER_ISSUER)])
    current.trust(issuers)
    current.renewed(renewed := enrolled.credential)
    assert current.issuers() is issuers
    assert current().credential is renewed
    assert enrolled.issuers is not issuers, "what was read stays as it was"
