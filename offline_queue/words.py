# SPDX-License-Identifier: Apache-2.0
"""What `pengpos queue` says, and what is wrong with a journal, in the technician's language: `offline_queue/locale`.

Tests: tests/offline_queue/test_cli_languages.py.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pengpos.core.sale import DueState, RefundState, SaleState
from pengpos.i18n import Catalogue, Message

CATALOGUE: Final = Catalogue("queue", Path(__file__).with_name("locale"))
message = CATALOGUE.message

HELP: Final = message("help.queue")
HELP_HOME: Final = message("help.home")
HELP_LIST: Final = message("help.list")
HELP_JSON_LINES: Final = message("help.json_lines")
HELP_SHOW: Final = message("help.show")
HELP_JSON: Final = message("help.json")
HELP_VERIFY: Final = message("help.verify")
HELP_EXPORT: Final = message("help.export")
HELP_FREE: Final = message("help.free")
HELP_SET_ASIDE: Final = message("help.set_aside")
HELP_YES: Final = message("help.yes")
HELP_LANGUAGE: Final = message("help.language")

NUMBER: Final = message("column.number")
STATE: Final = message("column.state")
AMOUNT: Final = message("column.amount")
AGE: Final = message("column.age")
TRIES: Final = message("column.tries")
NEXT_TRY: Final = message("column.next_try")
SALE_ID: Final = message("column.id")
REFERENCE: Final = message("column.reference")
INTENT: Final = message("column.intent")
EPOCH_COUNTER: Final = message("column.epoch_counter")
TAP: Final = message("column.tap")
TURNAROUND: Final = message("column.turnaround")
DUE: Final = message("column.due")
REFUND: Final = message("column.refund")
REFUND_ALL: Final = message("refund.all")
DAYS: Final = message("age.days")
HOURS: Final = message("age.hours")

NOTHING_WAITS: Final = message("list.nothing")
SUM: Final = message("list.sum")
NO_SALE: Final = message("show.none")
SOUND: Final = message("verify.sound")
HEAD: Final = message("verify.head")
SEALED: Final = message("export.sealed")
NOT_SIGNED: Final = message("export.not_signed")
NO_SEAL: Final = message("export.no_backend")
READ_PAST: Final = message("damage.read_past")
UNPROVED: Final = message("damage.unproved")
SECOND_COPY: Final = message("damage.second_copy")
NO_COPY: Final = message("damage.no_copy")
FREED: Final = message("free.freed")
NO_FREE: Final = message("free.no_backend")
ASK_ASIDE: Final = message("aside.ask")
IS_ASIDE: Final = message("aside.done")
NO_JOURNAL: Final = message("journal.none")
MADE_AT_START: Final = message("journal.made_at_start")
KEY_MISSING: Final = message("journal.key_missing")
KEPT: Final = message("aside.kept")
KEPT_CURE: Final = message("aside.kept_cure")
WAITING: Final = message("aside.waiting")
TRY_AGAIN: Final = message("cure.again")
MAKE_ROOM: Final = message("cure.room")
FAULT: Final = message("cure.fault")
VERSION: Final = message("cure.version")
ENROLMENT_DAMAGED: Final = message("enrolment.damaged")
FROM_BACKUP: Final = message("enrolment.from_backup")

EXPORT_FIRST: Final = message("wrong.export_first")
MOVE_ASIDE: Final = message("wrong.move_aside")
RIGHT_KEY_OR_ASIDE: Final = message("wrong.right_key_or_aside")
DAMAGED: Final = message("wrong.damaged")
DERIVED_DAMAGED: Final = message("wrong.derived_damaged")
DOES_NOT_OPEN: Final = message("wrong.does_not_open")
ANOTHER_PROGRAM: Final = message("wrong.another_program")
NOT_ENCRYPTED: Final = message("wrong.not_encrypted")
NEWER: Final = message("wrong.newer")
INSTALL_THAT: Final = message("wrong.install_that")
LOG_ALONE: Final = message("wrong.log_alone")
GONE: Final = message("wrong.gone")
CUT_SHORT: Final = message("wrong.cut_short")
NEEDS_KEY: Final = message("wrong.needs_key")
KEY_SIZE: Final = message("wrong.key_size")
KEY_CURE: Final = message("wrong.key_cure")
READ_ONLY_CURE: Final = message("medium.read_only")
USER_CURE: Final = message("medium.user")
GONE_CURE: Final = message("medium.gone")
OTHER_CURE: Final = message("medium.other")
ROWS_GONE: Final = message("wrong.rows_gone")
IN_USE: Final = message("wrong.in_use")
STOP_DAEMON: Final = message("wrong.stop_daemon")

ROW_MISSING_SIGNED: Final = message("row.missing_signed")
ROW_MISSING: Final = message("row.missing")
ROW_ASTRAY: Final = message("row.astray")
ROW_NEXT: Final = message("row.next")
ROW_CHANGED: Final = message("row.changed")
ROW_NUMBERS: Final = message("row.numbers")
ROW_COUNT: Final = message("row.count")
ROW_EMPTY: Final = message("row.empty")
ROW_AHEAD: Final = message("row.ahead")
ROW_UNREADABLE: Final = message("row.unreadable")
ROW_NO_SALE: Final = message("row.no_sale")
ROW_OLDER: Final = message("row.older")
ROW_OTHER_SALE: Final = message("row.other_sale")
ROW_KEY_COUNTER: Final = message("row.key_counter")
ROW_KEY_BLOCKED: Final = message("row.key_blocked")
ROW_DOCUMENT: Final = message("row.document")
ROW_VALUE: Final = message("row.value")
ROW_ISSUER_TIME: Final = message("row.issuer_time")
ROW_TABLE: Final = message("row.table")

ACK_OTHER: Final = message("ack.other")
ACK_FREE_THAT: Final = message("ack.free_that")
ACK_RAN_OUT: Final = message("ack.ran_out")
ACK_IMPORT_AGAIN: Final = message("ack.import_again")
ACK_NO_ROW: Final = message("ack.no_row")
ACK_EXPORT_THIS: Final = message("ack.export_this")
ACK_NOT_COVERED: Final = message("ack.not_covered")
ACK_EXPORT_AGAIN: Final = message("ack.export_again")
ACK_NONE: Final = message("ack.none")
ACK_SAVE: Final = message("ack.save")

# Translators: of a sale, a refund, or a payment asked for once more. English has the names of the local API.
STATES: Final[Mapping[SaleState, Message]] = {
    SaleState.SIGNED: message("sale.signed"),
    SaleState.PRESENTED: message("sale.presented"),
    SaleState.PENDING: message("sale.pending"),
    SaleState.AUTHORISED: message("sale.authorised"),
    SaleState.UNKNOWN: message("sale.unknown"),
    SaleState.ACCEPTED_OFFLINE: message("sale.accepted_offline"),
    SaleState.FORWARDING: message("sale.forwarding"),
    SaleState.CANCELLING: message("sale.cancelling"),
    SaleState.REVERSING: message("sale.reversing"),
    SaleState.APPROVED: message("sale.approved"),
    SaleState.SETTLED: message("sale.settled"),
    SaleState.PARTLY_REFUNDED: message("sale.partly_refunded"),
    SaleState.REFUNDED: message("sale.refunded"),
    SaleState.DECLINED: message("sale.declined"),
    SaleState.DECLINED_AT_SYNC: message("sale.declined_at_sync"),
    SaleState.CANCELLED: message("sale.cancelled"),
    SaleState.REVERSED: message("sale.reversed"),
    SaleState.EXPIRED: message("sale.expired"),
}
DUE_STATES: Final[Mapping[DueState, Message]] = {
    DueState.OPEN: message("due.open"),
    DueState.REFUSED: message("due.refused"),
    DueState.PAID: message("due.paid"),
    DueState.WITHDRAWN: message("due.withdrawn"),
}
REFUND_STATES: Final[Mapping[RefundState, Message]] = {
    RefundState.QUEUED: message("refund.queued"),
    RefundState.SENT: message("refund.sent"),
    RefundState.HELD: message("refund.held"),
    RefundState.DONE: message("refund.done"),
    RefundState.FAILED: message("refund.failed"),
    RefundState.VOID: message("refund.void"),
}
