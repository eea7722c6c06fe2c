# SPDX-License-Identifier: Apache-2.0
"""The lights of what hangs on the device: readers, tag, screen and its program, sound, second copy, clock, link,
stream, alarms.

Where a terminal runs it is asked: it holds its readers, and no other program can say whether they sell. What it rings
for stands in the light of its part. Without one, they tell what is plugged in.
"""

import errno
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path

from pengpos.client import AlarmView, ApiProblem, DaemonAway, Language, LocalClient, ReaderView, Sentences, Status
from pengpos.core.errors import ConfigError, ReaderLostError
from pengpos.core.times import parse_rfc3339
from pengpos.home import Home
from provisioning.finding import Finding, Probe, Text, broken, well, worth_a_look
from terminal.commands import doctor_words as words
from terminal.device.settings import ReaderSettings, Settings, read_settings

SCREEN_SILENT_S = 30
"""It reports every ten seconds."""
_ASK_S = 2.0
_TAG_CHIP = "tag chip"
_ITS_ALARMS = {
    "Tag": ("tag_",),
    "Second copy": ("second_copy", "mirror"),
    "Clock": ("clock",),
    "Link": ("answers_",),
    "Stream": ("events_",),
}
"""The kinds of alarms, by their beginnings, that stand in the light of a part; all others in that of the alarms."""
_SOUND = Path("proc/asound/cards")
_SYNCHRONISED = (Path("run/systemd/timesync/synchronized"), Path("run/chrony/chronyd.pid"))


def part_probes(home: Home, root: Path = Path("/")) -> Mapping[str, Probe]:
    """One a part. `root`: where dev, proc, run and sys are."""
    asked = cache(partial(_asked, home))
    settings = cache(partial(_settings, home))
    always: dict[str, Probe] = {
        "Readers": lambda: _with(settings(), lambda read: look_at_readers(asked(), read.readers)),
        "Tag": lambda: _alarmed(asked(), "Tag") or _with(settings(), lambda read: look_at_tag(asked(), read, root)),
        "Screen": partial(look_at_screen, root, os.environ),
        "Sound": partial(look_at_sound, root),
        "Second copy": lambda: (
            _alarmed(asked(), "Second copy") or _with(settings(), lambda read: look_at_mirror(read, home.root))
        ),
        "Clock": lambda: _alarmed(asked(), "Clock") or look_at_clock(root),
    }
    only_running: dict[str, Probe] = {
        "Screen program": lambda: look_at_screen_program(asked(), root),
        "Link": lambda: _alarmed(asked(), "Link") or look_at_link(asked()),
        "Stream": lambda: _alarmed(asked(), "Stream") or well(words.STREAM_WELL),
        "Alarms": lambda: look_at_alarms(asked()),
    }
    if asked() is not None:
        return {**always, **only_running}
    return {**always, "Readers": _not_known} if _is_silent(home) else always


def look_at_readers(status: Status | None, settings: ReaderSettings) -> Finding:
    """Whether a phone can be held to one."""
    return _plugged_in(settings) if status is None else _reported(status)


def _reported(status: Status) -> Finding:
    """As the running terminal says."""
    readers = [reader for reader in status.readers if reader.name != _TAG_CHIP]
    ready = [reader.name for reader in readers if reader.state != "lost"]
    lost = [reader for reader in readers if reader.state == "lost"]
    if lost and ready:
        says = words.READERS_SOME_MORE if len(lost) > 1 else words.READERS_SOME
        return worth_a_look(says, _cure_of(lost[0]), ready=", ".join(ready), **_first_of(lost))
    if lost:
        return broken(words.READERS_LOST if len(lost) > 1 else words.READER_LOST, _cure_of(lost[0]), **_first_of(lost))
    if not ready:
        return worth_a_look(words.READERS_NONE_YET, words.SAY_AGAIN)
    return well(", ".join(ready))


def _first_of(lost: Sequence[ReaderView]) -> Mapping[str, object]:
    return {"lost": lost[0].name, "detail": _detail_of(lost[0]), "more": len(lost) - 1}


def _detail_of(reader: ReaderView) -> Text:
    return _each(reader.detail_in) or reader.detail


