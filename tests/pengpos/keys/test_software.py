# SPDX-License-Identifier: Apache-2.0
"""ES256 in software: deterministic as RFC 6979 has it, and good to any verifier."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from pengpos.core.ports import Signer
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.keys import PublicKey

# RFC 6979 A.2.5: P-256 with SHA-256, message "sample".
SCALAR = bytes.fromhex("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721")
SIGNATURE = (
    "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
    "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"
)


def test_signs_as_rfc_6979_says() -> None:
    assert SoftwareKey.from_scalar(SCALAR).sign(b"sample").hex().upper() == SIGNATURE


def test_is_a_signer_whose_signatures_verify() -> None:
    signer: Signer = SoftwareKey.generate()
    PublicKey.of(signer).verify(signer.sign(b"data"), b"data")
    assert signer.sign(b"data") == signer.sign(b"data")


def test_no_two_generated_keys_are_the_same() -> None:
    assert SoftwareKey.generate().public_point != SoftwareKey.generate().public_point


@pytest.mark.parametrize("scalar", [b"", bytes(32), b"\xff" * 32, b"\x01" * 31, b"\x01" * 33], ids=repr)
def test_no_scalar_of_p256(scalar: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        SoftwareKey.from_scalar(scalar)


def test_no_other_curve() -> None:
    with pytest.raises(ValueError, match="P-256"):
        SoftwareKey(ec.generate_private_key(ec.SECP384R1()))
