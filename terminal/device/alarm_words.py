# SPDX-License-Identifier: Apache-2.0
"""What every alarm says, and the way out, in the languages of the shop.

Rules of the house (`docs/look.md`): say what happened, what it means, what to do. English is what logs and technicians
get; what a medium or a library said goes in as it came.
"""

from typing import Final, NamedTuple, assert_never

from offline_queue.export.mirror import MirrorHealth, MirrorState
from offline_queue.values import MissingRows
from pengpos.client import Sentences
from pengpos.core.effects import AlarmKind
from pengpos.core.errors import JournalMediumError
from pengpos.core.machine.states import TAKEN_STATES
from pengpos.core.money import Money, written
from pengpos.core.sale import DueState, RefundState, Sale
from pengpos.core.times import rfc3339
from pengpos.i18n import Message
from terminal.device.words import joined, message, sentences


class AlarmWords(NamedTuple):
    """What happened, and what to do; `calm`: it has come right, and there is nothing left to do."""

    text: Sentences
    cure: Sentences
    calm: bool = False


class _Alarm(NamedTuple):
    text: Message
    cure: Message
    calm: bool = False

    def words(self, **values: object) -> AlarmWords:
        """The alarm with its values put in; a cure has none."""
        return AlarmWords(sentences(self.text, **values), sentences(self.cure), self.calm)


_ABOUT_A_SALE: Final[dict[AlarmKind, _Alarm]] = {
    AlarmKind.DECLINED_AT_SYNC: _Alarm(message("alarm.declined_at_sync.text"), message("alarm.declined_at_sync.cure")),
    AlarmKind.CODE_NOT_CONFIRMED: _Alarm(
        message("alarm.code_not_confirmed.text"), message("alarm.code_not_confirmed.cure")
    ),
    AlarmKind.DELIVERY_FAILING: _Alarm(message("alarm.delivery_failing.text"), message("alarm.delivery_failing.cure")),
    AlarmKind.REFUND_FAILED: _Alarm(message("alarm.refund_failed.text"), message("alarm.refund_failed.cure")),
    AlarmKind.REFUND_REFUSED: _Alarm(message("alarm.refund_refused.text"), message("alarm.refund_refused.cure")),
    AlarmKind.PAID_AFTER_CANCEL: _Alarm(
        message("alarm.paid_after_cancel.text"), message("alarm.paid_after_cancel.cure")
    ),
    AlarmKind.REFUNDED_ELSEWHERE: _Alarm(
        message("alarm.refunded_elsewhere.text"), message("alarm.refunded_elsewhere.cure")
    ),
    AlarmKind.CANCELLED_ELSEWHERE: _Alarm(
        message("alarm.cancelled_elsewhere.text"), message("alarm.cancelled_elsewhere.cure")
    ),
    AlarmKind.GIVEN_BACK: _Alarm(message("alarm.given_back.text"), message("alarm.given_back.cure"), calm=True),
}

_CANCELLED_UNPAID: Final = _Alarm(
    message("alarm.cancelled_elsewhere.unpaid"), message("alarm.cancelled_elsewhere.cure")
)
_LESSENED_ELSEWHERE: Final = _Alarm(
    message("alarm.refunded_elsewhere.lessened"), message("alarm.refunded_elsewhere.cure")
)
_FOUND_PAID: Final = _Alarm(message("alarm.paid_after_cancel.stands"), message("alarm.paid_after_cancel.stands_cure"))

# Translators: follows alarm.declined_at_sync.text and perhaps who bears it, as one sentence.
_ASKED_TO_PAY: Final = message("alarm.declined_at_sync.asked_open")
# Translators: follows alarm.declined_at_sync.text and perhaps who bears it, as one sentence.
_REFUSES_TO_PAY: Final = message("alarm.declined_at_sync.asked_refused")
_ASKED: Final = {
    DueState.OPEN: _Alarm(_ASKED_TO_PAY, message("alarm.declined_at_sync.asked_open_cure")),
    DueState.REFUSED: _Alarm(_REFUSES_TO_PAY, message("alarm.declined_at_sync.asked_refused_cure")),
}
_PAID_SINCE: Final = _Alarm(
    message("alarm.declined_at_sync.paid"), message("alarm.declined_at_sync.paid_cure"), calm=True
)
_WITHDRAWN: Final = _Alarm(
    message("alarm.declined_at_sync.withdrawn"), message("alarm.declined_at_sync.withdrawn_cure"), calm=True
)
# Translators: follows alarm.declined_at_sync.text, as one sentence.
_PLATFORM_BEARS: Final = message("alarm.declined_at_sync.borne_by_platform")
# Translators: follows alarm.declined_at_sync.text, as one sentence.
_MERCHANT_BEARS: Final = message("alarm.declined_at_sync.borne_by_merchant")

