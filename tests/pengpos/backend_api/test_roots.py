# SPDX-License-Identifier: Apache-2.0
"""The root that an enrolment pins: what is taken for one, and what is said of the rest."""

import ssl
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from pengpos.backend_api import roots
from pengpos.core.errors import ConfigError
from sandbox.backend.serving.certificates import server_identity

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_without_a_root_the_usual_authorities_count(tmp_path: Path) -> None:
    assert roots.pinned(tmp_path) is None
    assert roots.transport(None) is None


def test_the_usual_authorities_are_the_librarys_and_plain_http_needs_none() -> None:
    usual, librarys = roots._usual(), httpx.create_ssl_context(trust_env=False)
    assert usual.get_ca_certs() == librarys.get_ca_certs() != []
    assert (usual.verify_mode, usual.check_hostname) == (librarys.verify_mode, True) == (ssl.CERT_REQUIRED, True)
    assert roots._nobody().get_ca_certs() == []
    assert (roots._nobody().verify_mode, roots._nobody().check_hostname) == (ssl.CERT_REQUIRED, True)


def test_a_pinned_root_is_the_only_one_that_counts(tmp_path: Path) -> None:
    identity = server_identity(tmp_path, "127.0.0.1", NOW)
    (tmp_path / roots.FILE_NAME).write_bytes(identity.authority.read_bytes())
    context = roots.pinned(tmp_path)
    assert context is not None
    assert context.cert_store_stats()["x509_ca"] == 1
    assert context.check_hostname is True


@pytest.mark.parametrize(
    "content", [b"", b"torn", b"\xff\xfe", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_what_is_no_root_is_refused(content: bytes) -> None:
    with pytest.raises(ConfigError, match="no certificate"):
        roots.context_of(content, "root.pem")


def test_a_servers_own_certificate_is_no_root(tmp_path: Path) -> None:
    identity = server_identity(tmp_path, "127.0.0.1", NOW)
    alone = identity.certificate.read_bytes().split(b"-----END CERTIFICATE-----\n")[0] + b"-----END CERTIFICATE-----\n"
    with pytest.raises(ConfigError, match="no authority"):
        roots.context_of(alone, "server.pem")


def test_a_file_that_is_not_there_or_too_large_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        roots.read_root(tmp_path / "nothing.pem")
    (tmp_path / "large.pem").write_bytes(b"x" * (roots.SIZE_MOST + 1))
    with pytest.raises(ConfigError, match="larger"):
        roots.read_root(tmp_path / "large.pem")
