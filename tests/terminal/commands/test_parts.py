# SPDX-License-Identifier: Apache-2.0
"""One light a part: what the running terminal says comes first, then what is plugged in."""

import socket
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from drivers.readers.pcsc import discovery
from drivers.readers.pcsc import errors as pcsc_errors
from pengpos.client import AlarmView, Home, LinkView, QueueView, ReaderView, ScreenView, Sentences, Status
from pengpos.core.errors import ReaderLostError
from provisioning import words
from provisioning.finding import Finding, Light
from terminal.commands import parts, technician
from terminal.device import alarm_words
from terminal.device.alarms import alarm_view
from terminal.device.settings import MirrorSettings, ReaderSettings, Settings, TagSettings
from terminal.device.words import spoken

GREEN, YELLOW, RED = Light.GREEN, Light.YELLOW, Light.RED
PICC, TOKEN = "ACS ACR1252 Dual Reader [ACR1252 Dual Reader PICC] 00 00", "Yubico YubiKey OTP+FIDO+CCID 00 00"


def status(*readers: ReaderView, alarms: list[AlarmView] | None = None, link: LinkView | None = None) -> Status:
    return Status(
        at="2026-11-30T02:00:00Z",
        link=link or LinkView(online=True, last_heard="2026-11-30T01:59:58Z"),
        readers=list(readers),
        queue=QueueView(),
        alarms=alarms or [],
    )


def ready(name: str) -> ReaderView:
    return ReaderView(name=name, state="ready")


def lost(name: str) -> ReaderView:
    return ReaderView(name=name, state="lost", detail="it melted", cure="Buy another")


def alarm(kind: str, *, calm: bool = False, cure: str = "See to it") -> AlarmView:
    return AlarmView(id=kind, kind=kind, at="2026-11-30T02:00:00Z", text=f"about {kind}", cure=cure, calm=calm)


def check(found: Finding, light: Light, says: str) -> None:
    assert (found.light, bool(found.cure)) == (light, light is not GREEN)
    assert says in found.says


# --- readers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("readers", "light", "says"),
    [
        ([ready("A"), ready("B")], GREEN, "A, B"),
        ([ready("A"), lost("B")], YELLOW, "A; not B: it melted"),
        ([lost("A"), lost("B")], RED, "A: it melted, nor 1 others"),
        ([ReaderView(name="A", state="starting")], GREEN, "A"),
        ([ready("tag chip")], YELLOW, "none known yet"),
    ],
)
def test_the_running_terminal_says_whether_its_readers_sell(
    monkeypatch: pytest.MonkeyPatch, readers: list[ReaderView], light: Light, says: str
) -> None:
    def never() -> tuple[str, ...]:
        raise AssertionError("its pcscd may be no one's here")

    monkeypatch.setattr(discovery, "list_readers", never)
    check(parts.look_at_readers(status(*readers), ReaderSettings()), light, says)


@pytest.mark.parametrize("name", ["ACS ACR1252", "tag chip"])
def test_what_is_wrong_with_a_reader_or_the_tag_is_said_in_the_technicians_language(name: str) -> None:
    trouble = pcsc_errors.hung(name)
    one = ReaderView(
        name=name, state="lost", detail=str(trouble.detail), cure=str(trouble.cure),
        detail_in=spoken(trouble.detail), cure_in=spoken(trouble.cure),
    )  # fmt: skip
    settings = Settings(tag=TagSettings(chip="/dev/i2c-1"))
    found = (
        parts.look_at_tag(status(one), settings, Path("/"))
        if name == "tag chip"
        else parts.look_at_readers(status(one), settings.readers)
    )
    says, cure = found.in_language("zh-Hans")
    assert says.endswith("读卡器没有响应：驱动执行上一条命令后没有返回")
    assert cure == "请把手机拿开；若仍不行，请拔下读卡器再插上"
    assert found.says.endswith("its driver does not return from the last command")