_ROWS_MISSING: Final = _Alarm(message("alarm.rows_missing.text"), message("alarm.rows_missing.cure"))
# Translators: follows alarm.rows_missing.text, as one sentence.
_MONEY_MISSING: Final = message("alarm.rows_missing.money")
_RESTORED: Final = _Alarm(message("alarm.restored.text"), message("alarm.restored.cure"))

# Translators: {state} is one of the four below, {detail} what the medium or a library said, in English.
_SECOND_COPY_TEXT: Final = message("alarm.second_copy.text")
_SECOND_COPY: Final = {
    MirrorState.ABSENT: _Alarm(message("alarm.second_copy.absent"), message("alarm.second_copy.absent_cure")),
    MirrorState.FULL: _Alarm(message("alarm.second_copy.full"), message("alarm.second_copy.full_cure")),
    MirrorState.BROKEN: _Alarm(message("alarm.second_copy.broken"), message("alarm.second_copy.broken_cure")),
    MirrorState.STOPPED: _Alarm(message("alarm.second_copy.stopped"), message("alarm.second_copy.stopped_cure")),
}

_SECOND_COPY_HAS_MORE: Final = _Alarm(message("alarm.second_copy.has_more"), message("alarm.second_copy.has_more_cure"))

_STRANDED: Final = _Alarm(message("alarm.stranded.text"), message("alarm.stranded.cure"))

_SLOW: Final = _Alarm(message("alarm.journal_slow.text"), message("alarm.journal_slow.cure"))
_LOG_GROWS: Final = _Alarm(message("alarm.journal_log.text"), message("alarm.journal_log.cure"))

_LOCKED: Final = _Alarm(message("alarm.terminal_locked.text"), message("alarm.terminal_locked.cure"))
_UNHEARD: Final = _Alarm(message("alarm.terminal_unheard.text"), message("alarm.terminal_unheard.cure"))
_REVOKED: Final = _Alarm(message("alarm.terminal_revoked.text"), message("alarm.terminal_revoked.cure"))
_CREDENTIAL_ENDS: Final = _Alarm(message("alarm.credential_ends.text"), message("alarm.credential_ends.cure"))
_CLOCK_AHEAD: Final = _Alarm(message("alarm.clock_ahead.text"), message("alarm.clock_ahead.cure"))
# Translators: {says} and {now} are times in UTC, such as 2026-11-30 08:00.
_CLOCK_BEHIND: Final = _Alarm(message("alarm.clock_behind.text"), message("alarm.clock_behind.cure"))
# Translators: {trouble} and {detail} are what the system or a library said, in English.
_STORAGE_FULL: Final = _Alarm(message("alarm.storage_full.text"), message("alarm.storage_full.cure"))
_STORAGE_FAILING: Final = _Alarm(message("alarm.storage_failing.text"), message("alarm.storage_failing.cure"))
_UNAVAILABLE: Final = _Alarm(message("alarm.journal_unavailable.text"), message("alarm.journal_unavailable.cure"))
_DAMAGED: Final = _Alarm(message("alarm.journal_damaged.text"), message("alarm.journal_damaged.cure"))
_PINS_GUESSED: Final = _Alarm(message("alarm.pins_guessed.text"), message("alarm.pins_guessed.cure"))
_COPIED_CURE: Final = message("alarm.copied.cure")
_OF_THE_BACKEND: Final = {
    "new_epoch": _Alarm(message("alarm.new_epoch.text"), _COPIED_CURE),
    "head_went_back": _Alarm(message("alarm.head_went_back.text"), _COPIED_CURE),
    "second_stream": _Alarm(message("alarm.second_stream.text"), _COPIED_CURE),
    "new_key": _Alarm(message("alarm.new_key.text"), message("alarm.new_key.cure")),
    "key_flooded": _Alarm(message("alarm.key_flooded.text"), message("alarm.key_flooded.cure")),
    "early_renewal": _Alarm(message("alarm.early_renewal.text"), message("alarm.early_renewal.cure")),
}
"""By the backend's word (backend API, event `alarm`)."""
_BACKEND_ALARM: Final = "backend_alarm"
_ANY_OTHER: Final = _Alarm(message("alarm.backend_alarm.text"), message("alarm.backend_alarm.cure"))
_SOFTWARE: Final = _Alarm(message("alarm.software.text"), message("alarm.software.cure"))