def _cure_of(reader: ReaderView) -> Text:
    return _each(reader.cure_in) or reader.cure


def _plugged_in(settings: ReaderSettings) -> Finding:
    """By name alone: nothing is opened or asked."""
    from drivers.readers.choice import Choice
    from drivers.readers.pcsc.discovery import list_readers, wanted
    from drivers.readers.pn53x.discovery import candidates

    choice = Choice(include=settings.include, exclude=settings.exclude)
    found = candidates(settings.serial_ports, choice=choice)
    claimed = next((one for one in found if one.kernel_driver), None)
    if claimed is not None:
        return broken(words.KERNEL_DRIVER, words.BLACKLIST, name=claimed.name, driver=claimed.kernel_driver)
    names = [f"{one.name} (perhaps)" if one.adapter else one.name for one in found]
    try:
        names += wanted(list_readers(), choice)
    except ReaderLostError as error:
        if not names:
            return broken(error.detail, error.cure)
    if not names:
        return broken(words.READERS_NONE, words.PLUG_READER)
    return well(", ".join(names))


def look_at_tag(status: Status | None, settings: Settings, root: Path) -> Finding:
    """Whether a phone can read what is to be paid."""
    if settings.tag.chip is None:
        return well(words.TAG_BY_READERS if settings.tag.pn53x else words.TAG_NONE)
    chip = None if status is None else next((one for one in status.readers if one.name == _TAG_CHIP), None)
    if chip is not None and chip.state == "lost":
        return broken(_detail_of(chip), _cure_of(chip))
    if not (root / settings.tag.chip.lstrip("/")).exists():
        return broken(words.TAG_NO_BUS, words.TAG_I2C, bus=settings.tag.chip)
    return well(words.TAG_WELL, bus=settings.tag.chip)


def look_at_screen(root: Path, environment: Mapping[str, str]) -> Finding:
    """Whether there is something to draw on: a display of X or Wayland, a connector with a panel, a frame buffer."""
    for name in ("WAYLAND_DISPLAY", "DISPLAY"):
        if environment.get(name):
            return well(words.SCREEN_BY, name=name, value=environment[name])
    connectors = sorted((root / "sys/class/drm").glob("card*-*/status"))
    for status in connectors:
        if _text_of(status) == "connected":
            return well(words.SCREEN_ON, connector=status.parent.name.partition("-")[2])
    if (root / "dev/fb0").exists():
        return well(words.SCREEN_BUFFER)
    return worth_a_look(words.SCREEN_UNPLUGGED if connectors else words.SCREEN_NONE, words.SCREEN_PLUG)


def look_at_screen_program(status: Status | None, root: Path) -> Finding:
    """Whether `pengpos ui` draws: one that hangs is silent, and its process is there."""
    if status is None:
        return worth_a_look(words.UNKNOWN_NOW, words.START_TERMINAL)
    if (screen := status.screen) is None:
        return worth_a_look(words.PROGRAM_NONE, words.PROGRAM_START)
    silent_s = max(0, parse_rfc3339(status.at) - parse_rfc3339(screen.heard))
    if silent_s < SCREEN_SILENT_S:
        return well(words.PROGRAM_DRAWS, size=screen.size, panel=screen.panel, seconds=silent_s)
    if (root / "proc" / str(screen.pid)).exists():
        return broken(words.PROGRAM_HANGS, words.PROGRAM_KILL, pid=screen.pid, seconds=silent_s)
    return broken(words.PROGRAM_GONE, words.PROGRAM_START, pid=screen.pid, seconds=silent_s)


def look_at_sound(root: Path) -> Finding:
    """Whether there is something to ring with."""
    cards = [line.strip() for line in _text_of(root / _SOUND).splitlines() if "]: " in line]
    if not cards:
        return worth_a_look(words.SOUND_NONE, words.SOUND_CURE)
    return well(cards[0].partition("]: ")[2])


