# SPDX-License-Identifier: Apache-2.0
"""`pengpos enrol` and `pengpos doctor`, given what they need of the other rooms."""

import threading
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from pengpos import __version__
from pengpos.core.errors import (
    JournalFaultError,
    JournalMediumError,
    JournalTransientError,
    JournalUnusableError,
    PengposError,
)
from pengpos.core.times import rfc3339
from pengpos.home import Home
from pengpos.keys.file import FileKey
from pengpos.keys.last_heard import LastHeard, read_last_heard
from provisioning.cli import doctor_command, enrol_command
from provisioning.doctor import examine
from provisioning.finding import Finding, Probe, Text, broken, well, worth_a_look
from provisioning.ports import DoctorPorts, EnrolPorts
from provisioning.probes import own_probes
from terminal.commands import doctor_words as words
from terminal.commands.parts import part_probes
from terminal.device.identity import Identity, NotEnrolledError, read_enrolment, read_identity
from terminal.device.settings import read_settings
from terminal.standing.standing import Standing, at_start, kept

_FONTS = Path(__file__).parents[2] / "ui" / "fonts"
_HANGING: dict[str, threading.Thread] = {}
"""What looks at parts that hang, as long as this program lives."""
_FONT_FILES = ("Inter-Regular.otf", "Inter-SemiBold.otf", "NotoSansSC-Regular.otf", "NotoSansTC-Regular.otf")


def enrolled(home: Home) -> Identity | None:
    """Who this terminal is; None before its enrolment. Raises ConfigError for a damaged one."""
    if not home.enrolment.exists():
        return None
    try:
        return read_identity(home.enrolment, FileKey.load(home.device_key))
    except NotEnrolledError:
        return None


def _proxy(home: Home) -> str | None:
    """Raises ConfigError."""
    return read_settings(home.settings).backend.proxy


def unsent_payments(home: Home) -> int:
    """Sales in the journal on which money may hang and which the backend has not acknowledged as imported.

    0 without a journal. Raises JournalError, MalformedError.
    """
    from offline_queue.export.acknowledgement import uncovered
    from offline_queue.journal.files import load_key
    from offline_queue.journal.reader import JournalReader

    if not home.journal.exists():
        return 0
    reader = JournalReader(home.journal, load_key(home.journal_key, home.journal))
    try:
        return len(uncovered(reader))
    finally:
        reader.close()


def _probes(home: Home) -> Mapping[str, Probe]:
    return {
        "Journal": lambda: _journal(home),
        "Standing": lambda: _standing(home),
        **part_probes(home),
        "Fonts": _fonts,
        "Items": lambda: _items(home),
    }


def _journal(home: Home) -> Finding:
    if not home.journal.exists():
        return worth_a_look(words.JOURNAL_NONE, words.JOURNAL_MADE)
    try:
        waiting = unsent_payments(home)
    except JournalMediumError as error:
        return broken(error.detail, words.JOURNAL_CARD, do=error.cure, rest=_what_can_be_read(home))
    except JournalTransientError as error:
        return broken(str(error), words.JOURNAL_DISK)
    except JournalFaultError as error:
        return broken(str(error), words.JOURNAL_FAULT)
    except JournalUnusableError as error:
        return broken(str(error), words.JOURNAL_UNUSABLE, rest=_what_can_be_read(home))
    except PengposError as error:
        return broken(str(error), words.JOURNAL_VERIFY)
    if waiting:
        return worth_a_look(words.JOURNAL_WAITS, words.JOURNAL_CONNECT, count=waiting)
    return well(words.JOURNAL_WELL)


def _what_can_be_read(home: Home) -> Text:
    """What to do about a damaged journal, by what is still in it."""
    from offline_queue.export.unsent import read_unsent
    from offline_queue.journal.files import load_key

    try:
        sales = len(read_unsent(home.journal, load_key(home.journal_key, home.journal)).sales)
    except (PengposError, OSError):
        return words.NOTHING_READ
    return words.SALES_READ.said(count=sales)


def _standing(home: Home) -> Finding:
    """Whether the operator lets it sell, as it was obeyed last."""
    from offline_queue.journal.files import load_key
    from offline_queue.journal.reader import JournalReader

    if not home.journal.exists():
        return _unheard() if home.enrolment.exists() and not home.last_heard.exists() else well(words.STANDING_UNTOLD)
    try:
        with JournalReader(home.journal, load_key(home.journal_key, home.journal)) as reader:
            obeyed = at_start(reader, _last_heard(home)) if home.enrolment.exists() else kept(reader)
    except PengposError:
        return worth_a_look(words.STANDING_UNKNOWN, words.SEE_JOURNAL)
    if obeyed.unheard:
        return _unheard()
    known, since = obeyed.since is not None, "" if obeyed.since is None else rfc3339(obeyed.since)
    match obeyed.standing:
        case Standing.ACTIVE:
            return well(words.MAY_SELL)
        case Standing.LOCKED:
            return broken(words.LOCKED_SINCE if known else words.LOCKED, words.CALL_PROVIDER, since=since)
        case Standing.REVOKED:
            return broken(words.REVOKED_SINCE if known else words.REVOKED, words.ENROL_ANOTHER, since=since)


def _last_heard(home: Home) -> LastHeard | None:
    """What stands beside the enrolment. Raises ConfigError."""
    return read_last_heard(home.last_heard, str(read_enrolment(home.enrolment).get("terminal_id")))


def _unheard() -> Finding:
    """Neither a journal nor the file beside the enrolment says what the backend said last."""
    return broken(words.UNHEARD, words.UNHEARD_CURE)


def _fonts() -> Finding:
    missing = [name for name in _FONT_FILES if not (_FONTS / name).exists()]
    if missing:
        return broken(words.FONTS_MISSING, words.FONTS_CURE, names=", ".join(missing))
    return well(words.FONTS_WELL)


def _items(home: Home) -> Finding:
    """The shop's own list of goods, as the screen reads it."""
    from ui.state.items import read_items, spoilt_words

    listed = read_items(home.items)
    if listed.spoilt:
        what, more = spoilt_words(listed.spoilt[0]), len(listed.spoilt) - 1
        says = words.ITEMS_LEFT_OUT_MORE if more else words.ITEMS_LEFT_OUT
        return worth_a_look(says, words.ITEMS_CURE, what=what, more=more, file=home.items)
    if not listed.items:
        return well(words.ITEMS_NONE)
    return well(words.ITEMS_WELL, count=len(listed.items), file=home.items.name)


def diagnosis(home: Home) -> dict[str, object]:
    """What `pengpos doctor --json` prints, for `GET /v1/diagnosis`. Takes seconds."""
    probes = {**own_probes(home, lambda: enrolled(home), time.time, partial(_proxy, home)), **_probes(home)}
    seen = examine(probes, at=int(time.time()), home=str(home.root), software_version=__version__, hanging=_HANGING)
    return seen.as_json()


_home = Home.of_environment
enrol = enrol_command(EnrolPorts(home=_home, enrolled=enrolled, unsent_payments=unsent_payments, proxy=_proxy))
doctor = doctor_command(DoctorPorts(home=_home, enrolled=enrolled, probes=_probes, proxy=_proxy))