_EVENTS_HELD_BACK: Final = _Alarm(
    message("alarm.events_held_back.text"), message("alarm.events_held_back.cure"), calm=True
)
_ANSWERS_UNSIGNED: Final = _Alarm(message("alarm.answers_unsigned.text"), message("alarm.answers_unsigned.cure"))
_TAG_REWRITTEN: Final = _Alarm(message("alarm.tag_rewritten.text"), message("alarm.tag_rewritten.cure"))
_TAG_UNPROTECTED: Final = _Alarm(
    message("alarm.tag_unprotected.text"), message("alarm.tag_unprotected.cure"), calm=True
)


def about_sale(kind: AlarmKind, sale: Sale) -> AlarmWords:
    """An alarm about one sale, with its number; who bears it as far as the backend said, and what came of asking."""
    due = sale.due if kind is AlarmKind.DECLINED_AT_SYNC else None
    alarm = _ABOUT_A_SALE[kind]
    if kind is AlarmKind.PAID_AFTER_CANCEL and sale.state in TAKEN_STATES:
        alarm = _FOUND_PAID
    if kind is AlarmKind.CANCELLED_ELSEWHERE and sale.booking is None:
        alarm = _CANCELLED_UNPAID
    if kind is AlarmKind.REFUNDED_ELSEWHERE and sale.booking is None:
        alarm = _LESSENED_ELSEWHERE if all(refund.state is RefundState.VOID for refund in sale.refunds) else alarm
    match due.state if due is not None else None:
        case DueState.PAID:
            return _PAID_SINCE.words(number=sale.number, amount=_amount_asked_for(sale))
        case DueState.WITHDRAWN:
            return _WITHDRAWN.words(number=sale.number)
        case DueState.OPEN | DueState.REFUSED as state:
            asked = _ASKED[state]
            declined = sentences(alarm.text, number=sale.number)
            return AlarmWords(joined(declined, *_who_bears(sale), sentences(asked.text)), sentences(asked.cure))
        case None:
            given_back = Money(sale.cancel.given_back_minor if sale.cancel is not None else 0, sale.amount.currency)
            words = alarm.words(number=sale.number, amount=given_back)
            return words._replace(text=joined(words.text, *_who_bears(sale)))
        case _ as never:
            assert_never(never)


def _amount_asked_for(sale: Sale) -> Money:
    return Money(sale.due.amount_minor, sale.amount.currency) if sale.due is not None else sale.total


def _who_bears(sale: Sale) -> list[Sentences]:
    refusal = sale.refusal
    if refusal is None or refusal.borne_by is None:
        return []
    if refusal.borne_by == "platform" and refusal.guaranteed_minor > 0:
        return [sentences(_PLATFORM_BEARS, owed=Money(refusal.guaranteed_minor, sale.amount.currency))]
    return [sentences(_MERCHANT_BEARS)]


def rows_missing(missing: MissingRows) -> AlarmWords:
    """The journal ends earlier than it did, or is another; with the waiting payments that are gone, and their sum."""
    words = _ROWS_MISSING.words(had=missing.had, have=missing.have)
    if not missing.payments:
        return words
    sums: dict[str, int] = {}
    for payment in missing.payments:
        sums[payment.currency] = sums.get(payment.currency, 0) + payment.amount_minor
    money = ", ".join(written(minor, currency) for currency, minor in sorted(sums.items()))
    lost = sentences(_MONEY_MISSING, count=len(missing.payments) + missing.more, money=money)
    return words._replace(text=joined(words.text, lost))


