# SPDX-License-Identifier: Apache-2.0
"""`pengpos sandbox --lan` as a process: HTTPS, what it says of certificates, and a terminal that pins its root."""

import asyncio
import hashlib
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from pengpos.backend_api import roots
from pengpos.client import Home
from pengpos.system_clock import SystemClock
from provisioning.finding import Light
from provisioning.probes import own_probes
from terminal.commands.technician import enrolled
from tests.sandbox.backend.serving.test_server import PROGRAM, running


@dataclass(frozen=True, slots=True, kw_only=True)
class Lan:
    """A sandbox for phones nearby, on the one address that every machine has."""

    url: str
    activation_code: str
    authority: Path
    told: Path

    def client(self) -> httpx.Client:
        """One that has installed the authority."""
        return httpx.Client(base_url=self.url, verify=ssl.create_default_context(cafile=self.authority), timeout=20)


@pytest.fixture(scope="module")
def lan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lan]:
    home = tmp_path_factory.mktemp("lan") / "home"
    with running(home, "--lan", "--host", "127.0.0.1") as ready:
        yield Lan(
            url=ready["url"],
            activation_code=ready["activation_code"],
            authority=home / "sandbox" / "tls" / "authority.pem",
            told=home.parent / "stderr",
        )


def test_it_is_https_and_a_phone_that_has_not_installed_the_authority_is_warned(lan: Lan) -> None:
    assert lan.url.startswith("https://127.0.0.1:")
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"{lan.url}/t", timeout=20)
    with lan.client() as http:
        assert http.get("/t").headers["content-type"].startswith("text/html")


def test_it_hands_out_the_authority_and_says_the_fingerprint_that_a_browser_shows(lan: Lan) -> None:
    with lan.client() as http:
        answer = http.get("/authority.crt")
    assert (answer.content, answer.headers["content-type"]) == (
        lan.authority.read_bytes(),
        "application/x-x509-ca-cert",
    )
    place = urlsplit(lan.url)
    assert place.hostname is not None
    assert place.port is not None
    shown = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((place.hostname, place.port)))
    told = lan.told.read_text()
    assert hashlib.sha256(shown).digest().hex(":").upper() in told
    for word in (lan.url, "warns", "/authority.crt", "--root", "Remove it"):
        assert word in told


def pengpos(*words: str, home: Path, stdin: str) -> subprocess.CompletedProcess[str]:
    command = [*PROGRAM[:-1], *words]
    environment = {"PENGPOS_HOME": str(home), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, timeout=60, check=False, env=environment
    )


def test_a_terminal_reaches_its_backend_by_the_root_that_it_was_given(lan: Lan, tmp_path: Path) -> None:
    without = pengpos("enrol", "--backend", lan.url, home=tmp_path, stdin=lan.activation_code)
    assert without.returncode == 1
    assert "--root FILE" in without.stderr
    done = pengpos(
        "enrol", "--backend", lan.url, "--root", str(lan.authority), home=tmp_path, stdin=lan.activation_code
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / roots.FILE_NAME).read_bytes() == lan.authority.read_bytes()
    home = Home(tmp_path)
    found = own_probes(home, lambda: enrolled(home), lambda: float(SystemClock().now()))["Backend"]()
    assert (found.light, found.says) == (Light.GREEN, f"{lan.url}, clocks agree")


def test_the_daemons_way_to_the_backend_pins_the_root(lan: Lan, tmp_path: Path) -> None:
    async def ask() -> int:
        transport = roots.BackendTransport(tmp_path, httpx.Limits(max_connections=1))
        async with httpx.AsyncClient(base_url=lan.url, transport=transport, trust_env=False) as client:
            return (await client.get("/v1/health")).status_code

    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        asyncio.run(ask())
    (tmp_path / roots.FILE_NAME).write_bytes(lan.authority.read_bytes())
    assert asyncio.run(ask()) == 200
    (tmp_path / roots.FILE_NAME).write_text("torn")
    with pytest.raises(httpx.ConnectError, match="no certificate"):
        asyncio.run(ask())
