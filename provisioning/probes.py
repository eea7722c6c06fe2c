# SPDX-License-Identifier: Apache-2.0
"""The probes this room has of its own: interpreter, packages, files, disk, enrolment, backend. Each ends in seconds.

The program that mounts `doctor` adds the others (journal, readers, fonts): see `provisioning.ports`.
"""

import errno
import os
import platform
import re
import socket
import ssl
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from pengpos.backend_api import roots
from pengpos.backend_api.messages import HealthMessage, read_message
from pengpos.backend_api.one_call import call_once, reason_of
from pengpos.backend_api.proxies import proxy_for, proxy_of
from pengpos.core.errors import ConfigError, MalformedError
from pengpos.core.times import BUILD_TIME, CLOCK_TOLERANCE_S
from pengpos.home import Home
from pengpos.keys.file import FileKey
from pengpos.wire.encoding.keys import PublicKey
from provisioning.activation import clock_difference_s
from provisioning.finding import Finding, Probe, broken, well, worth_a_look
from provisioning.ports import Enrolled

DEADLINE_S = 4.0
HEALTH_SIZE_MOST = 65_536
DISK_LOW_MIB = 512
DISK_OUT_MIB = 64
DISK_SLOW_S = 2.0
DAY_S = 86_400
_ENROL = "Enrol this terminal: pengpos enrol --backend URL"
_COMES_LATER = "It comes with the enrolment"
_RENEW = "Connect the terminal and let it run: it renews its credential by itself"
_BY_THE_MEDIUM = frozenset({errno.EROFS, errno.EIO, errno.ENXIO, errno.ENODEV})
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_TOO_MANY_FILES = "There are too many small files on it, or this user's quota is reached: remove some"
_WORN_OUT = "An SD card that turned read-only is worn out: replace it"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_PYTHONS = ((3, 11), (3, 14))  # from, below: pyproject.toml, requires-python


def own_probes(
    home: Home,
    enrolled: Callable[[], Enrolled | None],
    now: Callable[[], float],
    proxy: Callable[[], str | None] = lambda: None,
) -> Mapping[str, Probe]:
    """This room's probes by the name to show, in the order a technician wants to read them."""
    return {
        "Python": look_at_python,
        "Packages": look_at_packages,
        "Directory": partial(look_at_home, home),
        "Disk": partial(look_at_disk, home.root),
        "Device key": partial(look_at_key, home),
        "Enrolment": partial(look_at_enrolment, enrolled),
        "Credential": partial(look_at_credential, enrolled, now),
        "Backend": partial(look_at_backend, enrolled, now, pinned=lambda: roots.pinned(home.root), proxy=proxy),
        "Terminal": partial(look_at_terminal, home),
    }


def look_at_python(
    version: tuple[int, ...] = sys.version_info[:3], bits: int = sys.maxsize.bit_length() + 1
) -> Finding:
    """One of the Pythons we test with, 64-bit (some packages come for no other)."""
    said = f"{'.'.join(map(str, version))}, {bits}-bit"
    if not _PYTHONS[0] <= version[:2] < _PYTHONS[1]:
        return broken(f"{said}: not tested with", "Use 3.11, 3.12 or 3.13; Debian 12 and Raspberry Pi OS bring one")
    if bits != 64:
        return broken(f"{said}: some packages come for 64-bit only", "Install the 64-bit Raspberry Pi OS")
    return well(said)


def look_at_packages(distribution: str = "pengpos") -> Finding:
    """Everything `distribution` asks for, extras apart, is installed."""
    try:
        asked = metadata.requires(distribution) or []
    except metadata.PackageNotFoundError:
        return broken(f"{distribution} itself is not installed", "In a checkout say make run; else install the package")
    names = [match.group() for line in asked if "extra ==" not in line and (match := re.match(r"[\w.-]+", line))]
    missing = [name for name in names if not _is_installed(name)]
    if missing:
        return broken(f"missing: {', '.join(missing)}", "In a checkout say make run; else install the package again")
    return well(f"{len(names)} of {len(names)}, {distribution} {metadata.version(distribution)}")


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def look_at_home(home: Home) -> Finding:
    """`PENGPOS_HOME` is ours, writable, and closed to others."""
    root = home.root
    try:
        status = root.stat()
    except FileNotFoundError:
        return worth_a_look(f"{root} is not there yet", "Enrolment makes it")
    except OSError as error:
        return broken(f"{root} cannot be looked at ({error.strerror})", "Run this as the user the terminal runs as")
    if not stat.S_ISDIR(status.st_mode):
        return broken(f"{root} is no directory", "Name another one in PENGPOS_HOME, or move this aside")
    if os.statvfs(root).f_flag & os.ST_RDONLY:
        return broken(f"{root}: its medium takes no writing", _WORN_OUT)
    if not os.access(root, os.R_OK | os.W_OK | os.X_OK):
        return broken(f"{root} cannot be written", "Run this as the user the terminal runs as")
    if status.st_mode & _OTHERS:
        mode = stat.S_IMODE(status.st_mode)
        return worth_a_look(f"{root} is open to others (mode {mode:04o})", f"Run: chmod 700 {root}")
    return well(str(root))


