# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a reader or a tag, and its cure, in the technician's language: `drivers/locale`.

A reader's trouble carries both as `Said`: English as a string, for logs and programs.
"""

from pathlib import Path
from typing import Final

from pengpos.i18n import Catalogue

CATALOGUE: Final = Catalogue("drivers", Path(__file__).with_name("locale"))
message = CATALOGUE.message


READER_NONE: Final = message("reader.none")
PLUG_IN: Final = message("reader.plug_in")
VANISHED: Final = message("reader.vanished")
PLUG_AGAIN: Final = message("reader.plug_again")
HANGS: Final = message("reader.hangs")
BROKEN: Final = message("reader.broken")
RESTART_TERMINAL: Final = message("reader.restart_terminal")
CLOSED: Final = message("reader.closed")
OPEN_AGAIN: Final = message("reader.open_again")
AWAY: Final = message("reader.away")
TAKE_PHONE: Final = message("reader.take_phone")

NO_SERVICE: Final = message("pcsc.no_service")
START_SERVICE: Final = message("pcsc.start_service")
PLUG_OR_BLACKLIST: Final = message("pcsc.plug_or_blacklist")
TAKEN: Final = message("pcsc.taken")
STOP_OTHER: Final = message("pcsc.stop_other")
SERVICE_AWAY: Final = message("pcsc.service_away")
ASKED_AGAIN: Final = message("pcsc.asked_again")
SERVICE_RESTARTED: Final = message("pcsc.service_restarted")
WAIT: Final = message("pcsc.wait")
REFUSED: Final = message("pcsc.refused")
POLKIT: Final = message("pcsc.polkit")
PLUG_OR_RESTART: Final = message("pcsc.plug_or_restart")
CONTACT_CARD: Final = message("pcsc.contact_card")
LEAVE_OUT: Final = message("pcsc.leave_out")
ONLY_SLOTS: Final = message("pcsc.only_slots")
PLUG_CONTACTLESS: Final = message("pcsc.plug_contactless")
DRIVER_HANGS: Final = message("pcsc.driver_hangs")

NO_ACCESS_PORT: Final = message("pn53x.no_access_port")
DIALOUT: Final = message("pn53x.dialout")
NO_ACCESS_USB: Final = message("pn53x.no_access_usb")
UDEV: Final = message("pn53x.udev")
BUSY_PORT: Final = message("pn53x.busy_port")
STOP_MODEM: Final = message("pn53x.stop_modem")
BUSY_USB: Final = message("pn53x.busy_usb")
BLACKLIST: Final = message("pn53x.blacklist")
HALF_THERE: Final = message("pn53x.half_there")
SWITCH_UART: Final = message("pn53x.switch_uart")
SILENT: Final = message("pn53x.silent")
OPENED_AGAIN: Final = message("pn53x.opened_again")
WITH_ERROR: Final = message("pn53x.with_error")
PHONE_HANGS: Final = message("pn53x.phone_hangs")
KERNEL_HOLDS: Final = message("pn53x.kernel_holds")

NO_BUS: Final = message("tag.no_bus")
SWITCH_I2C: Final = message("tag.switch_i2c")
CHIP_UNUSABLE: Final = message("tag.unusable")
ANOTHER_PLUS: Final = message("tag.another_plus")
PHONES_WRITE: Final = message("tag.phones_write")
NOT_PROTECTED: Final = message("tag.not_protected")
PHONES_ONLY: Final = message("tag.phones_only")
LOCKED_OUT: Final = message("tag.locked_out")
LOCKED_PHONES: Final = message("tag.locked_phones")
WRITE_ERROR: Final = message("tag.write_error")
ANOTHER_CHIP: Final = message("tag.another_chip")
TOO_SHORT: Final = message("tag.too_short")
SEE_WIRES: Final = message("tag.see_wires")
NO_ANSWER: Final = message("tag.no_answer")
WIRES_AND_I2C: Final = message("tag.wires_and_i2c")
NOT_KEPT: Final = message("tag.not_kept")
NO_EMPTY_TAG: Final = message("tag.no_empty_tag")
NEW_CHIP: Final = message("tag.new_chip")
