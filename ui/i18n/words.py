# SPDX-License-Identifier: Apache-2.0
"""Every message that the screen shows by itself (look, "Words"); its sentences are in `locale/` beside this file.

The reasons' sentences are not among them: they come with the sale, from the daemon. Nothing here may be heard or read
as paid for anything that is not. No sentence ends in a code number.
"""

from pathlib import Path
from typing import Final

from pengpos.i18n import Catalogue

CATALOGUE: Final = Catalogue("ui", Path(__file__).with_name("locale"))
message = CATALOGUE.message

# --- top bar -------------------------------------------------------------------------------------------------------
TERMINAL = message("bar.terminal")
READER_READY = message("bar.reader_ready")
READER_STARTING = message("bar.reader_starting")
READER_LOST = message("bar.reader_lost")
READER_NONE = message("bar.reader_none")
ONLINE = message("bar.online")
OFFLINE = message("bar.offline")
UNLINKED = message("bar.unlinked")
BADGE_UNKNOWN = message("bar.badge_unknown")
BADGE_QUEUE = message("bar.badge_queue")
BADGE_PARKED = message("bar.badge_parked")
BADGE_CODE = message("bar.badge_code")
BADGE_ALARM = message("bar.badge_alarm")
BADGE_NEWS = message("bar.badge_news")

# --- amount --------------------------------------------------------------------------------------------------------
AMOUNT = message("amount.title")
CHARGE = message("amount.charge")
CHARGE_AMOUNT = message("amount.charge_amount")
TOO_EARLY = message("amount.too_early")
CLEAR = message("amount.clear")
CLEAR_FIRST = message("amount.clear_first")
# Translators: a scanner read a code that no item of the shop has; taking it back is the key with the arrow.
NO_SUCH_ITEM = message("amount.no_such_item")
MORE_ITEMS = message("amount.more_items")
# Translators: what is wrong in the shop's own list of goods, items.toml; the thing it is about comes last.
ITEMS_FILE = message("amount.items_file")
ITEMS_FILE_LINE = message("amount.items_file_line")
ITEMS_CURRENCY = message("amount.items_currency")
ITEM_NAME = message("amount.item_name")
ITEM_FIELD = message("amount.item_field")
ITEM_CODE = message("amount.item_code")
ITEM_PRICE = message("amount.item_price")
ITEM_TOO_MANY = message("amount.item_too_many")
# Translators: `fault` is one of the sentences before.
ITEMS_MORE = message("amount.items_more")
LAST_SALE = message("amount.last_sale")
OFFLINE_LEFT = message("amount.offline_left")
OFFLINE_NONE = message("amount.offline_none")
ORDER = message("amount.order")

# --- a large amount ------------------------------------------------------------------------------------------------
# Translators: the question before a sale of more than this shop usually sells for; the cashier reads it.
LARGE_TITLE = message("large.title")
# Translators: `amount` is the shop's own bound.
LARGE_MEANS = message("large.means")
LARGE_YES = message("large.yes")
LARGE_NO = message("large.no")
# Translators: which keys of a keyboard answer it.
LARGE_KEYS = message("large.keys")

# --- cash ----------------------------------------------------------------------------------------------------------
# Translators: coins cannot pay the amount itself: what is collected where the shopper pays cash instead.
CASH_IS = message("cash.is")

# --- present -------------------------------------------------------------------------------------------------------
# Translators: the largest words beside the amount; the shopper reads them.
PRESENT = message("present.hold_phone")
ARMING = message("present.arming")
SCAN = message("present.scan")
SCAN_ONLY = message("present.scan_only")
SCAN_NO_NFC = message("present.scan_no_nfc")
SCAN_CODE = message("present.scan_code")
SCAN_THEN_CODE = message("present.scan_then_code")
TIME_LEFT = message("present.time_left")
NUMBER = message("present.number")
UNLOCK = message("present.unlock")
CONFIRM = message("present.confirm")
CHOOSE = message("present.choose")
TWO_PHONES = message("present.two_phones")
REMOVE_PHONE = message("present.remove_phone")
LOOK_AT_PHONE = message("present.look_at_phone")
TOO_QUICK = message("present.too_quick")
NOT_A_WALLET = message("present.not_a_wallet")
STILL_OPEN = message("present.still_open")

# --- under way -----------------------------------------------------------------------------------------------------
CONFIRMING = message("progress.confirming")
CONFIRMING_WHAT = message("progress.confirming_what")
CONFIRMING_MEANS = message("progress.confirming_means")
PAYING = message("progress.paying")
PAYING_WHAT = message("progress.paying_what")
PAYING_MEANS = message("progress.paying_means")
PAYING_OR_TAP = message("progress.paying_or_tap")
CANCELLING = message("progress.cancelling")
CANCELLING_WHAT = message("progress.cancelling_what")
CANCELLING_MEANS = message("progress.cancelling_means")
REVERSING = message("progress.reversing")
REVERSING_WHAT = message("progress.reversing_what")
REVERSING_MEANS = message("progress.reversing_means")
HELD = message("progress.held")
HELD_WHAT = message("progress.held_what")
HELD_MEANS = message("progress.held_means")
PARKED_WHAT = message("progress.parked_what")
PARKED_MEANS = message("progress.parked_means")
WAITED = message("progress.waited")