def look_at_disk(root: Path, seconds: Callable[[], float] = time.monotonic) -> Finding:
    """Room for the journal, on a medium that takes writes, and takes them soon."""
    place = next((path for path in (root, *root.parents) if path.exists()), Path("/"))
    status = os.statvfs(place)
    free_mib = status.f_bavail * status.f_frsize // 2**20
    if status.f_flag & os.ST_RDONLY:
        return broken(f"{place} is read-only", _WORN_OUT)
    begun_s = seconds()
    if (refused := _what_a_write_meets(place)) is not None and refused.errno in _BY_THE_MEDIUM:
        return broken(f"{place} takes no writing ({refused.strerror})", _WORN_OUT)
    took_s = seconds() - begun_s
    if refused is not None and refused.errno in _NO_ROOM and free_mib >= DISK_OUT_MIB:
        return broken(f"{place} takes no file more, though {free_mib} MiB are free", _TOO_MANY_FILES)
    if free_mib < DISK_OUT_MIB:
        return broken(f"{free_mib} MiB free", "Free some: journalctl --vacuum-size=100M; what sells is never deleted")
    if took_s >= DISK_SLOW_S:
        return worth_a_look(
            f"{place} took {took_s:.1f} s for 4 KiB", "Run this again; a card that stays slow is worn out"
        )
    if free_mib < DISK_LOW_MIB:
        return worth_a_look(f"{free_mib} MiB free", "Free some before it runs out: journalctl --vacuum-size=100M")
    return well(f"{free_mib // 1024} GiB free" if free_mib >= 10_240 else f"{free_mib} MiB free")


def _what_a_write_meets(place: Path) -> OSError | None:
    """What the medium says to a few bytes: one that has failed may still be mounted as if it could be written."""
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(bytes(4_096))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error
    return None


def look_at_key(home: Home) -> Finding:
    """The device key is there, whole, and closed to others."""
    if not home.device_key.exists() and not home.enrolment.exists():
        return worth_a_look("none yet", "Enrolment makes it")
    try:
        key = FileKey.load(home.device_key)
    except ConfigError as error:
        return broken(error.detail, error.way_out)
    return well(f"{home.device_key.name}, closed to others, fingerprint {PublicKey.of(key).fingerprint}")


def look_at_enrolment(enrolled: Callable[[], Enrolled | None]) -> Finding:
    """Who this terminal is."""
    try:
        present = enrolled()
    except ConfigError as error:
        return broken(error.detail, error.way_out)
    if present is None:
        return broken("not enrolled: it cannot sell", _ENROL)
    merchant = present.credential.merchant
    return well(f"{present.credential.subject}{f' of {merchant.name}' if merchant else ''} at {present.backend}")


def look_at_credential(enrolled: Callable[[], Enrolled | None], now: Callable[[], float]) -> Finding:
    """How long the backend still vouches for this terminal; the last quarter of its life is worth a look."""
    try:
        present = enrolled()
    except ConfigError:
        present = None
    if present is None:
        return worth_a_look("none yet", _COMES_LATER)
    credential = present.credential
    left_s = credential.expires_at - int(now())
    until = datetime.fromtimestamp(credential.expires_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    if left_s <= 0:
        return broken(f"over since {until}: no new sale can be signed", _RENEW)
    days = f"{left_s // DAY_S} days" if left_s >= 2 * DAY_S else f"{left_s // 3600} hours"
    if left_s < (credential.expires_at - credential.issued_at) / 4:
        return worth_a_look(f"{days} left, until {until}", _RENEW)
    return well(f"{days} left, until {until}")


def look_at_backend(
    enrolled: Callable[[], Enrolled | None],
    now: Callable[[], float],
    transport: httpx.AsyncBaseTransport | None = None,
    pinned: Callable[[], ssl.SSLContext | None] = lambda: None,
    proxy: Callable[[], str | None] = lambda: None,
) -> Finding:
    """The backend answers `GET /v1/health`, and its clock and ours agree. `transport` is for tests."""
    try:
        present = enrolled()
    except ConfigError:
        present = None
    if present is None:
        return worth_a_look("none to ask yet", _COMES_LATER)
    backend = present.backend
    try:
        by = proxy_for(urlsplit(backend).hostname, proxy_of(proxy()))
        transport = transport or roots.transport(pinned(), by, partial(_bounds, present))
    except ConfigError as error:
        return broken(f"{error.where} {error.detail}", error.way_out)
    try:
        response, raw = call_once(
            "GET", f"{backend}/v1/health", deadline_s=DEADLINE_S, size_most=HEALTH_SIZE_MOST, transport=transport
        )
    except httpx.HTTPError as error:
        return broken(
            f"{backend} cannot be reached ({reason_of(error)})",
            "Check cable or Wi-Fi; sales go on within offline limits",
        )
    if not response.is_success or not _is_health(raw):
        return broken(
            f"{backend} answers, but not as a payment backend does (status {response.status_code})",
            "A proxy or a network's sign-in page may be in the way: open the address in a browser",
        )
    off_s = clock_difference_s(response, now())
    if off_s is not None and abs(off_s) > CLOCK_TOLERANCE_S:
        return broken(f"{backend} is there, but our clocks are {abs(off_s)} s apart", "Run: timedatectl set-ntp true")
    if off_s is not None and abs(off_s) > CLOCK_TOLERANCE_S // 5:
        return worth_a_look(f"{backend}, our clocks are {abs(off_s)} s apart", "Run: timedatectl set-ntp true")
    return well(f"{backend}, clocks agree")


def _bounds(present: Enrolled | None) -> tuple[int, int | None]:
    """The earliest that it can be, whatever this machine's clock says: which is then said beside the backend's."""
    return max(BUILD_TIME, present.credential.issued_at if present is not None else 0), None


def _is_health(raw: bytes) -> bool:
    try:
        read_message(raw, HealthMessage)
    except MalformedError:
        return False
    return True


def look_at_terminal(home: Home) -> Finding:
    """The daemon listens on its socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(DEADLINE_S)
        try:
            probe.connect(str(home.socket))
        except OSError:
            return worth_a_look("not running", "Start it: pengpos daemon; in a checkout, pengpos run is a whole shop")
    return well(f"running on {platform.node()}")
