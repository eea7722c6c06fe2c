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
from provisioning import words
from provisioning.activation import clock_difference_s
from provisioning.finding import Finding, Probe, broken, well, worth_a_look
from provisioning.ports import Enrolled

DEADLINE_S = 4.0
HEALTH_SIZE_MOST = 65_536
DISK_LOW_MIB = 512
DISK_OUT_MIB = 64
DISK_SLOW_S = 2.0
DAY_S = 86_400
_BY_THE_MEDIUM = frozenset({errno.EROFS, errno.EIO, errno.ENXIO, errno.ENODEV})
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
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
    said = ".".join(map(str, version))
    if not _PYTHONS[0] <= version[:2] < _PYTHONS[1]:
        return broken(words.PYTHON_UNTESTED, words.PYTHON_USE, version=said, bits=bits)
    if bits != 64:
        return broken(words.PYTHON_NARROW, words.PYTHON_WIDE, version=said, bits=bits)
    return well(words.PYTHON_IS, version=said, bits=bits)


def look_at_packages(distribution: str = "pengpos") -> Finding:
    """Everything `distribution` asks for, extras apart, is installed."""
    try:
        asked = metadata.requires(distribution) or []
    except metadata.PackageNotFoundError:
        return broken(words.NOT_INSTALLED, words.INSTALL, name=distribution)
    names = [match.group() for line in asked if "extra ==" not in line and (match := re.match(r"[\w.-]+", line))]
    missing = [name for name in names if not _is_installed(name)]
    if missing:
        return broken(words.MISSING, words.INSTALL_AGAIN, names=", ".join(missing))
    return well(words.ALL_INSTALLED, count=len(names), name=distribution, version=metadata.version(distribution))


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
        return worth_a_look(words.HOME_NOT_YET, words.MADE_BY_ENROLMENT, path=root)
    except OSError as error:
        return broken(words.HOME_UNSEEN, words.AS_ITS_USER, path=root, why=error.strerror)
    if not stat.S_ISDIR(status.st_mode):
        return broken(words.HOME_NO_DIRECTORY, words.HOME_NAME_ANOTHER, path=root)
    if os.statvfs(root).f_flag & os.ST_RDONLY:
        return broken(words.HOME_READ_ONLY, words.WORN_OUT, path=root)
    if not os.access(root, os.R_OK | os.W_OK | os.X_OK):
        return broken(words.HOME_UNWRITABLE, words.AS_ITS_USER, path=root)
    if status.st_mode & _OTHERS:
        mode = f"{stat.S_IMODE(status.st_mode):04o}"
        return worth_a_look(words.HOME_OPEN, words.HOME_CLOSE, path=root, mode=mode)
    return well(str(root))