def look_at_mirror(settings: Settings, home: Path) -> Finding:
    """Whether a second copy of each stored payment goes to a second medium."""
    if settings.mirror is None:
        return well(words.COPY_NONE)
    directory = Path(settings.mirror.directory)
    if not directory.is_dir():
        return broken(words.COPY_NOT_THERE, words.COPY_PLUG, path=directory)
    if not os.access(directory, os.W_OK | os.X_OK):
        return broken(words.COPY_UNWRITABLE, words.COPY_GIVE, path=directory)
    try:
        free_mib = os.statvfs(directory).f_bavail * os.statvfs(directory).f_frsize // 2**20
        same = directory.stat().st_dev == home.stat().st_dev
    except OSError as error:
        why = os.strerror(error.errno or errno.EIO)
        return broken(words.COPY_TROUBLE, words.COPY_REPLACE, path=directory, why=why)
    if same:
        return worth_a_look(words.COPY_SAME, words.COPY_MOUNT, path=directory)
    if free_mib < 1:
        return broken(words.COPY_FULL, words.COPY_FREE, path=directory)
    return well(str(directory))


def look_at_clock(root: Path) -> Finding:
    """Whether something sets the clock, or a battery keeps it; whether it agrees is seen at the backend."""
    if any((root / path).exists() for path in _SYNCHRONISED):
        return well(words.CLOCK_NETWORK)
    if (root / "dev/rtc0").exists():
        return well(words.CLOCK_BATTERY)
    return worth_a_look(words.CLOCK_NEITHER, words.CLOCK_CURE)


def look_at_link(status: Status | None) -> Finding:
    """Whether the running terminal hears its backend."""
    if status is None:
        return worth_a_look(words.UNKNOWN_NOW, words.START_TERMINAL)
    at = status.link.last_heard
    if status.link.online:
        return well(words.LINK_ONLINE_NEW if at is None else words.LINK_ONLINE, at=at)
    return worth_a_look(words.LINK_OFFLINE_NEW if at is None else words.LINK_OFFLINE, words.LINK_CURE, at=at)


def look_at_alarms(status: Status | None) -> Finding:
    """What the terminal rings for, as far as it stands in no other light."""
    if status is None:
        return worth_a_look(words.UNKNOWN_NOW, words.START_TERMINAL)
    loud = [alarm for alarm in status.alarms if not alarm.calm and _part_of(alarm) is None]
    if not loud:
        return well(words.ALARMS_NONE)
    text, cure = _words_of(loud[0])
    if len(loud) == 1:
        return worth_a_look(text, cure)
    return worth_a_look(words.ALARM_AND_MORE, cure, alarm=text, more=len(loud) - 1)


def _alarmed(status: Status | None, part: str) -> Finding | None:
    """What is rung for in that part, also what leaves the cashier nothing to do: here a technician looks."""
    its = [alarm for alarm in (() if status is None else status.alarms) if _part_of(alarm) == part]
    first = min(its, key=lambda alarm: alarm.calm, default=None)
    return None if first is None else worth_a_look(*_words_of(first))


def _words_of(alarm: AlarmView) -> tuple[Text, Text]:
    return _each(alarm.text_in) or alarm.text, _each(alarm.cure_in) or alarm.cure or words.SEE_LIST


def _each(said: Sentences | None) -> Mapping[Language, str] | None:
    return None if said is None else {"zh-Hans": said.zh_hans, "zh-Hant": said.zh_hant, "en": said.en}


def _part_of(alarm: AlarmView) -> str | None:
    return next((part for part, kinds in _ITS_ALARMS.items() if alarm.kind.startswith(kinds)), None)


def _asked(home: Home) -> Status | None:
    """What the running terminal says; None where none answers."""
    try:
        with LocalClient(home.socket, call_limit_s=_ASK_S) as client:
            return client.status()
    except (ApiProblem, DaemonAway):
        return None


def _is_silent(home: Home) -> bool:
    """A terminal runs, and does not answer: it holds its readers all the same."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_ASK_S)
        try:
            probe.connect(str(home.socket))
        except OSError:
            return False
    return True


def _not_known() -> Finding:
    return broken(words.READERS_UNKNOWN, words.RESTART)


def _settings(home: Home) -> Settings | ConfigError:
    try:
        return read_settings(home.settings)
    except ConfigError as error:
        return error


def _with(settings: Settings | ConfigError, look: Callable[[Settings], Finding]) -> Finding:
    return broken(str(settings), settings.way_out) if isinstance(settings, ConfigError) else look(settings)


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace").strip()
    except OSError:
        return ""