@pytest.mark.parametrize(
    ("there", "settings", "light", "says"),
    [
        ((PICC, TOKEN), ReaderSettings(), GREEN, PICC),
        ((TOKEN,), ReaderSettings(), RED, "only slots no phone can be held to: Yubico"),
        ((TOKEN,), ReaderSettings(include=("yubikey",)), GREEN, TOKEN),
        ((PICC,), ReaderSettings(exclude=("PICC",)), RED, "only slots no phone can be held to"),
        ((), ReaderSettings(), RED, "knows no reader"),
    ],
)
def test_without_one_it_is_told_by_what_is_plugged_in(
    monkeypatch: pytest.MonkeyPatch, there: tuple[str, ...], settings: ReaderSettings, light: Light, says: str
) -> None:
    monkeypatch.setattr(discovery, "list_readers", lambda: there)
    check(parts.look_at_readers(None, settings), light, says)


def test_without_pcscd_its_cure_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_service() -> tuple[str, ...]:
        raise ReaderLostError("PC/SC", "pcscd does not run", "Start it")

    monkeypatch.setattr(discovery, "list_readers", no_service)
    assert parts.look_at_readers(None, ReaderSettings()) == Finding(RED, "pcscd does not run", "Start it")


# --- the others -------------------------------------------------------------------------------------------------------


def touched(root: Path, *files: str, text: str = "") -> Path:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text)
    return root


@pytest.mark.parametrize(
    ("tag", "readers", "light", "says"),
    [
        (TagSettings(), [], GREEN, "none set"),
        (TagSettings(pn53x=True), [], GREEN, "played by PN53x"),
        (TagSettings(chip="/dev/i2c-1"), [], GREEN, "a chip on /dev/i2c-1"),
        (TagSettings(chip="/dev/i2c-1"), [lost("tag chip")], RED, "it melted"),
        (TagSettings(chip="/dev/i2c-9"), [], RED, "there is no /dev/i2c-9"),
    ],
)
def test_the_tag(tmp_path: Path, tag: TagSettings, readers: list[ReaderView], light: Light, says: str) -> None:
    root = touched(tmp_path, "dev/i2c-1")
    check(parts.look_at_tag(status(*readers), Settings(tag=tag), root), light, says)


@pytest.mark.parametrize(
    ("files", "text", "environment", "light", "says"),
    [
        ([], "", {"DISPLAY": ":0"}, GREEN, "DISPLAY is :0"),
        ([], "", {"WAYLAND_DISPLAY": "wayland-0"}, GREEN, "wayland-0"),
        (["sys/class/drm/card1-HDMI-A-1/status"], "connected\n", {}, GREEN, "on HDMI-A-1"),
        (["sys/class/drm/card1-HDMI-A-1/status"], "disconnected\n", {}, YELLOW, "no panel is connected"),
        (["dev/fb0"], "", {}, GREEN, "/dev/fb0"),
        ([], "", {}, YELLOW, "no display"),
    ],
)
def test_the_screen(
    tmp_path: Path, files: list[str], text: str, environment: Mapping[str, str], light: Light, says: str
) -> None:
    check(parts.look_at_screen(touched(tmp_path, *files, text=text), environment), light, says)


SCREEN = ScreenView(pid=7, software_version="0.1.0", size="800x480", panel="kmsdrm", heard="2026-11-30T01:59:50Z")


