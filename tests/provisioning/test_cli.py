# SPDX-License-Identifier: Apache-2.0
"""The two commands as a technician types them."""

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from pengpos.backend_api.messages import EnrolmentMessage
from pengpos.core.errors import JournalCorruptError
from pengpos.core.ports import Signer
from pengpos.home import Home
from provisioning import cli
from provisioning.activation import ActivationRequest, activate
from provisioning.finding import well
from provisioning.ports import DoctorPorts, EnrolPorts
from tests.provisioning.stand_in import CODE, NOW, ORIGIN, StandIn, clock, problem, read_back


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "pengpos")


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    stand_in = StandIn()

    def ask(origin: str, signer: Signer, request: ActivationRequest) -> EnrolmentMessage:
        return activate(origin, signer, request, now=clock, transport=stand_in.transport())

    monkeypatch.setattr(cli, "activate", ask)
    monkeypatch.setattr(time, "time", lambda: float(NOW))
    return stand_in


def run_enrol(home: Home, *arguments: str, unsent: int = 0) -> tuple[int, str]:
    ports = EnrolPorts(home=lambda: home, enrolled=lambda asked: read_back(home), unsent_payments=lambda asked: unsent)
    result = CliRunner().invoke(cli.enrol_command(ports), arguments)
    return result.exit_code, result.output


def test_enrol_says_who_this_terminal_is_and_says_it_again(home: Home, backend: StandIn) -> None:
    code, output = run_enrol(home, CODE, "--backend", ORIGIN)
    assert (code, output.splitlines()[0]) == (
        0,
        f"This is T-0001 of 晨光咖啡 Dawn Café now, enrolled at {ORIGIN}.",
    )
    assert "until 2026-01-30" in output
    code, output = run_enrol(home, CODE, "--backend", ORIGIN)
    assert (code, output) == (0, "This is T-0001 of 晨光咖啡 Dawn Café already; nothing was changed.\n")


def test_a_refusal_is_one_sentence_and_exit_1(home: Home, backend: StandIn) -> None:
    backend.answer = lambda key: problem(403, "activation_code")
    code, output = run_enrol(home, CODE, "--backend", ORIGIN)
    assert code == 1
    assert output == (
        "Error: activation code: the backend does not know it, or it is used up or too old. "
        "Ask for a new one where terminals are managed, and use it within its minutes.\n"
    )


def test_a_journal_that_cannot_be_counted_stops_enrolment(home: Home, backend: StandIn) -> None:
    def corrupt(asked: object) -> int:
        raise JournalCorruptError(7, "does not follow")

    ports = EnrolPorts(home=lambda: home, enrolled=lambda asked: None, unsent_payments=corrupt)
    result = CliRunner().invoke(cli.enrol_command(ports), [CODE, "--backend", ORIGIN])
    assert (result.exit_code, result.output, backend.asked) == (1, "Error: row 7: does not follow.\n", [])


def test_doctor_exits_by_its_worst_light(home: Home, backend: StandIn) -> None:
    ports = DoctorPorts(
        home=lambda: home,
        enrolled=lambda asked: read_back(home),
        probes=lambda asked: {"Readers": lambda: well("Virtual PCD 00 00")},
    )
    result = CliRunner().invoke(cli.doctor_command(ports))
    assert result.exit_code == 1
    assert "FIX   Enrolment   not enrolled" in result.output
    assert "ok    Readers     Virtual PCD 00 00" in result.output
    as_json = json.loads(CliRunner().invoke(cli.doctor_command(ports), ["--json"]).output)
    assert (as_json["healthy"], as_json["findings"][-1]["name"]) == (False, "Readers")
    assert not home.root.exists(), "looking changes nothing"