# --- results -------------------------------------------------------------------------------------------------------
APPROVED = message("result.approved")
# Translators: the terminal keeps the sale while offline; no money has come, and this must not read as if it had.
STORED = message("result.stored")
STORED_DEADLINE = message("result.stored_deadline")
STORED_COUNT = message("result.stored_count")
DECLINED = message("result.declined")
DECLINED_WHAT = message("result.declined_what")
DECLINED_MEANS = message("result.declined_means")
# Translators: a sale stored while offline, which the backend declined when it was sent.
DECLINED_AT_SYNC = message("result.declined_at_sync")
DECLINED_AT_SYNC_WHAT = message("result.declined_at_sync_what")
DECLINED_AT_SYNC_MEANS = message("result.declined_at_sync_means")
DUE_OPEN_WHAT = message("result.due_open_what")
DUE_OPEN_MEANS = message("result.due_open_means")
DUE_REFUSED_WHAT = message("result.due_refused_what")
DUE_WITHDRAWN_WHAT = message("result.due_withdrawn_what")
DUE_PAID = message("result.due_paid")
DUE_PAID_SHORT = message("result.due_paid_short")
DUE_PAID_WHAT = message("result.due_paid_what")
DUE_PAID_MEANS = message("result.due_paid_means")
UNKNOWN = message("result.unknown")
UNKNOWN_WHAT = message("result.unknown_what")
UNKNOWN_MEANS = message("result.unknown_means")
CANCELLED = message("result.cancelled")
CANCELLED_WHAT = message("result.cancelled_what")
EXPIRED = message("result.expired")
EXPIRED_WHAT = message("result.expired_what")
EXPIRED_MEANS = message("result.expired_means")
REVERSED = message("result.reversed")
REVERSED_WHAT = message("result.reversed_what")
REFUNDED = message("result.refunded")
REFUNDED_WHAT = message("result.refunded_what")
PARTLY_REFUNDED = message("result.partly_refunded")
PARTLY_REFUNDED_WHAT = message("result.partly_refunded_what")
LINE_AMOUNT = message("result.line_amount")
LINE_TIP = message("result.line_tip")
LINE_DISCOUNT = message("result.line_discount")
LINE_VOUCHER = message("result.line_voucher")
LINE_POINTS = message("result.line_points")
PAYER = message("result.payer")
PAID_AT = message("result.paid_at")
PHONE_TIME = message("result.phone_time")
# Translators: the number is what a cashier reads to the helpdesk on the telephone.
HELPDESK = message("result.helpdesk")
MORE_LINES = message("result.more_lines")

# --- buttons -------------------------------------------------------------------------------------------------------
CANCEL = message("button.cancel")
NEXT = message("button.next")
NEXT_FIRST = message("button.next_first")
AGAIN = message("button.again")
START_AGAIN = message("button.start_again")
PARK = message("button.park")
# Translators: a button: the shopper has paid cash after all, so this sale is taken back.
OTHER_MONEY = message("button.other_money")
ACCEPT_OFFLINE = message("button.accept_offline")
ENTER_CODE = message("button.enter_code")
RECEIPT_ONLY = message("button.receipt_only")
RECEIPT = message("button.receipt")
BACK = message("button.back")
SYNC = message("button.sync")
SYNCING = message("button.syncing")

# --- confirmation code ---------------------------------------------------------------------------------------------
CODE = message("code.title")
CODE_HINT = message("code.hint")
CANCEL_SALE = message("code.cancel_sale")
CODE_SEND = message("code.send")
CODE_WRONG = message("code.wrong")
CODE_TRIES = message("code.tries")
CODE_CLOSED = message("code.closed")
CODE_OVER_LIMIT = message("code.over_limit")

# --- queue, waiting, alarms ----------------------------------------------------------------------------------------
QUEUE = message("queue.title")
QUEUE_EMPTY = message("queue.empty")
QUEUE_MEANS = message("queue.means")
QUEUE_EMPTY_MEANS = message("queue.empty_means")
QUEUE_OLDEST = message("queue.oldest")
QUEUE_DEADLINE = message("queue.deadline")
QUEUE_UNKNOWN = message("queue.unknown")
QUEUE_BY_CODE = message("queue.by_code")
CAPS_AMOUNT = message("queue.caps_amount")
CAPS_COUNT = message("queue.caps_count")
CAPS_EACH = message("queue.caps_each")
CAPS_UNTIL = message("queue.caps_until")
CAPS_NONE = message("queue.caps_none")
# Translators: a number of sales, in a list beside their amount; English needs the number only.
COUNT = message("queue.sales")
WAITING = message("waiting.title")
WAITING_NONE = message("waiting.none")
ALARMS = message("alarms.title")
ALARM_SEEN = message("alarms.seen")
NEWS = message("alarms.news")
ALARMS_NONE = message("alarms.none")
PAGE_OF = message("list.page_of")
STATE_UNKNOWN = message("waiting.state_unknown")
STATE_PARKED = message("waiting.state_parked")
# Translators: a sale the cashier gave up while its confirmation code would still be accepted.
STATE_CODE = message("waiting.state_code")

