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
from pengpos.keys.file import FileKey
from pengpos.wire.encoding.keys import PublicKey
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


def run_enrol(home: Home, *arguments: str, stdin: str = CODE + "\n", unsent: int = 0) -> tuple[int, str]:
    """As with the code in a pipe, unless said otherwise."""
    ports = EnrolPorts(home=lambda: home, enrolled=lambda asked: read_back(home), unsent_payments=lambda asked: unsent)
    result = CliRunner().invoke(cli.enrol_command(ports), arguments, input=stdin)
    return result.exit_code, result.output


def test_enrol_says_who_this_terminal_is_and_says_it_again(home: Home, backend: StandIn) -> None:
    code, output = run_enrol(home, "--backend", ORIGIN)
    key = PublicKey.of(FileKey.load(home.device_key))
    assert (code, output.splitlines()[:2]) == (
        0,
        [
            f"The fingerprint of this device's key is {key.fingerprint}.",
            f"This is T-0001 of 晨光咖啡 Dawn Café now, enrolled at {ORIGIN}.",
        ],
    )
    assert "until 2026-01-30" in output
    code, output = run_enrol(home, "--backend", ORIGIN)
    assert (code, output.splitlines()[1:]) == (
        0,
        ["This is T-0001 of 晨光咖啡 Dawn Café already; nothing was changed."],
    )


def test_a_refusal_is_one_sentence_and_exit_1(home: Home, backend: StandIn) -> None:
    backend.answer = lambda key: problem(403, "activation_code")
    code, output = run_enrol(home, "--backend", ORIGIN)
    assert code == 1
    assert output.splitlines()[1] == (
        "Error: activation code: the backend does not know it, or it is used up or too old. "
        "Ask for a new one where terminals are managed, and use it within its minutes."
    )


def test_a_code_for_another_key_says_what_to_compare(home: Home, backend: StandIn) -> None:
    backend.answer = lambda key: problem(403, "activation_key")
    code, output = run_enrol(home, "--backend", ORIGIN)
    assert code == 1
    assert "made for another key" in output
    assert "Read this device's fingerprint" in output


@pytest.mark.parametrize("where", ["asked for", "standard input", "named standard input", "file"])
def test_the_code_comes_by_where_no_other_user_reads_it(
    where: str, home: Home, backend: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "code"
    file.write_text(f" {CODE} \nnot this\n")
    monkeypatch.setattr(cli, "_at_a_terminal", lambda: where == "asked for")
    named = {"named standard input": ["--code-file", "-"], "file": ["--code-file", str(file)]}.get(where, [])
    code, output = run_enrol(home, "--backend", ORIGIN, *named, stdin="" if where == "file" else f"{CODE}\n")
    assert (code, [body["activation_code"] for body in backend.asked]) == (0, [CODE])
    assert ("Activation code:" in output) is (where == "asked for")


FULL_WIDTH = "".join(chr(ord(one) + 0xFEE0) for one in CODE)
AS_FOUND = {
    "Notepad's UTF-8": b"\xef\xbb\xbf" + CODE.encode() + b"\r\n",
    "Notepad's Unicode": (CODE + "\r\nnot this").encode("utf-16"),
    "Notepad's Unicode, the high byte first": b"\xfe\xff" + (CODE + "\nnot this").encode("utf-16-be"),
    "without a line's end": CODE.encode("utf-16"),
    "full width, by an input method": FULL_WIDTH.encode(),
    "full width in small letters": FULL_WIDTH.lower().encode(),
    "a word processor's hyphens": CODE.replace("-", "\u2010").encode(),
    "hyphens that do not break": CODE.replace("-", "\u2011").encode(),
    "an input method's dashes": CODE.replace("-", "——").encode(),
    "a minus": CODE.replace("-", "\u2212").encode(),
    "spaces": CODE.replace("-", " ").encode(),
    "wide spaces": CODE.replace("-", "\u3000").encode(),
    "dashes between spaces": CODE.replace("-", " – ").encode(),
    "a mark of direction and one without width": f"\u200e{CODE}\u200b".encode(),
}


@pytest.mark.parametrize("content", AS_FOUND.values(), ids=AS_FOUND.keys())
def test_a_code_is_taken_as_editors_and_keyboards_write_it(
    content: bytes, home: Home, backend: StandIn, tmp_path: Path
) -> None:
    file = tmp_path / "code"
    file.write_bytes(content)
    code, output = run_enrol(home, "--backend", ORIGIN, "--code-file", str(file))
    assert (code, [body["activation_code"] for body in backend.asked]) == (0, [CODE]), output


@pytest.mark.parametrize("content", ["ABCD-2345是", "АBCD-2345", "-ABCD", "A*B-2345"])  # the second begins in Cyrillic
def test_what_is_no_code_is_refused_and_asks_no_backend(
    content: str, home: Home, backend: StandIn, tmp_path: Path
) -> None:
    file = tmp_path / "code"
    file.write_text(content, "utf-8")
    assert (run_enrol(home, "--backend", ORIGIN, "--code-file", str(file))[0], backend.asked) == (1, [])


def test_a_code_on_the_command_line_is_refused_and_not_repeated(home: Home, backend: StandIn) -> None:
    code, output = run_enrol(home, CODE, "--backend", ORIGIN)
    assert (code, backend.asked, home.root.exists()) == (2, [], False)
    assert "--code-file FILE" in output
    assert CODE not in output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param([], "there is none in standard input", id="nothing said"),
        pytest.param(["--code-file", "{there}"], "there is none in", id="empty file"),
        pytest.param(["--code-file", "{there}/no"], "cannot be read", id="no file"),
    ],
)
def test_no_code_says_how_to_give_one(
    arguments: list[str], says: str, home: Home, backend: StandIn, tmp_path: Path
) -> None:
    (tmp_path / "empty").touch()
    named = [argument.format(there=tmp_path / "empty") for argument in arguments]
    code, output = run_enrol(home, "--backend", ORIGIN, *named, stdin="")
    assert (code, backend.asked) == (1, [])
    assert says in output


