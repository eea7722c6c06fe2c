# SPDX-License-Identifier: Apache-2.0
"""The lights of what hangs on the device: readers, tag, screen, sound, second copy, clock, link, stream, alarms.

Where a terminal runs it is asked: it holds its readers, and no other program can say whether they sell. What it rings
for stands in the light of its part. Without one, they tell what is plugged in.
"""

import errno
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path

from pengpos.client import AlarmView, ApiProblem, DaemonAway, LocalClient, ReaderView, Status
from pengpos.core.errors import ConfigError, ReaderLostError
from pengpos.home import Home
from provisioning.finding import Finding, Probe, broken, well, worth_a_look
from terminal.device.settings import ReaderSettings, Settings, read_settings

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
        "Link": lambda: _alarmed(asked(), "Link") or look_at_link(asked()),
        "Stream": lambda: _alarmed(asked(), "Stream") or well("nothing is held back"),
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
        return worth_a_look(f"{', '.join(ready)}; not {_first_of(lost)}", lost[0].cure)
    if lost:
        return broken(_first_of(lost), lost[0].cure)
    if not ready:
        return worth_a_look("none known yet", "Wait a moment, then say this again")
    return well(", ".join(ready))


def _first_of(lost: Sequence[ReaderView]) -> str:
    others = f", nor {len(lost) - 1} others" if len(lost) > 1 else ""
    return f"{lost[0].name}: {lost[0].detail}{others}"


def _plugged_in(settings: ReaderSettings) -> Finding:
    """By name alone: nothing is opened or asked."""
    from drivers.readers.choice import Choice
    from drivers.readers.pcsc.discovery import list_readers, wanted
    from drivers.readers.pn53x.discovery import candidates

    choice = Choice(include=settings.include, exclude=settings.exclude)
    found = candidates(settings.serial_ports, choice=choice)
    claimed = next((one for one in found if one.kernel_driver), None)
    if claimed is not None:
        detail = f"{claimed.name}: the kernel's driver {claimed.kernel_driver} holds it"
        return broken(detail, "Blacklist pn533_usb, pn533 and nfc")
    names = [f"{one.name} (perhaps)" if one.adapter else one.name for one in found]
    try:
        names += wanted(list_readers(), choice)
    except ReaderLostError as error:
        if not names:
            return broken(error.detail, error.cure)
    if not names:
        return broken("PC/SC runs and knows no reader", "Plug the reader in; lsusb must show it")
    return well(", ".join(names))


def look_at_tag(status: Status | None, settings: Settings, root: Path) -> Finding:
    """Whether a phone can read what is to be paid."""
    if settings.tag.chip is None:
        return well("played by PN53x readers" if settings.tag.pn53x else "none set: no sale is presented by tag")
    chip = None if status is None else next((one for one in status.readers if one.name == _TAG_CHIP), None)
    if chip is not None and chip.state == "lost":
        return broken(chip.detail, chip.cure)
    if not (root / settings.tag.chip.lstrip("/")).exists():
        return broken(f"there is no {settings.tag.chip}", "Switch I2C on: raspi-config, Interface Options")
    return well(f"a chip on {settings.tag.chip}")


def look_at_screen(root: Path, environment: Mapping[str, str]) -> Finding:
    """Whether there is something to draw on: a display of X or Wayland, a connector with a panel, a frame buffer."""
    for name in ("WAYLAND_DISPLAY", "DISPLAY"):
        if environment.get(name):
            return well(f"{name} is {environment[name]}")
    connectors = sorted((root / "sys/class/drm").glob("card*-*/status"))
    for status in connectors:
        if _text_of(status) == "connected":
            return well(f"on {status.parent.name.partition('-')[2]}")
    if (root / "dev/fb0").exists():
        return well("a frame buffer, /dev/fb0")
    cure = "Plug a panel in and start again; a till on the local API needs none"
    return worth_a_look("no panel is connected" if connectors else "this machine has no display", cure)


def look_at_sound(root: Path) -> Finding:
    """Whether there is something to ring with."""
    cards = [line.strip() for line in _text_of(root / _SOUND).splitlines() if "]: " in line]
    if not cards:
        return worth_a_look("no sound card: results are only seen", "Plug a loudspeaker in, or switch the card on")
    return well(cards[0].partition("]: ")[2])


def look_at_mirror(settings: Settings, home: Path) -> Finding:
    """Whether a second copy of each stored payment goes to a second medium."""
    if settings.mirror is None:
        return well("none set: payments taken offline are on one medium only")
    directory = Path(settings.mirror.directory)
    if not directory.is_dir():
        return broken(f"{directory} is not there", "Plug the stick in, and see that it is mounted there")
    if not os.access(directory, os.W_OK | os.X_OK):
        return broken(f"{directory} cannot be written", "Give it to the user the terminal runs as")
    try:
        free_mib = os.statvfs(directory).f_bavail * os.statvfs(directory).f_frsize // 2**20
        same = directory.stat().st_dev == home.stat().st_dev
    except OSError as error:
        return broken(f"{directory}: {os.strerror(error.errno or errno.EIO)}", "Replace the stick")
    if same:
        return worth_a_look(f"{directory} is on the journal's own medium", "Mount a second medium there")
    if free_mib < 1:
        return broken(f"{directory} is full", "Free some: each payment takes a few KB")
    return well(str(directory))


def look_at_clock(root: Path) -> Finding:
    """Whether something sets the clock, or a battery keeps it; whether it agrees is seen at the backend."""
    if any((root / path).exists() for path in _SYNCHRONISED):
        return well("set by the network")
    if (root / "dev/rtc0").exists():
        return well("kept by a battery")
    return worth_a_look("neither set by the network yet nor kept by a battery", "Run: timedatectl set-ntp true")


def look_at_link(status: Status | None) -> Finding:
    """Whether the running terminal hears its backend."""
    if status is None:
        return worth_a_look("not known", "Start the terminal")
    heard = "never heard" if status.link.last_heard is None else f"last heard {status.link.last_heard}"
    if status.link.online:
        return well(f"online, {heard}")
    return worth_a_look(f"offline, {heard}", "The light of the backend says more; sales go on within offline limits")


def look_at_alarms(status: Status | None) -> Finding:
    """What the terminal rings for, as far as it stands in no other light."""
    if status is None:
        return worth_a_look("not known", "Start the terminal")
    loud = [alarm for alarm in status.alarms if not alarm.calm and _part_of(alarm) is None]
    if not loud:
        return well("none")
    more = f" (and {len(loud) - 1} more)" if len(loud) > 1 else ""
    return worth_a_look(f"{loud[0].text}{more}", loud[0].cure or "See the list on the screen")


def _alarmed(status: Status | None, part: str) -> Finding | None:
    """What is rung for in that part."""
    for alarm in () if status is None else status.alarms:
        if not alarm.calm and _part_of(alarm) == part:
            return worth_a_look(alarm.text, alarm.cure or "See the list on the screen")
    return None


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
    return broken("not known: the terminal runs and does not answer", "Restart it; if that does not help, send its log")


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