def look_at_disk(root: Path, seconds: Callable[[], float] = time.monotonic) -> Finding:
    """Room for the journal, on a medium that takes writes, and takes them soon."""
    place = next((path for path in (root, *root.parents) if path.exists()), Path("/"))
    status = os.statvfs(place)
    free_mib = status.f_bavail * status.f_frsize // 2**20
    if status.f_flag & os.ST_RDONLY:
        return broken(words.DISK_READ_ONLY, words.WORN_OUT, path=place)
    begun_s = seconds()
    if (refused := _what_a_write_meets(place)) is not None and refused.errno in _BY_THE_MEDIUM:
        return broken(words.DISK_REFUSES, words.WORN_OUT, path=place, why=refused.strerror)
    took_s = seconds() - begun_s
    if refused is not None and refused.errno in _NO_ROOM and free_mib >= DISK_OUT_MIB:
        return broken(words.DISK_NO_FILE, words.DISK_MANY_FILES, path=place, mib=free_mib)
    if free_mib < DISK_OUT_MIB:
        return broken(words.DISK_OUT, words.DISK_FREE_SOME, mib=free_mib)
    if took_s >= DISK_SLOW_S:
        return worth_a_look(words.DISK_SLOW, words.DISK_SLOW_CURE, path=place, seconds=f"{took_s:.1f}")
    if free_mib < DISK_LOW_MIB:
        return worth_a_look(words.DISK_LOW, words.DISK_FREE_SOON, mib=free_mib)
    return well(words.FREE_GIB if free_mib >= 10_240 else words.FREE_MIB, mib=free_mib, gib=free_mib // 1024)


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
        return worth_a_look(words.KEY_NONE, words.MADE_BY_ENROLMENT)
    try:
        key = FileKey.load(home.device_key)
    except ConfigError as error:
        return broken(error.detail, error.way_out)
    return well(words.KEY_WELL, file=home.device_key.name, fingerprint=PublicKey.of(key).fingerprint)


def look_at_enrolment(enrolled: Callable[[], Enrolled | None]) -> Finding:
    """Who this terminal is."""
    try:
        present = enrolled()
    except ConfigError as error:
        return broken(error.detail, error.way_out)
    if present is None:
        return broken(words.NOT_ENROLLED, words.ENROL)
    terminal, merchant = present.credential.subject, present.credential.merchant
    if merchant is None:
        return well(words.ENROLLED_ALONE, terminal=terminal, backend=present.backend)
    return well(words.ENROLLED, terminal=terminal, merchant=merchant.name, backend=present.backend)


def look_at_credential(enrolled: Callable[[], Enrolled | None], now: Callable[[], float]) -> Finding:
    """How long the backend still vouches for this terminal; the last quarter of its life is worth a look."""
    try:
        present = enrolled()
    except ConfigError:
        present = None
    if present is None:
        return worth_a_look(words.CREDENTIAL_NONE, words.COMES_LATER)
    credential = present.credential
    left_s = credential.expires_at - int(now())
    until = datetime.fromtimestamp(credential.expires_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    if left_s <= 0:
        return broken(words.CREDENTIAL_OVER, words.RENEW, until=until)
    in_days = left_s >= 2 * DAY_S
    says = words.CREDENTIAL_DAYS if in_days else words.CREDENTIAL_HOURS
    left = left_s // (DAY_S if in_days else 3600)
    if left_s < (credential.expires_at - credential.issued_at) / 4:
        return worth_a_look(says, words.RENEW, left=left, until=until)
    return well(says, left=left, until=until)


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
        return worth_a_look(words.BACKEND_NONE, words.COMES_LATER)
    backend = present.backend
    try:
        by = proxy_for(urlsplit(backend).hostname, proxy_of(proxy()))
        transport = transport or roots.transport(pinned(), by, partial(_bounds, present))
    except ConfigError as error:
        return broken(words.BACKEND_SETTING, error.way_out, where=error.where, detail=error.detail)
    try:
        response, raw = call_once(
            "GET", f"{backend}/v1/health", deadline_s=DEADLINE_S, size_most=HEALTH_SIZE_MOST, transport=transport
        )
    except httpx.HTTPError as error:
        return broken(words.BACKEND_AWAY, words.BACKEND_CABLE, backend=backend, why=reason_of(error))
    if not response.is_success or not _is_health(raw):
        return broken(words.BACKEND_OTHER, words.BACKEND_PROXY, backend=backend, status=response.status_code)
    off_s = abs(clock_difference_s(response, now()) or 0)
    if off_s > CLOCK_TOLERANCE_S:
        return broken(words.CLOCKS_APART, words.SET_CLOCK, backend=backend, seconds=off_s)
    if off_s > CLOCK_TOLERANCE_S // 5:
        return worth_a_look(words.CLOCKS_OFF, words.SET_CLOCK, backend=backend, seconds=off_s)
    return well(words.BACKEND_WELL, backend=backend)


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
            return worth_a_look(words.NOT_RUNNING, words.START)
    return well(words.RUNNING, host=platform.node())