# --- receipt -------------------------------------------------------------------------------------------------------
RECEIPT_TITLE = message("receipt.title")

# --- not ready -----------------------------------------------------------------------------------------------------
STARTING = message("notice.starting")
# Translators: {size} is the width and height of the screen in pixels, {least} what it needs, such as 320×480.
TOO_SMALL = message("notice.too_small")
LOCKED = message("notice.locked")
LOCKED_MEANS = message("notice.locked_means")
UNHEARD = message("notice.unheard")
UNHEARD_MEANS = message("notice.unheard_means")
REVOKED = message("notice.revoked")
REVOKED_MEANS = message("notice.revoked_means")
# Translators: {count} is a number of payments, {amount} their sum with its currency.
STILL_TO_SEND = message("notice.still_to_send")
ALL_SENT = message("notice.all_sent")
AWAY = message("notice.away")
AWAY_MEANS = message("notice.away_means")
AWAY_SALE = message("notice.away_sale")
AWAY_KEPT = message("notice.away_kept")
NOT_ENROLLED = message("notice.not_enrolled")
NOT_ENROLLED_WHAT = message("notice.not_enrolled_what")
NOT_ENROLLED_DO = message("notice.not_enrolled_do")

# --- an operator's PIN -----------------------------------------------------------------------------------------------
# Translators: whose PIN is asked for; the largest words of the page.
PIN_MANAGER = message("pin.manager")
PIN_TECHNICIAN = message("pin.technician")
PIN_MANAGER_OR_TECHNICIAN = message("pin.manager_or_technician")
PIN_CASHIER = message("pin.cashier")
PIN_OF_STAFF = message("pin.of_staff")
# Translators: what it is asked for, under the words above.
PIN_TO_ACCEPT_OFFLINE = message("pin.to_accept_offline")
PIN_TO_TAKE_CASH = message("pin.to_take_cash")
PIN_TO_TAKE_CODE = message("pin.to_take_code")
PIN_TO_SEE_ALARM = message("pin.to_see_alarm")
PIN_HINT = message("pin.hint")
PIN_CHECKING = message("pin.checking")
PIN_SEND = message("pin.send")
PIN_WRONG = message("pin.wrong")
# Translators: the PIN is somebody's, but that person's role is not enough.
PIN_NOT_ENOUGH = message("pin.not_enough")
PIN_WAIT = message("pin.wait")

# --- what the daemon refused ---------------------------------------------------------------------------------------
TROUBLE_BUSY = message("trouble.busy")
TROUBLE_NOT_NOW = message("trouble.not_now")
TROUBLE_OFFLINE = message("trouble.offline")
TROUBLE_TOO_MUCH_OFFLINE = message("trouble.too_much_offline")
TROUBLE_CREDENTIAL = message("trouble.credential")
TROUBLE_FULL = message("trouble.full")
TROUBLE_MEDIUM = message("trouble.medium")
TROUBLE_UNAVAILABLE = message("trouble.unavailable")
TROUBLE_SOFTWARE = message("trouble.software")
TROUBLE_ROLE = message("trouble.role")
TROUBLE_LOCKED = message("trouble.terminal_locked")
TROUBLE_REVOKED = message("trouble.terminal_revoked")
TROUBLE_AWAY = message("trouble.away")
# Translators: {detail} comes from the daemon, in English.
TROUBLE_OTHER = message("trouble.other")
TROUBLE_UNNAMED = message("trouble.unnamed")

# --- time ----------------------------------------------------------------------------------------------------------
# Translators: short forms: they stand beside a countdown.
SECONDS = message("time.seconds")
MINUTES_SECONDS = message("time.minutes_seconds")
HOURS_MINUTES = message("time.hours_minutes")
LESS_THAN_A_MINUTE = message("time.less_than_a_minute")
MINUTES = message("time.minutes")
DAYS_HOURS = message("time.days_hours")
TODAY = message("time.today")
TOMORROW = message("time.tomorrow")
YESTERDAY = message("time.yesterday")
# Translators: {when} is one of the three above, or a date and a time.
BEFORE = message("time.before")

# At the console: `pengpos ui --help`.
HELP: Final = message("help.ui")
HELP_SOCKET: Final = message("help.ui.socket")
HELP_SIZE: Final = message("help.ui.size")
HELP_LANGUAGE: Final = message("help.ui.language")
HELP_THEME: Final = message("help.ui.theme")
HELP_FULLSCREEN: Final = message("help.ui.fullscreen")
HELP_NO_MOTION: Final = message("help.ui.no_motion")
HELP_REMOTE: Final = message("help.ui.remote")