def restored() -> AlarmWords:
    """The journal is an old copy: sales made since are not in it."""
    return _RESTORED.words()


def second_copy(health: MirrorHealth) -> AlarmWords:
    """The second medium is not well."""
    alarm = _SECOND_COPY[health.state]
    text = sentences(_SECOND_COPY_TEXT, state=alarm.text, waiting=health.waiting, detail=health.detail)
    return AlarmWords(text, sentences(alarm.cure))


def second_copy_has_more(count: int) -> AlarmWords:
    """The second copy holds payments that this journal never had, or has lost."""
    return _SECOND_COPY_HAS_MORE.words(count=count)


def stored_are_sent(done: int, count: int) -> AlarmWords:
    """The terminal cannot sell; of the payments stored on it so many have reached the backend all the same."""
    return _STRANDED.words(done=done, count=count)


def storage_slow() -> AlarmWords:
    """The medium takes seconds for a row."""
    return _SLOW.words()


def log_grows() -> AlarmWords:
    """Another program's read keeps the journal's log from being folded into the file."""
    return _LOG_GROWS.words()


def must_not_sell(*, revoked: bool) -> AlarmWords:
    """The operator has locked this terminal, or revoked it for good."""
    return (_REVOKED if revoked else _LOCKED).words()


def unheard() -> AlarmWords:
    """Nothing here says any more whether this terminal may sell."""
    return _UNHEARD.words()


def credential_ends(days: int) -> AlarmWords:
    """The terminal's credential has not been renewed in time."""
    return _CREDENTIAL_ENDS.words(days=days)


def clock_ahead(seconds: int) -> AlarmWords:
    """The backend refuses every request, because our time is ahead of its own."""
    return _CLOCK_AHEAD.words(seconds=seconds)


def clock_behind(*, says: int, now: int) -> AlarmWords:
    """The machine's own clock is behind the time that the backend signs; ours goes by that."""
    return _CLOCK_BEHIND.words(says=_minute(says), now=_minute(now))


def _minute(at: int) -> str:
    return rfc3339(at)[:16].replace("T", " ")


def storage_full(trouble: Exception) -> AlarmWords:
    """The journal's medium has no room left."""
    return _STORAGE_FULL.words(trouble=trouble)


def storage_failing(trouble: JournalMediumError) -> AlarmWords:
    """The journal's medium is read-only, or fails to read or to write."""
    return _STORAGE_FAILING.words(detail=trouble.detail)


def journal_unavailable(trouble: Exception) -> AlarmWords:
    """The journal does not answer just now."""
    return _UNAVAILABLE.words(trouble=trouble)


def journal_damaged(trouble: Exception) -> AlarmWords:
    """The journal's file is damaged, or is none that this device wrote."""
    return _DAMAGED.words(trouble=trouble)


def answers_unsigned() -> AlarmWords:
    """What comes in the backend's name is not signed by it."""
    return _ANSWERS_UNSIGNED.words()


def events_held_back() -> AlarmWords:
    """The backend answers, and its event stream brings nothing."""
    return _EVENTS_HELD_BACK.words()


def tag_rewritten() -> AlarmWords:
    """A phone has written something else on the tag; it has been put right."""
    return _TAG_REWRITTEN.words()


def tag_unprotected() -> AlarmWords:
    """The tag's chip is of a kind that cannot be locked against writing by phones, or was locked open."""
    return _TAG_UNPROTECTED.words()


def pins_guessed() -> AlarmWords:
    """So many wrong PINs were typed that the next must wait."""
    return _PINS_GUESSED.words()


def of_the_backend(kind: str) -> tuple[str, AlarmWords]:
    """An alarm that the backend has about this terminal, and its kind here; one with a word we do not know is general.

    The word itself is not shown: it comes from outside.
    """
    alarm = _OF_THE_BACKEND.get(kind)
    return (_BACKEND_ALARM, _ANY_OTHER.words()) if alarm is None else (kind, alarm.words())


def software_fault(detail: str) -> AlarmWords:
    """A fault of this program ends it, or has ended it; its supervisor starts it again."""
    return _SOFTWARE.words(detail=detail)
