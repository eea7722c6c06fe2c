# SPDX-License-Identifier: Apache-2.0
"""`pengpos sandbox` as a process: one line when it is ready, and everything kept over a restart."""

import json
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from pengpos.core.errors import ConfigError
from pengpos.serving import connections
from pengpos.system_clock import SystemClock
from sandbox.backend.kernel import limits
from sandbox.backend.serving.server import Options, listen, open_backend, serve
from sandbox.pages.parts import parts
from tests.support.shop import Operator, Till, Wallet

SECRETS = ("issuer.pem", "admin-token")
PROGRAM = [sys.executable, "-c", "from terminal.cli import main; main()", "sandbox"]


@contextmanager
def running(home: Path, *options: str) -> Iterator[dict[str, Any]]:
    """The line it printed; stopped by SIGTERM, which must end it well and with nothing more on standard output."""
    command = [*PROGRAM, "--home", str(home), "--port", "0", *options]
    with (home.parent / "stderr").open("a") as errors:
        program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        assert program.stdout is not None
        try:
            yield json.loads(program.stdout.readline())
        finally:
            program.send_signal(signal.SIGTERM)
            rest, _ = program.communicate(timeout=20)
        assert rest == ""
        assert program.returncode in {0, -signal.SIGTERM}


def test_a_restart_keeps_everything(tmp_path: Path) -> None:
    home, clock = tmp_path / "home", SystemClock()
    with running(home) as first, httpx.Client(base_url=first["url"], timeout=20) as http:
        assert sorted(first) == ["activation_code", "admin_token", "url"]
        till = Till.enrol(http, clock, first["activation_code"])
        wallet = Wallet.sign_up(http, clock)
        sale = till.sale(18_80)
        authorisation = wallet.authorise(sale)
        paid = till.pay(sale, wallet, authorisation).json()
        issuers = http.get("/wallet/v1/issuers").json()["issuers"]
    again = running(home, "--port", first["url"].rpartition(":")[2])
    with again as second, httpx.Client(base_url=second["url"], timeout=20) as http:
        assert (second["url"], second["admin_token"]) == (first["url"], first["admin_token"])
        assert second["activation_code"] != first["activation_code"]
        assert http.get("/wallet/v1/issuers").json()["issuers"] == issuers
        till.http = wallet.http = http
        assert till.pay(sale, wallet, authorisation).json() == paid
        assert wallet.balance() == 981_20
        assert Operator(http, second["admin_token"]).ledger_is_balanced()


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o604])
def test_token_and_code_are_said_only_where_nobody_else_reads_them(tmp_path: Path, mode: int) -> None:
    log = tmp_path / "log"
    log.touch()
    log.chmod(mode)
    said = first_line_into(tmp_path / "home", log)
    assert sorted(said) == (["activation_code", "admin_token", "url"] if mode == 0o600 else ["url"])


def first_line_into(home: Path, log: Path) -> dict[str, str]:
    """What it says when its standard output goes into a file."""
    with log.open("w") as standard_output, (home.parent / "stderr").open("w+") as errors:
        program = subprocess.Popen(
            [*PROGRAM, "--home", str(home), "--port", "0"], stdout=standard_output, stderr=errors
        )
        try:
            with log.open() as reading:
                while not (line := reading.readline()):
                    assert program.poll() is None
        finally:
            program.send_signal(signal.SIGTERM)
            program.wait(timeout=20)
    said: dict[str, str] = json.loads(line)
    return said


def test_behind_a_proxy_it_says_where_it_listens(tmp_path: Path) -> None:
    with running(tmp_path / "home", "--origin", "https://例子.cn/") as said:
        assert said["url"] == "https://xn--fsqu00a.cn", "as clients call it and sign"
        assert httpx.get(f"http://127.0.0.1:{said['port']}/v1/health", timeout=20).status_code == 200


def sign_ups(url: str, addresses: list[str]) -> list[int]:
    with httpx.Client(base_url=url, timeout=20) as http:
        said = [{"X-Forwarded-For": address} for address in addresses]
        return [http.post("/wallet/v1/accounts", json={"name": "x"}, headers=one).status_code for one in said]


def test_where_a_request_comes_from_only_a_trusted_proxy_says(tmp_path: Path) -> None:
    """One client that invents addresses has one: whoever connects from this machine is no proxy by that."""
    most = limits.SIGN_UPS_OF_ADDRESS.most
    invented = [f"198.51.100.{number}" for number in range(most + 1)]
    with running(tmp_path / "home") as said:
        assert sign_ups(said["url"], invented) == [201] * most + [429]
    with running(tmp_path / "home", "--trusted-proxy", "127.0.0.1") as said:
        assert sign_ups(said["url"], invented) == [201] * (most + 1)
        assert sign_ups(said["url"], ["203.0.113.9"] * (most + 1)) == [201] * most + [429]
        assert sign_ups(said["url"], ["198.51.100.250, 203.0.113.9"]) == [429], "what came before the last is hearsay"