@pytest.mark.parametrize(
    ("screen", "at", "is_there", "light", "code", "says"),
    [
        (None, "2026-11-30T02:00:00Z", True, YELLOW, "none", "none has reported"),
        (SCREEN, "2026-11-30T02:00:00Z", True, GREEN, "draws", "draws 800x480 on kmsdrm, heard 10 s ago"),
        (SCREEN, "2026-11-30T02:00:19Z", False, GREEN, "draws", "heard 29 s ago"),
        (SCREEN, "2026-11-30T02:00:20Z", True, RED, "hangs", "process 7 is there and has drawn nothing for 30 s"),
        (SCREEN, "2026-11-30T02:00:20Z", False, RED, "gone", "process 7 was last heard 30 s ago"),
        (SCREEN, "1970-01-01T00:00:00Z", True, GREEN, "draws", "heard 0 s ago"),
    ],
    ids=["none", "draws", "a moment late", "hangs", "has ended", "the clock was set back"],
)
def test_a_screen_that_hangs_is_told_from_one_that_is_not_there(
    tmp_path: Path, screen: ScreenView | None, at: str, light: Light, code: str, says: str, *, is_there: bool
) -> None:
    if is_there:
        touched(tmp_path, "proc/7/comm")
    said = msgspec.structs.replace(status(), at=at, screen=screen)
    found = parts.look_at_screen_program(said, tmp_path)
    check(found, light, says)
    assert found.code == f"doctor.program.{code}"


@pytest.mark.parametrize(
    ("cards", "light", "says"),
    [
        (None, YELLOW, "no sound card"),
        ("--- no soundcards ---\n", YELLOW, "no sound card"),
        (" 0 [Headphones     ]: bcm2835 - bcm2835 Headphones\n      bcm2835\n", GREEN, "bcm2835 Headphones"),
    ],
)
def test_the_sound(tmp_path: Path, cards: str | None, light: Light, says: str) -> None:
    if cards is not None:
        touched(tmp_path, "proc/asound/cards", text=cards)
    check(parts.look_at_sound(tmp_path), light, says)


@pytest.mark.parametrize(
    ("files", "light"),
    [(["run/systemd/timesync/synchronized"], GREEN), (["run/chrony/chronyd.pid"], GREEN), (["dev/rtc0"], GREEN),
     ([], YELLOW)],
)  # fmt: skip
def test_the_clock(tmp_path: Path, files: list[str], light: Light) -> None:
    assert parts.look_at_clock(touched(tmp_path, *files)).light is light


def test_the_second_copy(tmp_path: Path) -> None:
    def look(directory: Path | str | None) -> Finding:
        mirror = None if directory is None else MirrorSettings(directory=str(directory))
        return parts.look_at_mirror(Settings(mirror=mirror), tmp_path)

    check(look(None), GREEN, "none set")
    check(look("/media/nowhere/at all"), RED, "is not there")
    check(look(tmp_path), YELLOW, "the journal's own medium")
    check(look("/dev/shm"), GREEN, "/dev/shm")  # another medium that is writable wherever tests run


@pytest.mark.parametrize(
    ("link", "light", "says"),
    [
        (LinkView(online=True, last_heard="now"), GREEN, "online, last heard now"),
        (LinkView(online=False, last_heard="then"), YELLOW, "offline, last heard then"),
        (LinkView(online=False), YELLOW, "never heard"),
    ],
)
def test_the_link(link: LinkView, light: Light, says: str) -> None:
    check(parts.look_at_link(status(link=link)), light, says)


# --- alarms -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kinds", "lit"),
    [
        ([], {}),
        (["clock_ahead"], {"Clock": "about clock_ahead"}),
        (["tag_rewritten"], {"Tag": "about tag_rewritten"}),
        (["events_held_back"], {"Stream": "about events_held_back"}),
        (["answers_unsigned"], {"Link": "about answers_unsigned"}),
        (["mirror"], {"Second copy": "about mirror"}),
        (["second_copy_has_more"], {"Second copy": "about second_copy_has_more"}),
        (["refund_refused", "pins_guessed"], {"Alarms": "about refund_refused (and 1 more)"}),
        (["credential", "tag_unprotected"], {"Alarms": "about credential", "Tag": "about tag_unprotected"}),
    ],
)
def test_each_alarm_is_in_the_light_of_its_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kinds: list[str], lit: dict[str, str]
) -> None:
    said = status(ready("A"), alarms=[*map(alarm, kinds), alarm("of_no_matter", calm=True)])
    monkeypatch.setattr(parts, "_asked", lambda _home: said)
    touched(tmp_path, "dev/rtc0")
    found = {name: probe() for name, probe in parts.part_probes(Home(tmp_path), tmp_path).items()}
    by_alarm = {name: one.says for name, one in found.items() if "about" in one.says}
    assert by_alarm == lit
    assert all(found[name].light is YELLOW for name in lit)


