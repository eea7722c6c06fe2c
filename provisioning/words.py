# SPDX-License-Identifier: Apache-2.0
"""What the doctor says of the parts that this room looks at, in the technician's language: `provisioning/locale`.

Tests: tests/provisioning/test_doctor.py, tests/provisioning/test_probes.py.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pengpos.i18n import Catalogue, Message
from provisioning.finding import Light

CATALOGUE: Final = Catalogue("provisioning", Path(__file__).with_name("locale"))
message = CATALOGUE.message

NAMES: Final[Mapping[str, Message]] = {
    "Python": message("name.python"),
    "Packages": message("name.packages"),
    "Directory": message("name.directory"),
    "Disk": message("name.disk"),
    "Device key": message("name.device_key"),
    "Enrolment": message("name.enrolment"),
    "Credential": message("name.credential"),
    "Backend": message("name.backend"),
    "Terminal": message("name.terminal"),
    "Journal": message("name.journal"),
    "Standing": message("name.standing"),
    "Readers": message("name.readers"),
    "Tag": message("name.tag"),
    "Screen": message("name.screen"),
    "Screen program": message("name.screen_program"),
    "Sound": message("name.sound"),
    "Second copy": message("name.second_copy"),
    "Clock": message("name.clock"),
    "Link": message("name.link"),
    "Stream": message("name.stream"),
    "Alarms": message("name.alarms"),
    "Fonts": message("name.fonts"),
    "Items": message("name.items"),
}
"""Of the lights, by their names in English."""
LIGHTS: Final[Mapping[Light, Message]] = {
    Light.GREEN: message("light.green"),
    Light.YELLOW: message("light.yellow"),
    Light.RED: message("light.red"),
}

HEAD: Final = message("diagnosis.head")
ALL_WELL: Final = message("diagnosis.all_well")
ONE_LOOK: Final = message("diagnosis.one_look")
MANY_LOOK: Final = message("diagnosis.many_look")
ONE_RED: Final = message("diagnosis.one_red")
MANY_RED: Final = message("diagnosis.many_red")
PART_UNSEEN: Final = message("part.unseen")
PART_UNSEEN_CURE: Final = message("part.unseen_cure")
PART_HANGS: Final = message("part.hangs")
PART_HANGS_CURE: Final = message("part.hangs_cure")
PYTHON_IS: Final = message("python.is")
PYTHON_UNTESTED: Final = message("python.untested")
PYTHON_USE: Final = message("python.use")
PYTHON_NARROW: Final = message("python.narrow")
PYTHON_WIDE: Final = message("python.wide")
NOT_INSTALLED: Final = message("packages.not_installed")
INSTALL: Final = message("packages.install")
MISSING: Final = message("packages.missing")
INSTALL_AGAIN: Final = message("packages.install_again")
ALL_INSTALLED: Final = message("packages.all")
HOME_NOT_YET: Final = message("home.not_yet")
MADE_BY_ENROLMENT: Final = message("home.made_by_enrolment")
HOME_UNSEEN: Final = message("home.unseen")
AS_ITS_USER: Final = message("home.as_its_user")
HOME_NO_DIRECTORY: Final = message("home.no_directory")
HOME_NAME_ANOTHER: Final = message("home.name_another")
HOME_READ_ONLY: Final = message("home.read_only")
WORN_OUT: Final = message("disk.worn_out")
HOME_UNWRITABLE: Final = message("home.unwritable")
HOME_OPEN: Final = message("home.open")
HOME_CLOSE: Final = message("home.close")
DISK_READ_ONLY: Final = message("disk.read_only")
DISK_REFUSES: Final = message("disk.refuses")
FREE_MIB: Final = message("disk.free_mib")
FREE_GIB: Final = message("disk.free_gib")
DISK_NO_FILE: Final = message("disk.no_file")
DISK_MANY_FILES: Final = message("disk.many_files")
DISK_OUT: Final = message("disk.out")
DISK_FREE_SOME: Final = message("disk.free_some")
DISK_SLOW: Final = message("disk.slow")
DISK_SLOW_CURE: Final = message("disk.slow_cure")
DISK_LOW: Final = message("disk.low")
DISK_FREE_SOON: Final = message("disk.free_soon")
KEY_NONE: Final = message("key.none")
KEY_WELL: Final = message("key.well")
NOT_ENROLLED: Final = message("enrolment.none")
ENROL: Final = message("enrolment.enrol")
ENROLLED: Final = message("enrolment.well")
ENROLLED_ALONE: Final = message("enrolment.well_alone")
CREDENTIAL_NONE: Final = message("credential.none")
COMES_LATER: Final = message("credential.comes_later")
CREDENTIAL_OVER: Final = message("credential.over")
RENEW: Final = message("credential.renew")
CREDENTIAL_DAYS: Final = message("credential.days")
CREDENTIAL_HOURS: Final = message("credential.hours")
BACKEND_NONE: Final = message("backend.none")
BACKEND_SETTING: Final = message("backend.setting")
BACKEND_AWAY: Final = message("backend.away")
BACKEND_CABLE: Final = message("backend.cable")
BACKEND_OTHER: Final = message("backend.other")
BACKEND_PROXY: Final = message("backend.proxy")
CLOCKS_APART: Final = message("backend.clocks_apart")
CLOCKS_OFF: Final = message("backend.clocks_off")
SET_CLOCK: Final = message("clock.set")
BACKEND_WELL: Final = message("backend.well")
NOT_RUNNING: Final = message("terminal.not_running")
START: Final = message("terminal.start")
RUNNING: Final = message("terminal.running")