def test_an_address_that_is_none_is_said_before_a_code_is_asked_for(home: Home, backend: StandIn) -> None:
    code, output = run_enrol(home, "--backend", "nowhere")
    assert (code, "no address" in output, home.root.exists()) == (1, True, False)


def test_a_journal_that_cannot_be_counted_stops_enrolment(home: Home, backend: StandIn) -> None:
    def corrupt(asked: object) -> int:
        raise JournalCorruptError(7, "does not follow")

    ports = EnrolPorts(home=lambda: home, enrolled=lambda asked: None, unsent_payments=corrupt)
    result = CliRunner().invoke(cli.enrol_command(ports), ["--backend", ORIGIN], input=CODE)
    assert (result.exit_code, result.output.splitlines()[1:]) == (1, ["Error: row 7: does not follow."])
    assert backend.asked == []


def test_doctor_exits_by_its_worst_light(home: Home, backend: StandIn) -> None:
    ports = DoctorPorts(
        home=lambda: home,
        enrolled=lambda asked: read_back(home),
        probes=lambda asked: {"Readers": lambda: well("Virtual PCD 00 00")},
    )
    result = CliRunner(env={"LC_ALL": "C"}).invoke(cli.doctor_command(ports))
    assert result.exit_code == 1
    assert "FIX   Enrolment   not enrolled" in result.output
    assert "ok    Readers     Virtual PCD 00 00" in result.output
    as_json = json.loads(CliRunner().invoke(cli.doctor_command(ports), ["--json"]).output)
    assert (as_json["healthy"], as_json["findings"][-1]["name"]) == (False, "Readers")
    assert not home.root.exists(), "looking changes nothing"


@pytest.mark.parametrize(
    ("locale", "arguments", "says"),
    [
        ("zh_CN.UTF-8", [], "正常  读卡器    Virtual PCD 00 00"),
        ("zh_TW.UTF-8", [], "正常  讀卡機    Virtual PCD 00 00"),
        ("zh_TW.UTF-8", ["--language", "zh-Hans"], "正常  读卡器    Virtual PCD 00 00"),
        ("en_GB.UTF-8", ["--language", "zh-Hant"], "正常  讀卡機    Virtual PCD 00 00"),
        ("fr_FR.UTF-8", [], "ok    Readers     Virtual PCD 00 00"),
        ("zh_CN.UTF-8", ["--json"], '"says": "not running"'),
    ],
)
def test_doctor_speaks_the_technicians_language_and_programs_english(
    home: Home, locale: str, arguments: list[str], says: str
) -> None:
    ports = DoctorPorts(
        home=lambda: home,
        enrolled=lambda _asked: None,
        probes=lambda _asked: {"Readers": lambda: well("Virtual PCD 00 00")},
    )
    said = CliRunner(env={"LC_ALL": locale}).invoke(cli.doctor_command(ports), arguments).output
    assert says in said
    assert said.isascii() or "--json" not in arguments


@pytest.mark.parametrize(
    ("environment", "is_terminal", "coloured"),
    [
        ({"TERM": "xterm-256color"}, True, True),
        ({"TERM": "linux", "NO_COLOR": ""}, True, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, False),
        ({"TERM": "xterm", "NO_COLOR": "0"}, True, False),
        ({"TERM": "dumb"}, True, False),
        ({"TERM": ""}, True, False),
        ({}, True, False),
        ({"TERM": "xterm"}, False, False),
    ],
)
def test_colour_is_for_a_console_that_has_it(environment: dict[str, str], *, is_terminal: bool, coloured: bool) -> None:
    assert cli.is_coloured(environment, is_terminal=is_terminal) is coloured


@pytest.mark.parametrize(
    ("language", "now", "already", "refused"),
    [
        ("zh-Hans", "已激活：晨光咖啡 Dawn Café的T-0001", "没有改动", "激活码：后台不认识，或已使用、已过期。"),
        ("zh-Hant", "已啟用：晨光咖啡 Dawn Café的T-0001", "沒有變更", "啟用碼：後台不認識，或已使用、已過期。"),
    ],
)  # fmt: skip
def test_enrol_speaks_the_technicians_language(
    home: Home, tmp_path: Path, backend: StandIn, language: str, now: str, already: str, refused: str
) -> None:
    wanted = ("--backend", ORIGIN, "--language", language)
    assert now in run_enrol(home, *wanted)[1]
    assert already in run_enrol(home, *wanted)[1]
    backend.answer = lambda _key: problem(422, "activation_code")
    code, output = run_enrol(Home(tmp_path / "another"), *wanted)
    assert (code, refused in output) == (1, True), output
