# SPDX-License-Identifier: Apache-2.0
"""`pengpos backend` as a process, as systemd runs it; and its unit."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from pengpos.system_clock import SystemClock
from tests.support.shop import Operator, Till, Wallet

LIMIT_S = 60.0
PROGRAM = [sys.executable, "-c", "from terminal.cli import main; main()", "backend"]
UNIT = Path(__file__).parents[4] / "sandbox" / "backend" / "service" / "pengpos-backend.service"


def free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


class Service:
    """A running one, and what it said to systemd."""

    def __init__(self, directory: Path, systemd: socket.socket) -> None:
        public, operations = free_ports()
        self.origin, self.operations = f"http://127.0.0.1:{public}", f"http://127.0.0.1:{operations}"
        self.state, settings = directory / "state", directory / "backend.toml"
        settings.write_text(
            f'origin = "{self.origin}"\nlisten = "127.0.0.1:{public}"\noperations = "127.0.0.1:{operations}"\n'
        )
        self._systemd = systemd
        environment = {
            "PATH": "", "STATE_DIRECTORY": str(self.state), "NOTIFY_SOCKET": systemd.getsockname(),
            "WATCHDOG_USEC": "60000000",
        }  # fmt: skip
        self.log = directory / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*PROGRAM, "--settings", str(settings)],
                env=environment, cwd=directory, stderr=log, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip

    def until_said(self, state: str) -> None:
        while state not in self._systemd.recv(1_000).decode().split("\n"):
            pass


@contextmanager
def running(directory: Path) -> Iterator[Service]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.settimeout(LIMIT_S)
        systemd.bind(str(directory / "notify"))
        service = Service(directory, systemd)
        try:
            service.until_said("READY=1")
            yield service
            service.process.send_signal(signal.SIGHUP)  # ends nothing
            service.process.send_signal(signal.SIGTERM)
            service.until_said("STOPPING=1")
            said, _ = service.process.communicate(timeout=LIMIT_S)
            assert (service.process.returncode, said) == (0, "")
        finally:
            service.process.kill()
            service.process.communicate()


def test_a_shop_is_made_by_an_operator_and_sells(tmp_path: Path) -> None:
    with (
        running(tmp_path) as service,
        httpx.Client(base_url=service.origin, timeout=LIMIT_S) as http,
        httpx.Client(base_url=service.operations, timeout=LIMIT_S) as watching,
    ):
        service.until_said("WATCHDOG=1")
        operator = Operator(watching, (service.state / "admin-token").read_text().strip())
        assert operator.call("GET", "/payments").json()["payments"] == []
        merchant = {"id": "M-0007", "name": "茶", "currency": "CNY", "timezone": "Asia/Shanghai", "day_starts_hour": 4}
        assert operator.call("POST", "/merchants", merchant).status_code == 201
        store = {"id": "S-0007", "merchant_id": "M-0007", "name": "武康路店"}
        assert operator.call("POST", "/stores", store).status_code == 201
        till = Till.enrol(http, SystemClock(), operator.activation_code("S-0007"))
        assert till.call("GET", "/terminal/config").status_code == 200
        assert Wallet.sign_up(http, SystemClock()).balance() >= 0
        assert http.get("/admin/v1/payments", headers={"Authorization": "Bearer x"}).status_code == 404
        assert watching.get("/health/ready").json() == {"status": "ready"}
    lines = [json.loads(line) for line in service.log.read_text().splitlines()]
    ours = [line["message"].partition(":")[0] for line in lines if line["logger"].endswith("service.service")]
    assert ours == ["serving http", "stopping"]


def test_settings_that_are_wrong_end_it_with_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "backend.toml").write_text('origin = "https://pay.example.cn"\ncolour = "red"\n')
    command = [*PROGRAM, "--settings", str(tmp_path / "backend.toml"), "--state", str(tmp_path / "state"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 1
    assert "unknown field `colour`" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("threshold", [20])
def test_the_unit_gives_away_little(threshold: int) -> None:
    """`systemd-analyze security`: 2.0 of 10 at most."""
    command = ["systemd-analyze", "security", "--offline=yes", f"--threshold={threshold}", "--no-pager", str(UNIT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 0, done.stdout