@pytest.mark.parametrize(
    ("kind", "said", "part"),
    [
        ("events_held_back", alarm_words.events_held_back(), "Stream"),
        ("tag_unprotected", alarm_words.tag_unprotected(), "Tag"),
        ("answers_unsigned", alarm_words.answers_unsigned(), "Link"),
    ],
)
def test_an_alarm_that_leaves_the_cashier_nothing_to_do_lights_its_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, said: alarm_words.AlarmWords, part: str
) -> None:
    """As the terminal raises it."""
    raised = alarm_view(kind, kind, said, 1_800_000_000)
    monkeypatch.setattr(parts, "_asked", lambda _home: status(ready("A"), alarms=[raised]))
    probes = parts.part_probes(Home(tmp_path), tmp_path)
    check(probes[part](), YELLOW, said.text.en)
    check(probes["Alarms"](), GREEN, "none")


def test_of_two_alarms_of_a_part_the_loud_one_is_said() -> None:
    both = status(alarms=[alarm("tag_unprotected", calm=True), alarm("tag_rewritten")])
    found = parts._alarmed(both, "Tag")
    assert found is not None
    check(found, YELLOW, "about tag_rewritten")


def test_an_alarm_is_said_in_the_technicians_language() -> None:
    said = Sentences(zh_hans="时钟快了", zh_hant="時鐘快了", en="the clock is ahead")
    cure = Sentences(zh_hans="校时", zh_hant="校時", en="Set it")
    loud = msgspec.structs.replace(alarm("of_its_own"), text_in=said, cure_in=cure)
    one, two = (parts.look_at_alarms(status(alarms=alarms)) for alarms in ([loud], [loud, alarm("another")]))
    assert one.in_language("zh-Hant") == ("時鐘快了", "校時")
    assert two.in_language("zh-Hans") == ("时钟快了（另有1条）", "校时")
    assert two.says == "the clock is ahead (and 1 more)"


def test_each_light_has_a_name_in_each_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "_asked", lambda _home: status())
    assert {*parts.part_probes(Home(tmp_path)), *technician._probes(Home(tmp_path))} <= {*words.NAMES}


def test_the_terminal_is_asked_once_for_all_lights_and_where_there_is_none_its_own_lights_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Home] = []
    monkeypatch.setattr(parts, "_asked", asked.append)
    monkeypatch.setattr(discovery, "list_readers", lambda: (PICC,))
    probes = parts.part_probes(Home(tmp_path), tmp_path)
    assert list(probes) == ["Readers", "Tag", "Screen", "Sound", "Second copy", "Clock"]
    lights = [probe().light for probe in probes.values()]
    assert lights[0] is GREEN
    assert len(asked) == 1


def test_of_a_terminal_that_runs_and_does_not_answer_nothing_else_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path)
    home.socket.parent.mkdir(parents=True)
    monkeypatch.setattr(parts, "_asked", lambda _home: None)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as deaf:
        deaf.bind(str(home.socket))
        deaf.listen()
        check(parts.part_probes(home, tmp_path)["Readers"](), RED, "runs and does not answer")


def test_a_setting_that_cannot_be_read_is_said_where_it_matters(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.settings.write_text("[readers]\nexclude = 7\n")
    found = parts.part_probes(home, tmp_path)["Readers"]()
    assert found.light is RED
    assert "readers.exclude" in found.says