def test_a_trusted_proxy_is_an_address(tmp_path: Path) -> None:
    options = Options(host="127.0.0.1", port=0, home=tmp_path / "home", trusted_proxies=("*",))
    with pytest.raises(ConfigError, match="--trusted-proxy"):
        serve(options)


@pytest.mark.parametrize(
    "origin", ["pay.example", "https://", "https://ann:secret@pay.example", "https://pay.example/?a"]
)
def test_an_origin_that_no_client_could_sign_for_is_refused(tmp_path: Path, origin: str) -> None:
    with pytest.raises(ConfigError, match="--origin"):
        serve(Options(host="127.0.0.1", port=0, home=tmp_path / "home", origin=origin))


def test_it_ends_although_somebody_listens_to_events(tmp_path: Path) -> None:
    with running(tmp_path / "home") as ready, httpx.Client(base_url=ready["url"], timeout=20) as http:
        till = Till.enrol(http, SystemClock(), ready["activation_code"])
        request = till.request("GET", "/terminal/events")
        from tests.support.request_signing import Signing

        Signing(signer=till.key, created=till.clock.now()).apply(request)
        response = http.send(request, stream=True)
        assert next(response.iter_lines()) == ": welcome"
    assert "Traceback" not in (tmp_path / "stderr").read_text()


def test_a_taken_port_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = [*PROGRAM, "--home", str(tmp_path), "--port", str(taken.getsockname()[1])]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "Address already in use" in done.stderr
    assert done.stderr.endswith("Choose another --port, or 0 for any free one\n")
    assert done.stdout == ""


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "::nobody", "x" * 64])
def test_a_host_that_is_not_this_machine_is_said_to_be_the_trouble(tmp_path: Path, host: str) -> None:
    with pytest.raises(ConfigError, match="by --host, or leave it out") as caught:
        listen(host, 0)
    assert "--port" not in str(caught.value)


def test_secrets_are_for_the_owner_only(tmp_path: Path) -> None:
    home = tmp_path / "pengpos"
    backend = open_backend(Options(host="", port=0, home=home / "sandbox"), origin="http://x.test")
    backend.db.close()
    found = {name: stat.S_IMODE((home / "sandbox" / name).stat().st_mode) for name in (*SECRETS, ".", "..")}
    assert found == {**dict.fromkeys(SECRETS, 0o600), ".": 0o700, "..": 0o700}


@pytest.mark.parametrize(("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)])
def test_a_commit_is_on_the_disk(tmp_path: Path, pragma: str, value: object) -> None:
    backend = open_backend(Options(host="", port=0, home=tmp_path), origin="http://x.test")
    with backend.db.engine.connect() as connection:
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value
    backend.db.close()


@pytest.mark.parametrize("begun", [b"", b"GET /v1/health HTTP/1.1\r\nx: "], ids=["silent", "half a head"])
def test_thousands_of_connections_keep_no_terminal_waiting(tmp_path: Path, begun: bytes) -> None:
    """Two hundred more than it serves at once, from another address than the terminal's."""
    connections._raise_files_most()
    with running(tmp_path / "home") as ready, ExitStack() as open_ones:
        port = int(ready["url"].rpartition(":")[2])
        with httpx.Client(base_url=ready["url"], timeout=20) as till:
            assert till.get("/v1/health").json()["status"] == "ok"
            for _ in range(limits.CONNECTIONS.most + 200):
                with suppress(OSError):  # it made room already
                    one = open_ones.enter_context(socket.create_connection(("127.0.0.1", port), 20, ("127.0.0.9", 0)))
                    one.sendall(begun)
            assert till.get("/v1/health").json()["status"] == "ok"
            with httpx.Client(base_url=ready["url"], timeout=20) as another:
                assert another.get("/v1/health").json()["status"] == "ok"
    assert len((tmp_path / "stderr").read_bytes()) < 100_000


HOSTS = [b"localhost", b"", b"/a/b", b"[::1", b"a b", b"x:99999999", b"\xe6\x94\xb6", b"evil.example"]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with running(tmp_path_factory.mktemp("hosts") / "home") as ready:
        yield int(ready["url"].rpartition(":")[2])


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_changes_no_answer(port: int, host: bytes) -> None:
    """Old clients and scanners send what they like; nothing is made of it, least of all an error of ours."""
    for path, status in (
        (b"/v1/health", b"200"),
        (parts()["pay.js"].address.encode(), b"200"),
        (b"/nothing", b"404"),
        (b"/t/x/", b"404"),
    ):
        with socket.create_connection(("127.0.0.1", port), 20) as one:
            asked = b"GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/html\r\nConnection: close\r\n\r\n" % (path, host)
            one.sendall(asked)
            answer = one.makefile("rb").read()
        assert (answer[9:12], b"evil.example" in answer) == (status, False), (path, answer[:200])
